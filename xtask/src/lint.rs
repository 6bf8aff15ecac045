//! `cargo xtask lint`: format, clippy for this machine and for WebAssembly, scripts, and what we depend on.
//!
//! Every check runs, also after one has failed.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches};

use crate::apt::Apt;
use crate::paths::{COMPONENTS, Tree};
use crate::toolchain::{self, Toolchain};
use crate::{console, node, process};

/// The version that `deny.toml` was written for; newer ones rename keys.
const DENY_VERSION: &str = "0.20.2";
const DEBIAN_CLIPPY: &str = "/usr/bin/cargo-clippy";
/// What cargo-deny writes when GitHub, where the advisories are, does not answer.
const NO_ADVISORIES: &str = "failed to fetch advisory database";

/// One check of the tree; an error says what it found.
type Check = fn(&Tree) -> Result<()>;

pub(crate) fn command() -> clap::Command {
    clap::Command::new("lint")
        .about("Check format, clippy, scripts, licences and sources")
        .long_about(
            "Check format, clippy (for this machine and for WebAssembly), the scripts of the pages and of their tests\n\
             (oxlint), and the licences and sources of dependencies.\n\n\
             Builds cargo-deny into .atelier/tools the first time (one to two minutes). Where GitHub is out of reach, known\n\
             vulnerabilities are not looked up, and the result says so.",
        )
        .arg(
            Arg::new("without-deny")
                .long("without-deny")
                .action(ArgAction::SetTrue)
                .help("Leave out cargo-deny, which the first time takes a minute or two to build"),
        )
}

pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let mut checks: Vec<(&str, Check)> = vec![
        ("format", format),
        ("clippy", native),
        ("clippy for WebAssembly", guests),
        ("scripts", scripts),
    ];
    if !matches.get_flag("without-deny") {
        checks.push(("dependencies", dependencies));
    }
    let mut failed = vec![];
    for (name, check) in &checks {
        console::step(&format!("Checking: {name}."));
        if let Err(error) = console::timed(name, || check(&tree)) {
            if process::stop_requested() {
                return Err(error);
            }
            console::failure(&error);
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        println!("lint: {} checks, nothing found", checks.len());
        return Ok(());
    }
    bail!("lint found something in: {}", failed.join(", "))
}

fn format(tree: &Tree) -> Result<()> {
    component("fmt", "rustfmt")?;
    process::run(process::cargo().current_dir(&tree.root).args(["fmt", "--all", "--check"]))
        .context("`cargo fmt --all` puts it right")
}

fn native(tree: &Tree) -> Result<()> {
    component("clippy", "clippy")?;
    let mut cargo = process::cargo();
    cargo
        .current_dir(&tree.root)
        .args(["clippy", "--workspace", "--all-targets", "--target-dir"])
        .arg(&tree.target);
    process::run(cargo.args(["--", "-D", "warnings"]))
}

/// The edges (`spin.rs`) exist for this target only, so the check above has not seen them.
fn guests(tree: &Tree) -> Result<()> {
    let toolchain = toolchain::prepare()?;
    if toolchain == Toolchain::Debian && !process::is_program(DEBIAN_CLIPPY.as_ref()) {
        Apt::detect().install(&["rust-web-clippy"], "it checks the components' WebAssembly edge (5 MB)")?;
    }
    let mut clippy = toolchain.cargo("clippy", &tree.target);
    if toolchain == Toolchain::Debian {
        clippy = as_program(DEBIAN_CLIPPY, clippy);
    }
    clippy.current_dir(&tree.root).args(COMPONENTS.map(|name| format!("--package={name}")));
    clippy.args(["--package=atelier-web", "--package=atelier-auth-api"]);
    process::run(clippy.args(["--", "-D", "warnings"]))
}

/// A name that nothing defines is found here; a browser would only find it in the branch that uses it.
fn scripts(tree: &Tree) -> Result<()> {
    let mut oxlint = Command::new(node::packages(tree)?.join("node_modules/.bin/oxlint"));
    oxlint.current_dir(&tree.root).args(["--import-plugin", "components", "crates", "tests"]);
    process::run(&mut oxlint).context("`.oxlintrc.json` says what is looked for")
}

/// The same call by another program. `cargo clippy` would take rustup's `cargo-clippy`, whose compiler is another.
fn as_program(program: &str, command: Command) -> Command {
    let mut same = Command::new(program);
    same.env("CARGO", command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => same.env(name, value),
            None => same.env_remove(name),
        };
    }
    same
}

/// Rustfmt and clippy belong to rustup's default profile; a minimal one lacks them.
fn component(subcommand: &str, component: &str) -> Result<()> {
    if process::output(process::cargo().args([subcommand, "--version"])).is_ok() {
        return Ok(());
    }
    let remediation = format!("this Rust has no {component}: run `rustup component add {component}`");
    if process::on_path("rustup").is_none() {
        bail!("{remediation}");
    }
    console::step(&format!("Adding Rust's {component} with rustup."));
    process::run(Command::new("rustup").args(["component", "add", component])).context(remediation)
}

fn dependencies(tree: &Tree) -> Result<()> {
    let deny = cargo_deny(tree)?;
    let check = |what: &[&str]| {
        let mut command = process::without_cargo_variables(Command::new(&deny));
        command
            .current_dir(&tree.root)
            .args(["--log-level", "error", "check", "--hide-inclusion-graph"])
            .args(what);
        command
    };
    process::run(&mut check(&["bans", "licenses", "sources"]))
        .context("deny.toml says what is allowed and why")?;
    let advisories =
        check(&["advisories"]).stdin(Stdio::null()).output().context("cannot start cargo-deny")?;
    let output = String::from_utf8_lossy(&advisories.stderr);
    if advisories.status.success() {
        Ok(())
    } else if output.contains(NO_ADVISORIES) {
        console::detail(
            "LEFT OUT: known vulnerabilities, because RustSec's database on github.com is out of reach from here.",
        );
        Ok(())
    } else {
        bail!("a dependency has a known vulnerability or was withdrawn:\n{output}")
    }
}

/// Built from crates.io's sources with its own lock file.
fn cargo_deny(tree: &Tree) -> Result<std::path::PathBuf> {
    let program = tree.tools().join("bin/cargo-deny");
    if process::output(Command::new(&program).arg("--version"))
        .is_ok_and(|text| text.trim().ends_with(DENY_VERSION))
    {
        return Ok(program);
    }
    console::step(&format!(
        "Building cargo-deny {DENY_VERSION} into {}: it checks licences and sources (once, one to two minutes on two cores).",
        tree.tools().display()
    ));
    let mut cargo = process::cargo();
    cargo
        // Not optimised: that takes four minutes more to build, for a check of seconds.
        .args([
            "install",
            "--locked",
            "--quiet",
            "--debug",
            "cargo-deny",
            "--version",
            DENY_VERSION,
            "--root",
        ])
        .arg(tree.tools());
    // Not into the tree's own builds: it shares nothing with them.
    process::run(cargo.env_remove("CARGO_TARGET_DIR"))?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_gets_the_same_arguments_and_environment() {
        let mut cargo = Command::new("/usr/bin/cargo");
        cargo.args(["clippy", "-x"]).env("RUSTC", "/usr/bin/rustc").env_remove("LD_LIBRARY_PATH");
        let same = as_program("/usr/bin/cargo-clippy", cargo);
        assert_eq!(process::command_line(&same), "/usr/bin/cargo-clippy clippy -x");
        let environment: Vec<_> =
            same.get_envs().map(|(name, value)| (name.to_str().unwrap(), value.is_some())).collect();
        assert_eq!(environment, [("CARGO", true), ("LD_LIBRARY_PATH", false), ("RUSTC", true)]);
    }
}
