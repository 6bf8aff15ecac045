//! Which compiler makes the WebAssembly components, and how to get one (the three steps of the design).
//!
//! [`plan`] decides what to try; it is a pure function over [`Facts`]. [`prepare`] detects them and acts.
//! No target is listed in a `rust-toolchain.toml`: without rustup's server every cargo call would then fail.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::apt::Apt;
use crate::{console, process};

pub(crate) const TARGET: &str = "wasm32-wasip2";
/// The `rust-version` of the workspace.
const RUSTC_MINOR_MIN: u32 = 94;
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "wasi-libc"];
/// Files that those packages bring; all of them there means that the toolchain is complete.
const DEBIAN_FILES: [&str; 3] =
    [DEBIAN_CARGO, "/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "/usr/lib/wasm32-wasi/crt1-command.o"];
/// The target is a download of about 25 MB. A server that is out of reach may never answer.
const RUSTUP_TIMEOUT: Duration = Duration::from_secs(120);

/// A way to compile for [`TARGET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The user's own Rust has the target.
    Own,
    /// The distribution's Rust, which builds the standard library for the target from source.
    Debian,
}

/// What was seen on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// The user's own Rust has the standard library for the target.
    target_installed: bool,
    /// There is a rustup, and it manages the Rust in use.
    rustup: bool,
    /// The distribution's toolchain is complete and new enough.
    debian_complete: bool,
    apt: Apt,
}

/// One thing to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Use(Toolchain),
    AddTarget,
    InstallPackages,
}

/// What to try, in this order, until something works. What is already there comes first: it needs no network.
pub(crate) fn plan(facts: Facts) -> Vec<Step> {
    if facts.target_installed {
        return vec![Step::Use(Toolchain::Own)];
    }
    if facts.debian_complete {
        return vec![Step::Use(Toolchain::Debian)];
    }
    let mut steps = vec![];
    if facts.rustup {
        steps.push(Step::AddTarget);
    }
    if facts.apt.usable() {
        steps.push(Step::InstallPackages);
    }
    steps
}

/// The toolchain, installed if need be.
///
/// # Errors
/// When none can be had, with what to do.
pub(crate) fn prepare() -> Result<Toolchain> {
    let facts = Facts::detect();
    for step in plan(facts) {
        match step {
            Step::Use(toolchain) => return Ok(toolchain),
            Step::AddTarget => match add_target() {
                Ok(()) => return Ok(Toolchain::Own),
                Err(error) if process::stop_requested() => return Err(error),
                Err(error) => console::detail(&format!("that did not work: {error:#}")),
            },
            Step::InstallPackages => {
                let why = "they compile the components to WebAssembly (about 250 MB, some minutes)";
                match facts.apt.install(&DEBIAN_PACKAGES, why) {
                    Ok(()) if debian_complete() => return Ok(Toolchain::Debian),
                    Ok(()) => console::detail("that gave no Rust that is new enough"),
                    Err(error) if process::stop_requested() => return Err(error),
                    Err(error) => console::detail(&format!("that did not work: {error:#}")),
                }
            }
        }
    }
    bail!("{}", remediation(facts))
}

/// What to do when no toolchain was found or installed.
fn remediation(facts: Facts) -> String {
    let packages = DEBIAN_PACKAGES.join(" ");
    let debian = match facts.apt {
        Apt::Denied => format!(" On Debian 12, `sudo apt-get install {packages}` does as well."),
        _ => String::new(),
    };
    if facts.rustup {
        format!(
            "there is no Rust for {TARGET} here and rustup's server is out of reach: run `rustup target add {TARGET}` where https://static.rust-lang.org answers.{debian}"
        )
    } else {
        format!(
            "this Rust cannot build for {TARGET}: install Rust from https://rustup.rs, then `rustup target add {TARGET}`.{debian}"
        )
    }
}

fn add_target() -> Result<()> {
    console::step(&format!(
        "Adding Rust's {TARGET} target with rustup: the components are WebAssembly (25 MB, seconds on a good line)."
    ));
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).stdout(std::io::stderr()).stdin(Stdio::null());
    // rustup tries an unreachable server several times by default, for minutes.
    command.env("RUSTUP_MAX_RETRIES", "1");
    let status = process::status(&mut command, Some(RUSTUP_TIMEOUT))?;
    if !status.success() {
        bail!("`rustup target add {TARGET}` ended with {status}");
    }
    if !target_installed() {
        bail!("rustup reports success, but the Rust in use has no {TARGET}");
    }
    Ok(())
}

impl Facts {
    fn detect() -> Self {
        let target_installed = target_installed();
        // Only when it matters: a refused `sudo -n` leaves a line in the machine's log.
        let apt = if target_installed { Apt::Absent } else { Apt::detect() };
        let rustup = !target_installed && process::on_path("rustup").is_some();
        Self { target_installed, rustup, debian_complete: debian_complete(), apt }
    }
}

fn target_installed() -> bool {
    let mut command = Command::new("rustc");
    command.args(["--print", "target-libdir", "--target", TARGET]);
    process::output(&mut command).is_ok_and(|folder| {
        std::fs::read_dir(folder.trim()).is_ok_and(|files| {
            files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
        })
    })
}

fn debian_complete() -> bool {
    DEBIAN_FILES.iter().all(|file| Path::new(file).exists())
        && process::output(Command::new(DEBIAN_RUSTC).arg("--version"))
            .is_ok_and(|text| minor(&text).is_some_and(|minor| minor >= RUSTC_MINOR_MIN))
}

/// `rustc 1.96.0 (…)` gives 96.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}

/// As in .cargo/config.toml, whose flags these replace.
const FLAGS: [&str; 2] = ["-Ctarget-feature=+simd128", "-Cpasses=default<O3>"];

impl Toolchain {
    /// `cargo COMMAND`, set up to compile for [`TARGET`] below `target`.
    ///
    /// Debian's compiler gets a folder of its own: two compilers in one would rebuild everything by turns.
    pub(crate) fn cargo(self, command: &str, target: &Path) -> Command {
        let mut cargo = match self {
            Self::Own => process::cargo(),
            Self::Debian => {
                let mut cargo = process::without_cargo_variables(Command::new(DEBIAN_CARGO));
                cargo
                    .env("RUSTC", DEBIAN_RUSTC)
                    // Building std is an unstable option; this compiler is the distribution's own, and pinned by it.
                    .env("RUSTC_BOOTSTRAP", "1")
                    // `cargo run` puts the user's own toolchain there, whose libraries this compiler must not load.
                    .env_remove("LD_LIBRARY_PATH")
                    .env_remove("RUSTUP_TOOLCHAIN");
                cargo
            }
        };
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.flags().join("\x1f"));
        cargo.arg(command).arg("--target").arg(TARGET).arg("--target-dir").arg(self.folder(target));
        if self == Self::Debian {
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        cargo
    }

    fn flags(self) -> Vec<String> {
        let own = std::env::var("RUSTFLAGS").unwrap_or_default();
        let mut flags: Vec<String> = own.split_whitespace().chain(FLAGS).map(str::to_owned).collect();
        // A panic names its source file, and those of libraries are in the builder's home: a component must not say
        // whose, nor be larger where that name is longer.
        let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        if let Some(folder) = cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))) {
            flags.push(format!("--remap-path-prefix={}=", folder.join("registry/src").display()));
        }
        if self == Self::Debian {
            flags.push("-L/usr/lib/wasm32-wasi".to_owned());
        }
        flags
    }

    /// Where [`Self::cargo`] leaves the components of a release build.
    pub(crate) fn results(self, target: &Path) -> PathBuf {
        self.folder(target).join(TARGET).join("release")
    }

    fn folder(self, target: &Path) -> PathBuf {
        match self {
            Self::Own => target.to_path_buf(),
            Self::Debian => target.join("debian"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_toolchain_is_used_and_else_the_cheapest_way_is_tried_first() {
        use Step::{AddTarget, InstallPackages, Use};
        use Toolchain::{Debian, Own};
        // target there, rustup, Debian's complete, apt → steps
        let table: [(bool, bool, bool, Apt, &[Step]); 9] = [
            (true, true, false, Apt::Root, &[Use(Own)]),
            (true, false, true, Apt::Absent, &[Use(Own)]),
            (false, true, true, Apt::Root, &[Use(Debian)]),
            (false, true, false, Apt::Root, &[AddTarget, InstallPackages]),
            (false, true, false, Apt::Sudo, &[AddTarget, InstallPackages]),
            (false, true, false, Apt::Denied, &[AddTarget]),
            (false, true, false, Apt::Absent, &[AddTarget]),
            (false, false, false, Apt::Root, &[InstallPackages]),
            (false, false, false, Apt::Absent, &[]),
        ];
        for (target_installed, rustup, debian_complete, apt, expected) in table {
            let facts = Facts { target_installed, rustup, debian_complete, apt };
            assert_eq!(plan(facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn the_remediation_fits_the_machine() {
        let facts = |rustup, apt| Facts { target_installed: false, rustup, debian_complete: false, apt };
        assert!(remediation(facts(true, Apt::Absent)).contains("static.rust-lang.org"));
        assert!(!remediation(facts(true, Apt::Absent)).contains("apt-get"));
        assert!(remediation(facts(true, Apt::Denied)).contains("sudo apt-get install rustc-web"));
        assert!(remediation(facts(false, Apt::Absent)).contains("https://rustup.rs"));
    }

    #[test]
    fn a_compilers_version_is_read_from_its_output() {
        assert_eq!(minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"), Some(96));
        assert_eq!(minor("rustc 1.63.0"), Some(63));
        assert_eq!(minor("bash: rustc: command not found"), None);
    }
}
