//! The hidden `keep` subcommand: becomes a child that cannot outlive us.
//!
//! Between our fork and the program it ties itself to its parent's life (Linux's parent-death signal), gives up
//! root where the program refuses it (PostgreSQL), and then becomes the program. As a subcommand it needs no
//! unsafe code between fork and exec.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::unistd::{Gid, Pid, Uid, getppid, setgid, setuid};

#[derive(Args)]
pub(crate) struct Options {
    /// The process that must live for this one to live
    #[arg(long)]
    parent: i32,
    /// The user to become
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    /// The group to become
    #[arg(long)]
    gid: Option<u32>,
    /// The signal sent when the parent dies: `term` or `int`
    #[arg(long, default_value = "term", value_parser = ["term", "int"])]
    signal: String,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    program: Vec<OsString>,
}

/// Never returns when all went well: the process is the program by then.
///
/// # Errors
/// When the user cannot be changed, the parent is gone, or the program cannot be executed.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let (Some(uid), Some(gid)) = (options.uid, options.gid) {
        become_user(Uid::from_raw(uid), Gid::from_raw(gid))?;
    }
    // After the change of user, which clears it.
    die_with_parent(&options.signal)?;
    if getppid() != Pid::from_raw(options.parent) {
        bail!("the parent is gone");
    }
    let (program, args) = options.program.split_first().context("no program named")?;
    let error = Command::new(program).args(args).exec();
    Err(error).with_context(|| format!("cannot start {}", program.to_string_lossy()))
}

fn become_user(uid: Uid, gid: Gid) -> Result<()> {
    #[cfg(target_os = "linux")]
    nix::unistd::setgroups(&[gid]).context("cannot leave root's groups")?;
    setgid(gid).context("cannot change the group")?;
    setuid(uid).context("cannot change the user")
}

#[cfg(target_os = "linux")]
fn die_with_parent(signal: &str) -> Result<()> {
    use nix::sys::signal::Signal;
    let signal = if signal == "int" { Signal::SIGINT } else { Signal::SIGTERM };
    nix::sys::prctl::set_pdeathsig(signal).context("cannot tie the child to its parent")
}

/// Elsewhere there is no such signal: a child of a killed xtask is found and stopped by the next run.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_signal: &str) -> Result<()> {
    Ok(())
}
