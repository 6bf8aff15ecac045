//! The hidden `supervise` subcommand: starts a program that ends when xtask ends.
//!
//! It binds its own process to the parent's life (Linux's parent-death signal), changes to the user that PostgreSQL
//! needs when xtask runs as root, and then executes the program in its place. A subcommand needs no unsafe code
//! between fork and exec.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, Command, value_parser};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, getppid, setgid, setuid};

pub(crate) fn command() -> Command {
    Command::new("supervise").hide(true).args([
        Arg::new("parent").long("parent").required(true).value_parser(value_parser!(i32)),
        Arg::new("uid").long("uid").requires("gid").value_parser(value_parser!(u32)),
        Arg::new("gid").long("gid").value_parser(value_parser!(u32)),
        Arg::new("signal").long("signal").required(true).value_parser(value_parser!(Signal)),
        Arg::new("program")
            .num_args(1..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .required(true)
            .value_parser(value_parser!(OsString)),
    ])
}

/// Does not return when it succeeds: the process is the program by then.
///
/// # Errors
/// When the user cannot be changed, the parent has ended, or the program cannot be executed.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    if let (Some(uid), Some(gid)) = (matches.get_one("uid"), matches.get_one("gid")) {
        change_user(Uid::from_raw(*uid), Gid::from_raw(*gid))?;
    }
    // After the change of user, which clears it.
    if let Some(signal) = matches.get_one("signal") {
        end_with_parent(*signal)?;
    }
    if matches.get_one("parent") != Some(&getppid().as_raw()) {
        bail!("the parent has ended");
    }
    let mut program = matches.get_many::<OsString>("program").context("no program named")?;
    let first = program.next().context("no program named")?;
    let error = std::process::Command::new(first).args(program).exec();
    Err(error).with_context(|| format!("cannot start {}", first.to_string_lossy()))
}

fn change_user(uid: Uid, gid: Gid) -> Result<()> {
    #[cfg(target_os = "linux")]
    nix::unistd::setgroups(&[gid]).context("cannot leave root's groups")?;
    setgid(gid).context("cannot change the group")?;
    setuid(uid).context("cannot change the user")
}

#[cfg(target_os = "linux")]
fn end_with_parent(signal: Signal) -> Result<()> {
    nix::sys::prctl::set_pdeathsig(signal).context("cannot bind the child to its parent")
}

/// Elsewhere there is no such signal: the next run stops what a killed xtask left behind.
#[cfg(not(target_os = "linux"))]
fn end_with_parent(_signal: Signal) -> Result<()> {
    Ok(())
}
