//! Commands that run at the same time.

use std::process::{Child, Command};
use std::thread::sleep;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;

use super::{POLL, TERMINATE_TIMEOUT, check_stop, command_line, terminate};

/// Dropping it stops the commands that have not ended.
#[derive(Default)]
pub(crate) struct Batch(Vec<(Child, String)>);

impl Batch {
    /// # Errors
    /// When the command cannot start.
    pub(crate) fn start(&mut self, command: &mut Command) -> Result<()> {
        let line = command_line(command);
        let child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
        self.0.push((child, line));
        Ok(())
    }

    /// Waits until all have succeeded.
    ///
    /// # Errors
    /// When one fails, or xtask is asked to stop meanwhile; the others are stopped.
    pub(crate) fn finish(mut self) -> Result<()> {
        loop {
            let mut running = 0;
            for (child, line) in &mut self.0 {
                match child.try_wait()? {
                    None => running += 1,
                    Some(status) if status.success() => {}
                    Some(status) => {
                        check_stop()?;
                        bail!("`{line}` ended with {status}");
                    }
                }
            }
            check_stop()?;
            if running == 0 {
                return Ok(());
            }
            sleep(POLL);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for (child, _) in &mut self.0 {
            terminate(child, Signal::SIGTERM, TERMINATE_TIMEOUT);
        }
    }
}

/// Runs a command until it ends; its output goes to the terminal.
///
/// # Errors
/// When it cannot start, does not succeed, or xtask is asked to stop meanwhile.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let mut batch = Batch::default();
    batch.start(command)?;
    batch.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn when_one_command_of_a_batch_fails_the_others_are_stopped() {
        let start = Instant::now();
        let mut batch = Batch::default();
        batch.start(Command::new("sleep").arg("30")).unwrap();
        batch.start(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        let error = batch.finish().unwrap_err();
        assert!(format!("{error}").contains("exit 3"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
