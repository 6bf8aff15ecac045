//! `cargo xtask up` from the outside: what a newcomer sees, and what is left behind.
//!
//! Ignored by plain `cargo test`, because it builds and runs the whole app; `cargo xtask test up` runs it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PATIENCE: Duration = Duration::from_secs(120);

/// A data folder that goes away, with a name that no other process has on its command line.
struct Data(PathBuf);

impl Data {
    fn new(name: &str) -> Self {
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

/// An `up` under way.
struct Up {
    child: Child,
    lines: Receiver<String>,
}

impl Up {
    fn start(data: &Path, listen: &str) -> Self {
        Self::start_with(data, &["--listen", listen])
    }

    fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("up").args(arguments).arg("--data-dir").arg(data);
        command.arg("--runtime").arg(std::env::var("ATELIER_RUNTIME").unwrap_or_else(|_| "embedded".into()));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// The address of the last line, or what stderr says about its absence.
    fn address(&mut self) -> Result<String, String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                Ok(line.strip_prefix("Serving http://").expect("the first line of stdout").to_owned())
            }
            Err(_) => Err(self.words()),
        }
    }

    fn words(&mut self) -> String {
        let mut words = String::new();
        self.child.kill().ok();
        self.child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        words
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn wait(&mut self) -> Option<i32> {
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

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn post(address: &str, path: &str, form: &str) -> String {
    post_as("", address, path, form)
}

fn post_as(cookie: &str, address: &str, path: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// The processes of `up` that have its data folder or its port on their command line or in their environment.
fn left(data: &Path) -> Vec<String> {
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

fn children_of(parent: u32) -> Vec<i32> {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    listed.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn alive(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(40), "{what}");
        sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn up_serves_stops_in_good_order_and_keeps_the_data() {
    let data = Data::new("order");
    let form = "username=Ada&password=une+phrase+assez+longue+pour+Atelier";

    let mut up = Up::start(&data.0, "127.0.0.1:0");
    let address = up.address().unwrap();
    assert_eq!(status(&get(&address, "/auth")), "200");
    assert_eq!(status(&post(&address, "/register", form)), "303");
    let children = children_of(up.child.id());
    assert_eq!(children.len(), 3, "PostgreSQL, the mocks and the runtime");
    up.signal(Signal::SIGTERM);
    assert_eq!(up.wait(), Some(0));
    assert!(children.iter().all(|pid| !alive(*pid)) && left(&data.0).is_empty(), "{:?}", left(&data.0));

    let mut up = Up::start(&data.0, "127.0.0.1:0");
    let address = up.address().unwrap();
    assert_eq!(status(&post(&address, "/register", form)), "409", "the account is still there");
    up.signal(Signal::SIGINT);
    assert_eq!(up.wait(), Some(0));
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn nothing_outlives_an_up_that_is_killed_and_the_next_one_recovers() {
    let data = Data::new("killed");
    let mut up = Up::start(&data.0, "127.0.0.1:0");
    up.address().unwrap();
    let children = children_of(up.child.id());
    up.signal(Signal::SIGKILL);
    up.wait();
    eventually("every child ends with its parent", || children.iter().all(|pid| !alive(*pid)));

    let mut up = Up::start(&data.0, "127.0.0.1:0");
    let address = up.address().unwrap();
    assert_eq!(status(&get(&address, "/auth")), "200");
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn the_death_of_a_child_ends_up_with_its_name() {
    let data = Data::new("death");
    let mut up = Up::start(&data.0, "127.0.0.1:0");
    up.address().unwrap();
    let children = children_of(up.child.id());
    for pid in &children {
        if fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().contains("postgres") {
            kill(Pid::from_raw(*pid), Signal::SIGKILL).unwrap();
        }
    }
    assert_eq!(up.wait(), Some(1));
    let words = up.words();
    assert!(words.contains("postgres ended by itself"), "{words}");
    assert!(children.iter().all(|pid| !alive(*pid)));
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn a_busy_port_and_a_second_run_get_a_sentence_that_says_what_to_do() {
    let data = Data::new("busy");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut up = Up::start(&data.0, &taken.local_addr().unwrap().to_string());
    assert_eq!(up.wait(), Some(1));
    let words = up.words();
    assert!(words.contains("is taken by another program") && words.contains("--listen"), "{words}");

    let mut first = Up::start(&data.0, "127.0.0.1:0");
    first.address().unwrap();
    let mut second = Up::start(&data.0, "127.0.0.1:0");
    assert_eq!(second.wait(), Some(1));
    let words = second.words();
    assert!(words.contains("another `cargo xtask up`") && words.contains("--data-dir"), "{words}");
}

/// The address in the log of the trace viewer.
fn viewer(data: &Path) -> String {
    let log = fs::read_to_string(data.join("logs/traces.log")).unwrap();
    log.lines().find_map(|line| line.split("Serving http://").nth(1)).unwrap().trim().to_owned()
}

fn traces(viewer: &str) -> Vec<serde_json::Value> {
    let answer = get(viewer, "/api/traces");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let found: serde_json::Value = serde_json::from_str(body).unwrap();
    found["traces"].as_array().unwrap().clone()
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn with_otel_a_question_is_one_trace_from_the_browser_to_each_query() {
    let data = Data::new("otel");
    let mut up = Up::start_with(&data.0, &["--listen", "127.0.0.1:0", "--otel"]);
    let address = up.address().unwrap();
    let form = "username=Ada&password=une+phrase+assez+longue+pour+Atelier";
    assert_eq!(status(&post(&address, "/register", form)), "303");
    let signed_in = post(&address, "/auth", form);
    let cookie = signed_in.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(status(&post_as(cookie, &address, "/send", "message=une+boucle")), "200");

    let viewer = viewer(&data.0);
    let text = |span: &serde_json::Value, key: &str| span[key].as_str().unwrap_or_default().to_owned();
    let wanted = [
        ("llm", "POST /send"),
        ("llm", "execute_wasm_component llm"),
        ("auth", "execute_wasm_component auth"),
        ("auth", "spin_outbound_pg.query_async"),
    ];
    let holds = |spans: &[serde_json::Value], (service, name): (&str, &str)| {
        spans.iter().any(|span| text(span, "service") == service && text(span, "name") == name)
    };
    let embedded = std::env::var("ATELIER_RUNTIME").is_ok_and(|name| name == "embedded");
    eventually("the spans of a question", || {
        let traces = traces(&viewer);
        let spans = |trace: &serde_json::Value| trace["spans"].as_array().unwrap().clone();
        if embedded {
            traces.iter().any(|trace| wanted.iter().all(|span| holds(&spans(trace), *span)))
        } else {
            // Spin 4.1 begins a new trace for what a component calls.
            let all: Vec<_> = traces.iter().flat_map(spans).collect();
            wanted.iter().all(|(_, name)| all.iter().any(|span| text(span, "name") == *name))
        }
    });
    let page = get(&viewer, "/");
    assert!(status(&page) == "200" && page.contains("POST /send"), "{page}");
    assert!(!get(&viewer, "/api/traces").contains("une+boucle"), "what was asked is nobody's business");
    up.signal(Signal::SIGTERM);
    assert_eq!(up.wait(), Some(0));
    assert!(TcpStream::connect(&viewer).is_err(), "the viewer goes with the app");
}
