//! Commands that run to their end, and the flag that asks xtask to stop.
//!
//! Ctrl-C, SIGTERM and SIGHUP only set the flag. Loops that wait look at it, so a build under way is stopped and
//! children are ended in order.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

mod batch;

pub(crate) use batch::{Batch, run};

static STOP: AtomicBool = AtomicBool::new(false);
const POLL: Duration = Duration::from_millis(25);
/// How long a command may take to end after SIGTERM.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(5);

/// Catches Ctrl-C, SIGTERM and SIGHUP from here on.
///
/// # Errors
/// When the handler cannot be set.
pub(crate) fn catch_signals() -> Result<()> {
    ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst)).context("cannot catch Ctrl-C")
}

pub(crate) fn stop_requested() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// # Errors
/// When a signal has asked xtask to stop.
pub(crate) fn check_stop() -> Result<()> {
    if stop_requested() { bail!("stopped") } else { Ok(()) }
}

/// Cargo as the user called it (rustup's proxy says which), without the variables that `cargo run` sets.
pub(crate) fn cargo() -> Command {
    without_cargo_variables(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// Removes the variables of `cargo run` from a command: they name xtask, and some reach compiler caches.
pub(crate) fn without_cargo_variables(command: Command) -> Command {
    without(command, |name| {
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_BIN_NAME"
    })
}

/// Removes the user's settings from a command: a test must not reach a real upstream or collector.
pub(crate) fn without_settings(command: Command) -> Command {
    without(command, |name| name.starts_with("SPIN_VARIABLE_") || name.starts_with("OTEL_"))
}

fn without(mut command: Command, removed: impl Fn(&str) -> bool) -> Command {
    for (name, _) in std::env::vars_os() {
        if removed(&name.to_string_lossy()) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command until it ends; stops one that exceeds its timeout.
///
/// # Errors
/// When it cannot start, exceeds its timeout, or xtask is asked to stop meanwhile.
pub(crate) fn status(command: &mut Command, timeout: Option<Duration>) -> Result<ExitStatus> {
    let line = command_line(command);
    let mut child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
    wait(&mut child, &line, timeout)
}

/// Waits for a child as [`status`] does; `name` is used in messages.
///
/// # Errors
/// When it exceeds its timeout, or xtask is asked to stop meanwhile.
pub(crate) fn wait(child: &mut Child, name: &str, timeout: Option<Duration>) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            check_stop()?;
            return Ok(status);
        }
        let late = timeout.is_some_and(|timeout| start.elapsed() > timeout);
        if late || stop_requested() {
            terminate(child, Signal::SIGTERM, TERMINATE_TIMEOUT);
            check_stop()?;
            bail!("`{name}` gave no result in {} s", start.elapsed().as_secs());
        }
        sleep(POLL);
    }
}

/// The stdout of a quick command; nothing is shown.
///
/// # Errors
/// When it cannot start or does not succeed; the message holds its stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", command.get_program().to_string_lossy()))?;
    if !status.success() {
        let line = command_line(command);
        bail!("`{line}` ended with {status}: {}", String::from_utf8_lossy(&stderr).trim());
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Sends a signal to a child, and SIGKILL when it has not ended after the timeout.
pub(crate) fn terminate(child: &mut Child, signal: Signal, timeout: Duration) -> Option<ExitStatus> {
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?);
    let start = Instant::now();
    // `try_wait` reaps a child that has ended; after that its number may belong to another process.
    if let Ok(Some(status)) = child.try_wait() {
        return Some(status);
    }
    kill(pid, signal).ok();
    while start.elapsed() < timeout {
        match child.try_wait() {
            Ok(None) => sleep(POLL),
            Ok(Some(status)) => return Some(status),
            Err(_) => return None,
        }
    }
    child.kill().ok();
    child.wait().ok()
}

/// The first program of this name on the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| is_program(path))
}

/// Whether the path is an executable file.
pub(crate) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The program and its arguments, separated by spaces.
pub(crate) fn command_line(command: &Command) -> String {
    let args = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(command.get_program().to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_exceeds_its_timeout_is_stopped_and_named() {
        let start = Instant::now();
        let error = status(Command::new("sleep").arg("30"), Some(Duration::from_millis(100))).unwrap_err();
        assert!(format!("{error}").contains("sleep 30"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn the_message_of_a_failed_command_carries_what_it_wrote() {
        let error = output(Command::new("sh").args(["-c", "echo because >&2; exit 3"])).unwrap_err();
        assert!(format!("{error}").contains("because"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program-of-atelier")).unwrap_err();
        assert!(format!("{error}").contains("no-such-program-of-atelier"), "{error}");
    }

    #[test]
    fn a_child_that_ignores_the_signal_is_killed() {
        use std::io::{BufRead, BufReader};
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let status = terminate(&mut child, Signal::SIGTERM, Duration::from_millis(200)).unwrap();
        assert!(!status.success());
    }
}
