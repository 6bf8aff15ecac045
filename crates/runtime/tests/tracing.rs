//! Traces: whose span a call is inside of, what is sent to a collector, and what happens without one.

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use support::{App, TIME_LIMIT, manifest};

struct Received {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// Answers every request with 200 after `pause`, and hands it over.
fn server(pause: Duration) -> (String, Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                while let Some(request) = read(&mut reader) {
                    let _ = sender.send(request);
                    std::thread::sleep(pause);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    if reader.get_mut().write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, received)
}

fn read(stream: &mut impl BufRead) -> Option<Received> {
    let mut lines = std::iter::from_fn(|| {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned()).filter(|line| !line.is_empty())
    });
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let mut body = match headers.get("content-length") {
        Some(length) => vec![0; length.parse().ok()?],
        None => vec![],
    };
    stream.read_exact(&mut body).ok()?;
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    Some(Received { path, headers, body })
}

fn app(environment: &[(&str, &str)]) -> App {
    let manifest = manifest("allowed_outbound_hosts = [\"http://127.0.0.1:*\"]", "");
    App::start_with(&manifest, &["--max-instance-concurrent-reuse-count", "64"], environment)
}

#[test]
fn a_call_belongs_to_the_request_that_made_it_also_where_requests_share_an_instance() {
    const REQUESTS: usize = 24;
    let (upstream, calls) = server(Duration::from_millis(300));
    let (collector, batches) = server(Duration::ZERO);
    let endpoint = format!("http://{collector}");
    let app = app(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "100")]);
    let trace = |number: usize| format!("{:032x}", 0xa11ce + number);
    std::thread::scope(|scope| {
        for number in 0..REQUESTS {
            let (app, url) = (&app, format!("http://{upstream}/{number}?secret=x{number}"));
            let parent = format!("00-{}-00000000000000aa-01", trace(number));
            scope.spawn(move || {
                let reply = app.send("POST", "/fetch", &[("x-url", &url), ("traceparent", &parent)], b"");
                assert_eq!(reply.status, 200, "{}", reply.text());
            });
        }
    });
    for _ in 0..REQUESTS {
        let call = calls.recv_timeout(TIME_LIMIT).unwrap();
        let number = call.path[1..].split('?').next().unwrap().parse().unwrap();
        let parts: Vec<_> = call.headers["traceparent"].split('-').collect();
        assert_eq!(parts[1], trace(number), "the call of request {number} is in its trace");
        assert_ne!(parts[2], "00000000000000aa", "and inside the runtime's own span");
    }

    let mut sent = Vec::new();
    let has = |sent: &[u8], text: &str| sent.windows(text.len()).any(|window| window == text.as_bytes());
    let start = Instant::now();
    while !has(&sent, "execute_wasm_component guest") || !has(&sent, "POST /...") {
        assert!(start.elapsed() < TIME_LIMIT, "{}", String::from_utf8_lossy(&sent));
        let batch = batches.recv_timeout(TIME_LIMIT).unwrap();
        assert_eq!(batch.path, "/v1/traces");
        assert_eq!(batch.headers["content-type"], "application/x-protobuf");
        sent.extend(batch.body);
    }
    assert!(has(&sent, "service.name") && has(&sent, "spin"));
    assert!(!has(&sent, "secret=x"), "a URL that is called may hold a secret");
}

#[test]
fn without_a_collector_nothing_is_added_to_a_call() {
    let (upstream, calls) = server(Duration::ZERO);
    let app = app(&[]);
    let url = format!("http://{upstream}/");
    assert_eq!(app.send("POST", "/fetch", &[("x-url", &url)], b"").status, 200);
    assert!(!calls.recv_timeout(TIME_LIMIT).unwrap().headers.contains_key("traceparent"));
}

#[test]
fn a_collector_that_is_gone_is_named_once_and_requests_are_answered() {
    let app =
        app(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_BSP_SCHEDULE_DELAY", "50")]);
    for _ in 0..5 {
        assert_eq!(app.get("/uri").status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
    app.logged_times("traces are lost until 127.0.0.1 takes them", 1);
}

#[test]
fn a_protocol_that_is_not_spoken_is_refused_at_the_start() {
    let grpc =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let (status, output) = support::refused(&manifest("", ""), &[], &grpc);
    assert!(status == 1 && output.contains("only sends http/protobuf"), "{output}");
}
