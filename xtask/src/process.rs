//! Commands that run to their end, and the one flag that says "stop".
//!
//! Ctrl-C, SIGTERM and SIGHUP only raise the flag; whoever waits looks at it. So nothing is torn down
//! halfway, and a build under way is told to stop rather than left behind.

use std::ffi::OsStr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

static STOP: AtomicBool = AtomicBool::new(false);
const POLL: Duration = Duration::from_millis(25);

/// Catches Ctrl-C, SIGTERM and SIGHUP from here on.
///
/// # Errors
/// When the handler cannot be set.
pub(crate) fn catch_signals() -> Result<()> {
    ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst)).context("cannot catch Ctrl-C")
}

/// Whether we have been asked to stop.
pub(crate) fn stopping() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Cargo as the user called it (rustup's proxy tells us which), without what `cargo run` set for us alone.
pub(crate) fn cargo() -> Command {
    clean(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// Takes `cargo run`'s own variables off a command: they name xtask, and some reach compiler caches.
pub(crate) fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_BIN_NAME" {
            command.env_remove(&name);
        }
    }
    command
}

/// Takes the user's settings of a real Atelier off a command: a test must not reach a real upstream or collector.
pub(crate) fn without_settings(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("SPIN_VARIABLE_") || text.starts_with("OTEL_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command with our own output until it ends.
///
/// # Errors
/// When it cannot start, does not succeed, or we are asked to stop meanwhile.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command, None)?;
    if status.success() { Ok(()) } else { bail!("`{}` ended with {status}", words(command)) }
}

/// Runs a command until it ends; one that is over its limit is stopped, and an error.
///
/// # Errors
/// When it cannot start, is over its limit, or we are asked to stop meanwhile.
pub(crate) fn status(command: &mut Command, limit: Option<Duration>) -> Result<ExitStatus> {
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", words(command)))?;
    wait(&mut child, &words(command), limit)
}

/// Waits for a child as [`status`] does; `name` is what messages call it.
///
/// # Errors
/// When it is over its limit, or we are asked to stop meanwhile.
pub(crate) fn wait(child: &mut Child, name: &str, limit: Option<Duration>) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            if stopping() {
                bail!("stopped");
            }
            return Ok(status);
        }
        let late = limit.is_some_and(|limit| start.elapsed() > limit);
        if late || stopping() {
            end(child, Signal::SIGTERM, Duration::from_secs(5));
            if stopping() {
                bail!("stopped");
            }
            bail!("`{name}` gave no result in {} s", start.elapsed().as_secs());
        }
        sleep(POLL);
    }
}

/// The output of a quick command; nothing is shown.
///
/// # Errors
/// When it cannot start or does not succeed; the message carries what it wrote to stderr.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", command.get_program().to_string_lossy()))?;
    if !status.success() {
        bail!("`{}` ended with {status}: {}", words(command), String::from_utf8_lossy(&stderr).trim());
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Asks a child to end, and insists with SIGKILL after `patience`.
pub(crate) fn end(child: &mut Child, signal: Signal, patience: Duration) -> Option<ExitStatus> {
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?);
    let start = Instant::now();
    // A child that is already gone has been reaped by `try_wait`, so its number cannot be another's.
    if let Ok(Some(status)) = child.try_wait() {
        return Some(status);
    }
    kill(pid, signal).ok();
    while start.elapsed() < patience {
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
pub(crate) fn on_path(program: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| is_program(path))
}

/// Whether the path is a file that may be executed.
pub(crate) fn is_program(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// A command as one would type it.
pub(crate) fn words(command: &Command) -> String {
    let args = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(command.get_program().to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_over_its_limit_is_stopped_and_named() {
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
        let status = end(&mut child, Signal::SIGTERM, Duration::from_millis(200)).unwrap();
        assert!(!status.success());
    }
}
