//! Long-running child processes: PostgreSQL, the mocks, the runtime.
//!
//! Each has a process group of its own: Ctrl-C reaches xtask alone, which then stops them in order. The last lines of
//! their output are shown when one fails. Start them from the main thread only: Linux sends the parent-death signal
//! when the *thread* that started a child ends.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process;

mod output;

use output::{LogTail, Output};

const POLL: Duration = Duration::from_millis(25);
/// How long a child may take to stop after its signal.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// What to start, and how.
#[derive(Debug)]
pub(crate) struct ChildSpec {
    /// Its name in messages.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(String, String)>,
    /// Written to its stdin.
    pub(crate) input: String,
    /// The user and group to change to, when xtask is root and the program refuses root.
    pub(crate) user: Option<(u32, u32)>,
    /// The signal that stops it, also when xtask is killed.
    pub(crate) stop: Signal,
    /// Every line of its output goes to this file.
    pub(crate) log: Option<PathBuf>,
    /// Whether its stderr is shown on the terminal.
    pub(crate) show: bool,
    /// Whether it starts without the `SPIN_VARIABLE_…` and `OTEL_…` of xtask's own environment.
    pub(crate) isolated: bool,
}

/// A running child. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct RunningChild {
    name: &'static str,
    child: Child,
    stop: Signal,
    tail: LogTail,
    lines: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
}

impl ChildSpec {
    pub(crate) fn new(name: &'static str, program: impl Into<PathBuf>) -> Self {
        Self {
            name,
            program: program.into(),
            args: vec![],
            env: vec![],
            input: String::new(),
            user: None,
            stop: Signal::SIGTERM,
            log: None,
            show: false,
            isolated: false,
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When xtask cannot be started again as its supervisor, or the log cannot be written.
    pub(crate) fn start(self) -> Result<RunningChild> {
        let log = self.log.as_deref().map(open_log).transpose()?;
        let mut child = self.command()?.spawn().with_context(|| format!("cannot start {}", self.name))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A child that does not read fails by itself, with a better message.
            stdin.write_all(self.input.as_bytes()).ok();
        }
        let tail = LogTail::default();
        let (sender, lines) = channel();
        let output = |show, lines| -> Result<Output> {
            let log = log.as_ref().map(File::try_clone).transpose()?;
            Ok(Output { tail: tail.clone(), log, show, lines })
        };
        let (stdout, stderr) = (output(false, Some(sender))?, output(self.show, None)?);
        let readers = [
            child.stdout.take().map(|stream| stdout.follow(stream)),
            child.stderr.take().map(|stream| stderr.follow(stream)),
        ];
        let readers = readers.into_iter().flatten().collect();
        Ok(RunningChild { name: self.name, child, stop: self.stop, tail, lines, readers })
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(own_program()?);
        command.arg("supervise").arg("--parent").arg(std::process::id().to_string());
        command.args(["--signal", self.stop.as_str()]);
        if let Some((uid, gid)) = self.user {
            // That user may not be allowed into the current folder.
            command.current_dir("/").arg("--uid").arg(uid.to_string()).arg("--gid").arg(gid.to_string());
        }
        command.arg("--").arg(&self.program).args(&self.args);
        if self.isolated {
            command = process::without_settings(command);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(process::without_cargo_variables(command))
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it does not succeed, with the tail of its log, or when xtask is asked to stop.
    pub(crate) fn finish(self) -> Result<()> {
        let mut child = self.start()?;
        loop {
            if let Some(status) = child.ended() {
                if status.success() {
                    return Ok(());
                }
                let tail = child.log_tail();
                bail!("{} ended with {status}:\n{tail}", child.name);
            }
            process::check_stop()?;
            sleep(POLL);
        }
    }
}

impl RunningChild {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// # Errors
    /// When it has ended, with the tail of its log, or when xtask is asked to stop.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.ended() {
            // A signal to the whole group ends children too; that is no failure of theirs.
            process::check_stop()?;
            let tail = self.log_tail();
            bail!("{} ended by itself ({status}); its last lines:\n{tail}", self.name);
        }
        process::check_stop()
    }

    /// Waits until `read` accepts a line of its stdout.
    ///
    /// # Errors
    /// When it ends before, or writes no such line in time.
    pub(crate) fn wait_for_line<T>(
        &mut self,
        timeout: Duration,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Ok(line) = self.lines.recv_timeout(POLL)
                && let Some(found) = read(&line)
            {
                return Ok(found);
            }
            self.check()?;
            if start.elapsed() > timeout {
                let (seconds, tail) = (timeout.as_secs(), self.log_tail());
                bail!("{} did not say within {seconds} s where it listens:\n{tail}", self.name);
            }
        }
    }

    /// The last lines of its output, oldest first.
    pub(crate) fn log_tail(&mut self) -> String {
        if self.ended().is_some() {
            for reader in self.readers.drain(..) {
                reader.join().ok();
            }
        }
        self.tail.text()
    }
}

impl Drop for RunningChild {
    fn drop(&mut self) {
        process::terminate(&mut self.child, self.stop, STOP_TIMEOUT);
    }
}

/// The running program, also when a build has replaced its file meanwhile.
fn own_program() -> Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        Ok(link)
    } else {
        std::env::current_exe().context("cannot tell where xtask's own program is")
    }
}

fn open_log(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        crate::paths::private_folder(folder)?;
    }
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}
