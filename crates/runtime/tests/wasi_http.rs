//! What the types of `wasi:http` allow a guest, and how bodies and trailers pass in both directions.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use support::{App, manifest};

fn app() -> App {
    App::start(&manifest("allowed_outbound_hosts = [\"http://127.0.0.1:*\"]", ""))
}

#[test]
fn a_guest_may_not_set_the_headers_of_the_connection() {
    let app = app();
    let results = |header: &str| {
        let shown = app.get(&format!("/set-header?{header}")).text();
        shown.lines().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    for name in [
        "connection",
        "Host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ] {
        let refused = "Err(HeaderError::Forbidden)";
        assert_eq!(results(&format!("{name}=x")), [refused; 4], "{name}");
    }
    for invalid in ["a@b=x", "=x", "x-a=%0A"] {
        let refused = "Err(HeaderError::InvalidSyntax)";
        assert_eq!(results(invalid)[..3], [refused, refused, refused], "{invalid}");
    }
    assert_eq!(results("x-own=1"), ["Ok(())", "Ok(())", "Ok(())", "Err(HeaderError::Immutable)"]);
}

#[test]
fn invalid_parts_of_a_request_are_refused() {
    let shown = app().get("/request-parts").text();
    let expected = [
        "connect timeout: Ok(()) Some(1000000000)",
        "timeout of the request: Err(RequestOptionsError::Immutable)",
        "method: Ok(())",
        "invalid method: Err(())",
        "authority: Ok(())",
        "invalid authority: Err(())",
        "path: Ok(())",
        "invalid path: Err(())",
        "invalid scheme: Err(())",
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_status_is_one_of_http() {
    let app = app();
    assert_eq!(app.get("/status?404").status, 404);
    for invalid in ["99", "0", "1000"] {
        assert_eq!(app.get(&format!("/status?{invalid}")).text(), "refused", "{invalid}");
    }
}

#[test]
fn a_body_that_is_shorter_than_declared_breaks_the_connection() {
    let app = app();
    let request = b"GET /short?10 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let reply = app.connect_and_send(request).read_reply(|_| {});
    assert!(!reply.is_ok_and(|reply| reply.complete));
    let reply = app.get("/short?5");
    assert_eq!((reply.text().as_str(), reply.complete), ("short", true));
}

#[test]
fn trailers_of_a_request_reach_the_guest() {
    let request = "POST /request-trailers HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\
                   trailer: x-sum\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n";
    // Dropped, it would stop, perhaps before it has read the request.
    let app = app();
    let mut connection = app.connect_and_send(request.as_bytes());
    assert_eq!(connection.read_reply(|_| {}).unwrap().text(), "4 bytes\nx-sum: 42\n");
}

#[test]
fn trailers_of_a_reply_reach_a_client_that_accepts_them() {
    let app = app();
    for (te, expected) in [("te: trailers\r\n", true), ("", false)] {
        let request = format!("GET /trailers HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{te}\r\n");
        let mut received = Vec::new();
        app.connect_and_send(request.as_bytes()).read_to_end(&mut received).unwrap();
        let received = String::from_utf8(received).unwrap();
        assert!(received.contains("with a trailer\r\n0\r\n"), "{received}");
        assert_eq!(received.ends_with("0\r\nx-checksum: 42\r\n\r\n"), expected, "{received}");
    }
}

#[test]
fn trailers_of_an_upstream_reach_the_client() {
    let reply = b"HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).unwrap() > 0);
        stream.write_all(reply).unwrap();
    });
    let request = format!(
        "GET /fetch HTTP/1.1\r\nhost: h\r\nconnection: close\r\nte: trailers\r\nx-url: http://{upstream}/\r\n\r\n"
    );
    let mut received = Vec::new();
    app().connect_and_send(request.as_bytes()).read_to_end(&mut received).unwrap();
    let received = String::from_utf8(received).unwrap();
    assert!(received.ends_with("2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"), "{received}");
}
