//! Limits of what clients may take: time, connections and memory.

mod support;

use std::io::Write as _;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use support::{App, manifest};
use test_support::Connection;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const KEEP_ALIVE: &[u8] = b"GET /uri HTTP/1.1\r\nhost: h\r\n\r\n";

fn app(arguments: &[&str]) -> App {
    App::start_with(&manifest("", ""), arguments, &[])
}

/// An HTTP/2 frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The head of a GET request in HTTP/2, without the flag END_HEADERS.
fn http2_head(path: &str) -> Vec<u8> {
    let text =
        |name: u8, value: &str| [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    // HPACK (RFC 7541, appendix A): `:method: GET`, `:scheme: http`, `:path`, `:authority`.
    [vec![0x82, 0x86], text(0x04, path), text(0x01, "h")].concat()
}

fn http2_get(path: &str, end_headers: bool) -> Vec<u8> {
    const HEADERS: u8 = 1;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;
    let flags = END_STREAM | if end_headers { END_HEADERS } else { 0 };
    [PREFACE.to_vec(), frame(4, 0, 0, &[]), frame(HEADERS, flags, 1, &http2_head(path))].concat()
}

/// Waits until the server has closed a connection, which a client that does not read cannot see.
fn wait_until_closed(app: &App, connection: &Connection, case: &str) {
    let client = connection.writer().unwrap().local_addr().unwrap().port();
    let (_, server) = app.address.rsplit_once(':').unwrap();
    let ends = [format!(":{:04X}", server.parse::<u16>().unwrap()), format!(":{client:04X}")];
    let is_established = || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        table.lines().any(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            fields[1].ends_with(&ends[0]) && fields[2].ends_with(&ends[1]) && fields[3] == "01"
        })
    };
    let started = Instant::now();
    while is_established() {
        assert!(started.elapsed() < support::TIME_LIMIT, "it stays open: {case}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_connection_that_waits_for_its_client_ends() {
    let app = app(&["--client-timeout", "500ms"]);
    let cases = [
        ("nothing", Vec::new()),
        ("a part of the head", KEEP_ALIVE[..20].to_vec()),
        ("a part of the HTTP/2 preface", PREFACE[..5].to_vec()),
        ("HTTP/2 without a request", PREFACE.to_vec()),
        ("HTTP/2 without END_HEADERS", http2_get("/uri", false)),
        ("a part of an upload", b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\npart".to_vec()),
        ("a long reply that is not read", b"GET /produce?262144 HTTP/1.1\r\nhost: h\r\n\r\n".to_vec()),
        ("a long HTTP/2 reply that is not read", http2_get("/produce?262144", true)),
        ("a request, and then nothing", KEEP_ALIVE.to_vec()),
        ("an HTTP/2 request, and then nothing", http2_get("/uri", true)),
    ];
    let connections = cases.map(|(case, bytes)| (case, app.connect_and_send(&bytes)));
    for (case, connection) in &connections {
        wait_until_closed(&app, connection, case);
    }
}

#[test]
fn a_head_that_is_sent_byte_by_byte_has_the_same_limit() {
    let app = app(&["--client-timeout", "500ms"]);
    let mut connection = app.connect_and_send(b"GET /uri HTTP/1.1\r\nx-endless: ");
    let mut writer = connection.writer().unwrap();
    let sender = spawn(move || {
        let started = Instant::now();
        while writer.write_all(b"x").is_ok() {
            assert!(started.elapsed() < support::TIME_LIMIT, "the head may go on");
            sleep(Duration::from_millis(20));
        }
    });
    let mut received = Vec::new();
    let _ = connection.read_to_end(&mut received);
    assert!(received.is_empty(), "{}", String::from_utf8_lossy(&received));
    sender.join().unwrap();
}

#[test]
fn a_guest_may_work_longer_than_a_client_is_waited_for() {
    let app = app(&["--client-timeout", "500ms"]);
    assert_eq!(app.get("/sleep?2000").text(), "slept");
    let reply = app.get("/slow?1000");
    assert!(reply.complete && reply.text().ends_with("piece 3\n"), "{}", reply.text());
}

#[test]
fn a_slow_upload_is_served_while_it_goes_on() {
    let app = app(&["--client-timeout", "1s"]);
    let mut connection =
        app.connect_and_send(b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 12\r\n\r\n");
    for _ in 0..12 {
        sleep(Duration::from_millis(200));
        connection.write(b"x").unwrap();
    }
    assert_eq!(connection.read_reply(|_| {}).unwrap().text(), "12");
}

#[test]
fn a_guest_answers_an_upload_that_stops() {
    let app = app(&["--client-timeout", "500ms"]);
    let request = b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\npart";
    let reply = app.connect_and_send(request).read_reply(|_| {}).unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (502, "ErrorCode::ConnectionReadTimeout"));
}

#[test]
fn a_reply_that_is_read_slowly_is_sent_to_its_end() {
    let app = app(&["--client-timeout", "2s"]);
    let mut connection = app.connect_and_send(b"GET /produce?16384 HTTP/1.1\r\nhost: h\r\n\r\n");
    let mut pieces: u32 = 0;
    let started = Instant::now();
    let reply = connection.read_reply(|_| {
        pieces += 1;
        if pieces.is_multiple_of(256) {
            sleep(Duration::from_millis(100));
        }
    });
    let reply = reply.unwrap();
    assert!(reply.complete && reply.body.len() == 16 << 20, "{} bytes", reply.body.len());
    assert!(started.elapsed() > Duration::from_secs(4), "{pieces} pieces in {:?}", started.elapsed());
}

#[test]
fn a_new_connection_takes_the_place_of_an_idle_one() {
    let app = app(&["--max-connections", "2"]);
    let mut idle = [app.connect_and_send(KEEP_ALIVE), app.connect_and_send(KEEP_ALIVE)];
    for connection in &mut idle {
        assert_eq!(connection.read_reply(|_| {}).unwrap().status, 200);
    }
    let started = Instant::now();
    assert_eq!(app.get("/uri").status, 200);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    app.logged("as many connections as --max-connections allows are open");
}

#[test]
fn a_new_connection_waits_for_one_with_a_request_to_end() {
    let app = app(&["--max-connections", "1"]);
    let mut busy = app.connect_and_send(b"GET /sleep?4000 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    sleep(Duration::from_millis(500));
    let started = Instant::now();
    assert_eq!(app.get("/uri").status, 200);
    assert!(started.elapsed() > Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(busy.read_reply(|_| {}).unwrap().text(), "slept");
}

#[test]
fn the_head_of_a_request_has_a_limit() {
    let app = app(&[]);
    for (kib, status) in [(60, 200), (65, 431)] {
        let value = "x".repeat(kib << 10);
        assert_eq!(app.send("GET", "/uri", &[("x-long", &value)], b"").status, status, "{kib} KiB");
    }
}

#[test]
fn replies_that_are_not_read_take_bounded_memory() {
    const CLIENTS: usize = 24;
    const MIB: usize = 1 << 20;
    let app = app(&[]);
    app.get("/uri");
    let (before, _) = app.resident();
    // 256 MiB each. The last chunks that fit are sent within the first second.
    let request = b"GET /produce?262144 HTTP/1.1\r\nhost: h\r\n\r\n";
    let http1: Vec<_> = (0..CLIENTS).map(|_| app.connect_and_send(request)).collect();
    let http2: Vec<_> =
        (0..CLIENTS).map(|_| app.connect_and_send(&http2_get("/produce?262144", true))).collect();
    sleep(Duration::from_secs(2));
    let (_, most) = app.resident();
    println!("{} + {} clients: from {} to {} KiB", http1.len(), http2.len(), before >> 10, most >> 10);
    assert!(most < before + 32 * MIB, "{} MiB grew to {} MiB", before / MIB, most / MIB);
}
