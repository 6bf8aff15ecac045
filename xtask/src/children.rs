//! Long-running children: PostgreSQL, the mocks, the runtime.
//!
//! Each lives in a process group of its own, so that Ctrl-C reaches xtask alone, which then stops them in order.
//! Their last lines are kept to be shown when one dies. Start them from the main thread only: Linux's
//! parent-death signal is sent when the *thread* that started a child ends.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process;

/// How many of a child's last lines are shown when it dies.
const TAIL_LINES: usize = 20;
/// How long a child may take to stop by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to start, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The word for it in messages.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(String, String)>,
    /// The user and group to become, when we are root and the program refuses root.
    pub(crate) user: Option<(u32, u32)>,
    /// Also the signal it gets when xtask is killed.
    pub(crate) stop: Stop,
    /// Every line goes to this file; lines are dropped when there is none.
    pub(crate) log: Option<PathBuf>,
    /// Whether what it writes to stderr is shown as it comes.
    pub(crate) show: bool,
    /// Whether it starts without the `SPIN_VARIABLE_…` and `OTEL_…` of our own environment.
    pub(crate) isolated: bool,
}

/// The signal that stops a child in good order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    Terminate,
    /// PostgreSQL's "fast shutdown"; its SIGTERM would wait for every client to leave.
    Interrupt,
}

/// A child under way. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    stop: Stop,
    tail: Tail,
    /// The lines of its stdout, for those who wait for one. Closed when the child closes stdout.
    pub(crate) lines: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
}

type Tail = Arc<Mutex<VecDeque<String>>>;

impl Plan {
    pub(crate) fn new(name: &'static str, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self {
            name,
            program,
            args: vec![],
            env: vec![],
            user: None,
            stop: Stop::Terminate,
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
    /// When our own program cannot be started again, or the log cannot be written.
    pub(crate) fn start(self) -> Result<Running> {
        let log = self.log.as_deref().map(open_log).transpose()?;
        let mut command = self.command()?;
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.name))?;
        let tail: Tail = Arc::default();
        let (sender, lines) = channel();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(follow(stdout, Arc::clone(&tail), log.as_ref(), false, Some(sender))?);
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(follow(stderr, Arc::clone(&tail), log.as_ref(), self.show, None)?);
        }
        Ok(Running { name: self.name, child, stop: self.stop, tail, lines, readers })
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(ourselves()?);
        command.arg("keep").arg("--parent").arg(std::process::id().to_string());
        if let Some((uid, gid)) = self.user {
            // The program's user may not be allowed into our folder.
            command.current_dir("/").arg("--uid").arg(uid.to_string()).arg("--gid").arg(gid.to_string());
        }
        if let Stop::Interrupt = self.stop {
            command.args(["--signal", "int"]);
        }
        command.arg("--").arg(&self.program).args(&self.args);
        if self.isolated {
            command = process::without_settings(command);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(process::clean(command))
    }
}

impl Running {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    #[cfg(feature = "bench")]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Its last lines, oldest first, once it has ended and been read to the end.
    pub(crate) fn last_words(&mut self) -> String {
        if self.ended().is_some() {
            for reader in self.readers.drain(..) {
                reader.join().ok();
            }
        }
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }

    /// Stops it in good order, and by force after [`PATIENCE`].
    pub(crate) fn stop(&mut self) -> Option<ExitStatus> {
        let signal = match self.stop {
            Stop::Terminate => Signal::SIGTERM,
            Stop::Interrupt => Signal::SIGINT,
        };
        process::end(&mut self.child, signal, PATIENCE)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The program that is running, also when a build has put a new one in its place meanwhile.
fn ourselves() -> Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        Ok(link)
    } else {
        std::env::current_exe().context("cannot tell where xtask's own program is")
    }
}

/// Runs a child to its end.
///
/// # Errors
/// When it does not succeed, with its last lines, or when we are asked to stop.
pub(crate) fn finish(plan: Plan) -> Result<()> {
    let mut child = plan.start()?;
    loop {
        if let Some(status) = child.ended() {
            if status.success() {
                return Ok(());
            }
            let words = child.last_words();
            bail!("{} ended with {status}:\n{words}", child.name);
        }
        if process::stopping() {
            bail!("stopped");
        }
        sleep(Duration::from_millis(25));
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

fn follow(
    stream: impl Read + Send + 'static,
    tail: Tail,
    log: Option<&File>,
    show: bool,
    lines: Option<Sender<String>>,
) -> Result<JoinHandle<()>> {
    let mut log = log.map(File::try_clone).transpose()?;
    Ok(std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            // A full disk must not stop the child's output from being read.
            if let Some(file) = &mut log {
                writeln!(file, "{line}").ok();
            }
            if show {
                eprintln!("{line}");
            }
            remember(&tail, &line);
            if let Some(lines) = &lines {
                lines.send(line).ok();
            }
        }
    }))
}

fn remember(tail: &Tail, line: &str) {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    if tail.len() == TAIL_LINES {
        tail.pop_front();
    }
    tail.push_back(line.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_remembered() {
        let tail: Tail = Arc::default();
        for number in 0..50 {
            remember(&tail, &number.to_string());
        }
        let tail = tail.lock().unwrap();
        assert_eq!((tail.len(), tail.front().unwrap().as_str()), (TAIL_LINES, "30"));
    }
}
