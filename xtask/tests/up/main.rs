//! `cargo xtask up` from the outside: what a newcomer sees, and what is left behind.
//!
//! Ignored by plain `cargo test`, because it builds and runs the whole app; `cargo xtask test up` runs it.

mod otlp;
mod running;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use opentelemetry_proto::tonic::trace::v1::Span;

use running::{Data, Up, alive, children_of, eventually, left};
use test_support::Reply;

const ACCOUNT: &str = "username=Ada&password=une+phrase+assez+longue+pour+Atelier";

fn get(address: &str, path: &str) -> u16 {
    test_support::http::send("GET", &format!("{address}{path}"), &[], b"").unwrap().status
}

fn post(address: &str, path: &str, form: &str, cookie: &str) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie)];
    test_support::http::send("POST", &format!("{address}{path}"), &headers, form.as_bytes()).unwrap()
}

fn register(address: &str) -> u16 {
    post(address, "/register", ACCOUNT, "").status
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn up_serves_stops_in_good_order_and_keeps_the_data() {
    let data = Data::new("order");
    let mut up = Up::start(&data.0);
    let address = up.address();
    assert_eq!(get(&address, "/auth"), 200);
    assert_eq!(register(&address), 303);
    let children = children_of(up.child.id());
    assert_eq!(children.len(), 3, "PostgreSQL, the mocks and the runtime");
    up.signal(Signal::SIGTERM);
    assert_eq!(up.wait(), Some(0));
    assert!(children.iter().all(|pid| !alive(*pid)) && left(&data.0).is_empty(), "{:?}", left(&data.0));

    let mut up = Up::start(&data.0);
    let address = up.address();
    assert_eq!(register(&address), 409, "the account is still there");
    up.signal(Signal::SIGINT);
    assert_eq!(up.wait(), Some(0));
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn nothing_outlives_an_up_that_is_killed_and_the_next_one_recovers() {
    let data = Data::new("killed");
    let mut up = Up::start(&data.0);
    up.address();
    let children = children_of(up.child.id());
    up.signal(Signal::SIGKILL);
    up.wait();
    eventually("every child ends with its parent", || children.iter().all(|pid| !alive(*pid)));

    let mut up = Up::start(&data.0);
    let address = up.address();
    assert_eq!(get(&address, "/auth"), 200);
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn a_child_that_ends_by_itself_stops_up_and_is_named() {
    let data = Data::new("child");
    let mut up = Up::start(&data.0);
    up.address();
    let children = children_of(up.child.id());
    for pid in &children {
        if fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().contains("postgres") {
            kill(Pid::from_raw(*pid), Signal::SIGKILL).unwrap();
        }
    }
    assert_eq!(up.wait(), Some(1));
    let stderr = up.stderr();
    assert!(stderr.contains("postgres ended by itself"), "{stderr}");
    assert!(children.iter().all(|pid| !alive(*pid)));
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn a_busy_port_and_a_second_run_get_a_sentence_that_says_what_to_do() {
    let data = Data::new("busy");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut up = Up::spawn(Up::command(&data.0, &taken.local_addr().unwrap().to_string()));
    assert_eq!(up.wait(), Some(1));
    let stderr = up.stderr();
    assert!(stderr.contains("is taken by another program") && stderr.contains("--listen"), "{stderr}");

    let mut first = Up::start(&data.0);
    first.address();
    let mut second = Up::start(&data.0);
    assert_eq!(second.wait(), Some(1));
    let stderr = second.stderr();
    assert!(stderr.contains("another `cargo xtask up`") && stderr.contains("--data-dir"), "{stderr}");
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn with_otel_a_question_is_one_trace_from_the_browser_to_each_query() {
    let data = Data::new("otel");
    let receiver = otlp::Receiver::start();
    let mut command = Up::command(&data.0, "127.0.0.1:0");
    command.arg("--otel").env("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint);
    let mut up = Up::spawn(command);
    let address = up.address();
    assert_eq!(register(&address), 303);
    let signed_in = post(&address, "/auth", ACCOUNT, "").expect(303);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap();
    post(&address, "/send", "message=une+boucle", cookie).expect(200);

    let wanted = [
        "POST /send",
        "execute_wasm_component llm",
        "execute_wasm_component auth",
        "spin_outbound_pg.query_async",
    ];
    let embedded = std::env::var("ATELIER_RUNTIME").map_or(true, |name| name == "embedded");
    eventually("the spans of a question", || {
        let spans = receiver.spans();
        // Spin 4.1 begins a new trace for what a component calls.
        let of_one_question = |span: &Span, question: &Span| !embedded || span.trace_id == question.trace_id;
        spans.iter().filter(|span| span.name == "POST /send").any(|question| {
            wanted.iter().all(|name| spans.iter().any(|s| s.name == *name && of_one_question(s, question)))
        })
    });
    let text = format!("{:?}", receiver.spans());
    assert!(!text.contains("une+boucle") && !text.contains("une boucle"), "a question is private");
    up.signal(Signal::SIGTERM);
    assert_eq!(up.wait(), Some(0));
    assert!(up.stderr().contains(&format!("Traces go to {}.", receiver.endpoint)));
}

#[test]
#[ignore = "runs the whole app: `cargo xtask test up`"]
fn a_spin_on_the_path_runs_the_components_and_nothing_of_the_runtime_is_built() {
    let data = Data::new("spin");
    let programs = Data::new("programs");
    fs::create_dir_all(&programs.0).unwrap();
    let script = |name: &str, text: String| {
        let path = programs.0.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let runtime = std::env::var("ATELIER_RUNTIME_BIN").unwrap();
    // `up -f MANIFEST --listen ADDRESS` and Spin's own options.
    script(
        "spin",
        format!(
            "[ \"$1\" = up ] || {{ echo 'spin 4.1.0 (0000000 2026-10-01)'; exit; }}\nexec {runtime} \"$1\" \"$2\" \"$3\" \"$4\" \"$5\""
        ),
    );
    let calls = programs.0.join("calls");
    let cargo = std::env::var("CARGO").unwrap();
    let cargo = script("cargo", format!("echo \"$@\" >> {}\nexec {cargo} \"$@\"", calls.display()));

    let path = format!("{}:{}", programs.0.display(), std::env::var("PATH").unwrap());
    let mut command = Up::without_runtime(&data.0, "127.0.0.1:0");
    command.env("PATH", path).env("CARGO", cargo);
    let mut up = Up::spawn(command);
    let address = up.address();
    assert_eq!(get(&address, "/auth"), 200);
    let built = fs::read_to_string(calls).unwrap();
    assert!(built.contains("--package=atelier-mocks") && !built.contains("atelier-runtime"), "{built}");
}
