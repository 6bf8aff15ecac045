//! Starts the real program with the test guest and speaks HTTP/1.1 to it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this")]

pub mod cluster;
pub mod http;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running `atelier-runtime up`.
pub struct App {
    child: Child,
    folder: PathBuf,
    pub address: String,
    log: Arc<Mutex<String>>,
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

/// A manifest with one component `guest` on `/...` and whatever `rest` adds.
pub fn manifest(component: &str, rest: &str) -> String {
    format!(
        "spin_manifest_version = 2\n[application]\nname = \"test\"\nversion = \"0.1.2\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"guest\"\n\
         [component.guest]\nsource = {:?}\n{component}\n{rest}\n",
        guest()
    )
}

pub fn write_manifest(text: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("atelier-runtime-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("spin.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn command(manifest: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier-runtime"));
    command.args(["up", "-f"]).arg(manifest).args(["--listen", "127.0.0.1:0"]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a manifest that must not start: its exit status and what it said.
pub fn refused(text: &str, arguments: &[&str]) -> (ExitStatus, String) {
    let manifest = write_manifest(text);
    let mut child = command(&manifest, arguments).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it started although it should not");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    std::fs::remove_dir_all(manifest.parent().unwrap()).unwrap();
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

impl App {
    pub fn start(text: &str) -> Self {
        Self::start_with(text, &[], &[])
    }

    pub fn start_with(text: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let manifest = write_manifest(text);
        let mut command = command(&manifest, arguments);
        command.envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let Some(first) = stdout.next() else { panic!("it did not start: {}", log.lock().unwrap()) };
        let address = first.strip_prefix("Serving http://").expect("the first line says where").to_owned();
        std::thread::spawn(move || stdout.for_each(drop));
        Self { child, folder: manifest.parent().unwrap().to_owned(), address, log }
    }

    pub fn get(&self, path: &str) -> http::Reply {
        self.send("GET", path, &[], b"")
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> http::Reply {
        http::exchange(&self.address, method, path, headers, body)
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log holds `wanted`.
    pub fn logged(&self, wanted: &str) -> String {
        self.wait_for_log(wanted, 1)
    }

    /// Waits until the log holds `wanted` so many times, and a moment more in case it comes once too often.
    pub fn logged_times(&self, wanted: &str, times: usize) {
        self.wait_for_log(wanted, times);
        std::thread::sleep(Duration::from_millis(100));
        let log = self.log();
        assert_eq!(log.matches(wanted).count(), times, "{log}");
    }

    fn wait_for_log(&self, wanted: &str, times: usize) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if log.matches(wanted).count() >= times {
                return log;
            }
            assert!(Instant::now() < deadline, "{wanted:?} is not in the log {times} times:\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Bytes of memory that the process has resident now, and had at most.
    pub fn resident(&self) -> (usize, usize) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let kib = |name: &str| -> usize {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (kib("VmRSS:") << 10, kib("VmHWM:") << 10)
    }

    pub fn signal(&self, name: &str) {
        let done =
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
