//! Starts the real program with the test guest.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this")]

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use test_support::{ChildProcess, Connection, Ending, Log, Reply, http};

pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Prints the process id and, at the end, the exit status of a program.
const RUN: &str = r#""$0" "$@" & echo "pid $!"; wait $!; echo "status $?""#;

/// A running `atelier-runtime up`.
pub struct App {
    _child: ChildProcess,
    pid: String,
    /// `127.0.0.1:<port>`.
    pub address: String,
    log: Log,
}

/// The guest as WebAssembly.
///
/// # Panics
/// When it is not built: a test that cannot run must not pass.
pub fn guest() -> PathBuf {
    let given = std::env::var_os("ATELIER_RUNTIME_GUEST").map(PathBuf::from);
    let target = Path::new(env!("CARGO_BIN_EXE_atelier-runtime")).ancestors().nth(2).unwrap().to_owned();
    let places = [
        target.join("wasm32-wasip2/release/runtime_guest.wasm"),
        target.join("wasm/wasm32-wasip2/release/runtime_guest.wasm"),
    ];
    let found = given.into_iter().chain(places).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "the test guest is not built: run `cargo build --release --target wasm32-wasip2 --package atelier-runtime-guest` \
             (or set ATELIER_RUNTIME_GUEST to runtime_guest.wasm)"
        )
    })
}

/// A manifest with one component `guest` on `/...`, these lines in `[component.guest]`, and `rest` after it.
pub fn manifest(component: &str, rest: &str) -> String {
    format!(
        "spin_manifest_version = 2\n[application]\nname = \"test\"\nversion = \"0.1.2\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"guest\"\n\
         [component.guest]\nsource = {:?}\n{component}\n{rest}\n",
        guest()
    )
}

/// Starts the program with a manifest in a folder of its own; returns its process and output.
fn spawn(manifest: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (ChildProcess, Log) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("atelier-runtime-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("spin.toml");
    std::fs::write(&path, manifest).unwrap();
    let path = path.to_string_lossy();
    let program = env!("CARGO_BIN_EXE_atelier-runtime");
    let mut all = vec!["-c", RUN, program, "up", "-f", &path, "--listen", "127.0.0.1:0"];
    all.extend_from_slice(arguments);
    let ending = Ending { signal: "TERM", folder: &folder.to_string_lossy() };
    let mut child = ChildProcess::spawn("/bin/sh", &all, ending, |command| {
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    })
    .unwrap();
    let log = Log::default();
    let (stdout, stderr) = child.outputs();
    log.collect(stdout.unwrap());
    log.collect(stderr.unwrap());
    (child, log)
}

/// What follows `start` in the first line of the log that begins with it.
fn rest_of_line(log: &Log, start: &str) -> Option<String> {
    log.wait_for(TIME_LIMIT, |line| line.strip_prefix(start).map(str::to_owned))
}

fn exit_status(log: &Log) -> i32 {
    let status = rest_of_line(log, "status ");
    status.unwrap_or_else(|| panic!("it does not end:\n{}", log.text())).parse().unwrap()
}

/// Runs a manifest that must not start: the exit status and the output.
pub fn refused(manifest: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let (child, log) = spawn(manifest, arguments, environment);
    let status = exit_status(&log);
    drop(child);
    // What it said comes through another pipe than its status, and may come later: until both have ended.
    let _ = log.wait_for(TIME_LIMIT, |_| None::<()>);
    (status, log.text())
}

impl App {
    pub fn start(manifest: &str) -> Self {
        Self::start_with(manifest, &[], &[])
    }

    pub fn start_with(manifest: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let (child, log) = spawn(manifest, arguments, environment);
        let pid = rest_of_line(&log, "pid ").expect("sh prints it");
        let address = rest_of_line(&log, "Serving http://");
        let address = address.unwrap_or_else(|| panic!("it does not start:\n{}", log.text()));
        Self { _child: child, pid, address, log }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let url = format!("http://{}{path}", self.address);
        http::send(method, &url, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::to(&self.address).unwrap()
    }

    /// A connection on which these bytes have been sent.
    #[track_caller]
    pub fn connect_and_send(&self, bytes: &[u8]) -> Connection {
        let mut connection = self.connect();
        connection.write(bytes).unwrap();
        connection
    }

    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits for a line with this text.
    #[track_caller]
    pub fn logged(&self, wanted: &str) {
        self.logged_times(wanted, 1);
    }

    /// Waits until so many lines have this text.
    #[track_caller]
    pub fn logged_times(&self, wanted: &str, times: usize) {
        let lines = Cell::new(0);
        let found = self.log.wait_for(TIME_LIMIT, |line| {
            lines.set(lines.get() + usize::from(line.contains(wanted)));
            (lines.get() == times).then_some(())
        });
        assert!(found.is_some(), "{wanted:?} is not in the log {times} times:\n{}", self.log());
    }

    /// Bytes of memory that the process has resident now, and had at most.
    pub fn resident(&self) -> (usize, usize) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let kib = |name: &str| -> usize {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (kib("VmRSS:") << 10, kib("VmHWM:") << 10)
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.pid]).status().unwrap().success());
    }

    /// Waits for the end of the program: its exit status.
    pub fn wait(&self) -> i32 {
        exit_status(&self.log)
    }
}
