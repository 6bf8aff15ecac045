//! `cargo xtask test`: every suite that needs no credentials, each as a part, and one closing line.
//!
//! A part that cannot be prepared is a failed test, never a silent gap.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::build::{self, Native};
use crate::paths::{Tree, private_folder};
use crate::postgres::{Cluster, Purpose};
use crate::spin::{Choice, Runtime};
use crate::{process, say};

mod browser;
mod tally;

use tally::Tally;

/// Run every test that needs no credentials.
///
/// Builds what is missing, starts a throw-away PostgreSQL, and runs the parts named (all of them by default).
/// What follows `--` goes to each part's own runner, e.g. `cargo xtask test blackbox -- sign_in`.
/// Ends with a line "N passed, N failed" and fails if any test failed.
#[derive(Args)]
pub(crate) struct Options {
    /// Which parts [default: all]
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// What runs the components in the parts `blackbox`, `up` and `browser`
    #[arg(long, value_enum, default_value = "embedded")]
    runtime: Choice,
    /// Handed to the runner of each part, usually a filter
    #[arg(last = true)]
    filters: Vec<OsString>,
}

/// One suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Every crate but the two below, natively: units and use cases
    Unit,
    /// The embedded runtime's own tests, with small guests
    Runtime,
    /// The built components over HTTP, with PostgreSQL and the mocks
    Blackbox,
    /// `cargo xtask up` itself, from the outside
    Up,
    /// The pages in a real Chromium
    Browser,
    /// Terraform, Ansible and Kubernetes files
    Iac,
}

/// What the parts share.
struct Suite {
    tree: Tree,
    runtime: Runtime,
    filters: Vec<OsString>,
    scratch: Scratch,
    cluster: Option<Cluster>,
    /// The component that the runtime's own tests run.
    guest: Option<PathBuf>,
}

/// A folder that goes away with us.
pub(crate) struct Scratch(pub(crate) PathBuf);

pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let parts = if options.parts.is_empty() { Part::value_variants() } else { &options.parts };
    let runtime = Runtime::resolve(Some(options.runtime), Choice::Embedded)?;
    let mut suite = Suite {
        tree,
        runtime,
        filters: options.filters.clone(),
        scratch: Scratch::make("suite")?,
        cluster: None,
        guest: None,
    };
    suite.prepare(parts)?;

    let mut total = Tally::default();
    let mut lines = vec![];
    for part in parts {
        let start = Instant::now();
        say::step(&format!("Testing: {}.", part.name()));
        let tally = suite.part(*part).unwrap_or_else(|error| {
            say::failure(&error);
            Tally::BROKEN
        });
        if process::stopping() {
            bail!("stopped");
        }
        lines.push(format!("  {:<9} {tally} ({})", part.name(), say::seconds(start.elapsed())));
        total += tally;
    }
    drop(suite);
    println!("\n{}\n\n{total}", lines.join("\n"));
    if total.failed > 0 { std::process::exit(1) } else { Ok(()) }
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Runtime => "runtime",
            Self::Blackbox => "blackbox",
            Self::Up => "up",
            Self::Browser => "browser",
            Self::Iac => "iac",
        }
    }

    /// Whether it runs the built components.
    fn runs_app(self) -> bool {
        matches!(self, Self::Blackbox | Self::Up | Self::Browser)
    }
}

impl Suite {
    /// Builds once what several parts need. A failure here is a failure of all: nothing could be trusted.
    fn prepare(&mut self, parts: &[Part]) -> Result<()> {
        // Some of the units are adapters that are tested against a real server too.
        if parts.iter().any(|part| matches!(part, Part::Unit | Part::Blackbox)) {
            self.cluster = Some(Cluster::start(&self.scratch.0, Purpose::ThrowAway)?);
        }
        let app = parts.iter().any(|part| part.runs_app());
        if parts.contains(&Part::Runtime) {
            self.guest = Some(build::test_guest(&self.tree)?);
        }
        if app {
            build::components(&self.tree)?;
            // `up` starts them by itself, whatever runs the components.
            build::natives(&self.tree, &Native::ALL)?;
        }
        Ok(())
    }

    fn part(&self, part: Part) -> Result<Tally> {
        match part {
            Part::Unit => {
                self.cargo(&["--workspace", "--exclude=atelier-tests", "--exclude=atelier-runtime"], &[])
            }
            // With the profile of the program, so that wasmtime is compiled once and guests run at full speed.
            Part::Runtime => self.cargo(&["--profile=native", "--package=atelier-runtime"], &[]),
            Part::Blackbox => self.cargo(&["--package=atelier-tests"], &[]),
            Part::Up => self.cargo(&["--package=xtask", "--test=up"], &["--ignored", "--test-threads=1"]),
            Part::Browser => browser::run(self),
            Part::Iac => self.iac(),
        }
    }

    fn cargo(&self, select: &[&str], harness: &[&str]) -> Result<Tally> {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&self.tree.root)
            .args(["test", "--no-fail-fast", "--target-dir"])
            .arg(&self.tree.target);
        cargo.args(select).arg("--").args(harness).args(&self.filters);
        self.count(cargo)
    }

    fn iac(&self) -> Result<Tally> {
        let runner = self.tree.root.join("tests/iac/run");
        if !process::is_program(&runner) {
            bail!("there is no program {}", runner.display());
        }
        let mut command = Command::new(runner);
        command.current_dir(&self.tree.root).args(&self.filters);
        self.count(command)
    }

    /// Runs a test runner, shows its output as it comes, and counts.
    fn count(&self, command: Command) -> Result<Tally> {
        let mut command = process::without_settings(process::clean(command));
        command
            .env("ATELIER_RUNTIME", self.runtime.name())
            .env("ATELIER_RUNTIME_BIN", self.runtime.program(&self.tree))
            .env("ATELIER_MOCKS_BIN", self.tree.native(Native::Mocks.name()))
            .env("ATELIER_SPIN_TOML", self.tree.spin_toml());
        if let Some(cluster) = &self.cluster {
            command.env("ATELIER_TEST_DATABASE_URL", cluster.admin_url());
        }
        let words = process::words(&command);
        if let Some(guest) = &self.guest {
            command.env("ATELIER_RUNTIME_GUEST", guest);
        }
        let mut child =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{words}`"))?;
        let reader = child.stdout.take().map(|stdout| std::thread::spawn(move || show_and_read(stdout)));
        let status = process::wait(&mut child, &words, Some(LIMIT))?;
        let tally = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        if !status.success() {
            say::detail(&format!("`{words}` ended with {status}"));
        }
        Ok(tally.settle(status.success(), !self.filters.is_empty()))
    }
}

/// No part takes this long; one that hangs must not hold CI for ever.
const LIMIT: Duration = Duration::from_secs(3600);

fn show_and_read(stdout: impl std::io::Read) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    tally
}

impl Scratch {
    /// Each directly in the system's folder: PostgreSQL's user must be able to reach it.
    pub(crate) fn make(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("atelier-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        private_folder(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
