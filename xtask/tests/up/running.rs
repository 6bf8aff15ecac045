//! One `cargo xtask up` under way, and what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PATIENCE: Duration = Duration::from_secs(120);

/// A data folder that is removed when dropped, with a name that no other process has on its command line.
pub(crate) struct Data(pub(crate) PathBuf);

impl Data {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("atelier-up-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        Self(folder)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub(crate) struct Up {
    pub(crate) child: Child,
    lines: Receiver<String>,
}

impl Up {
    /// `cargo xtask up` on a free port, with the runtime that the suite runs on.
    pub(crate) fn start(data: &Path) -> Self {
        Self::spawn(Self::command(data, "127.0.0.1:0"))
    }

    pub(crate) fn command(data: &Path, listen: &str) -> Command {
        let mut command = Self::without_runtime(data, listen);
        command.arg("--runtime").arg(std::env::var("ATELIER_RUNTIME").unwrap_or_else(|_| "embedded".into()));
        command
    }

    pub(crate) fn without_runtime(data: &Path, listen: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["up", "--listen", listen, "--data-dir"]).arg(data);
        command
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// The address of the last line of stdout.
    ///
    /// # Panics
    /// With what stderr says, when there is none.
    pub(crate) fn address(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line.strip_prefix("Serving http://").expect("the first line of stdout").to_owned(),
            Err(_) => panic!("{}", self.stderr()),
        }
    }

    /// Ends it by force and gives what it wrote to stderr.
    pub(crate) fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.child.kill().ok();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            sleep(Duration::from_millis(50));
        }
        panic!("`up` does not end");
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The command lines of the processes that name this data folder.
pub(crate) fn left(data: &Path) -> Vec<String> {
    let needle = data.to_string_lossy().into_owned();
    let mut found = vec![];
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let own = process.file_name().to_string_lossy() == std::process::id().to_string();
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if !own && line.contains(&needle) {
            found.push(line);
        }
    }
    found
}

pub(crate) fn children_of(parent: u32) -> Vec<i32> {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    listed.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

pub(crate) fn alive(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(40), "{what}");
        sleep(Duration::from_millis(100));
    }
}
