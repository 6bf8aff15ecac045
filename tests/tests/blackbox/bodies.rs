//! Bodies that no form of ours sends: too large, malformed, cut short, or not HTTP at all.

use std::time::Duration;

use atelier_tests::{Connection, PASSWORD};

use crate::applications::app;

const FORM: &str = "application/x-www-form-urlencoded";

/// Sends a request byte for byte and returns what came back within five seconds; the server may refuse and close before
/// it has read everything.
fn exchange(request: &[u8], half_close: bool) -> String {
    let mut connection = Connection::to(&app().runtime.origin).unwrap();
    connection.set_read_limit(Duration::from_secs(5)).unwrap();
    let _ = connection.write(request);
    if half_close {
        let _ = connection.finish_writing();
    }
    let mut received = Vec::new();
    let _ = connection.read_to_end(&mut received);
    String::from_utf8_lossy(&received).into_owned()
}

#[test]
fn large_bodies_are_refused_without_harm() {
    let client = app().client();
    let large = format!("username=a&password={}", "x".repeat(1_000_000));
    for path in ["/auth", "/register"] {
        client.send("POST", path, &[("content-type", FORM)], large.as_bytes()).expect(413);
    }
    app().user().send("POST", "/send", &[("content-type", FORM)], large.as_bytes()).expect(413);
}

#[test]
fn malformed_bodies_are_4xx_never_5xx() {
    let user = app().user();
    for path in ["/auth", "/register", "/account", "/send", "/ocr"] {
        for (content_type, body) in [
            ("application/json", b"{\"username\":".as_slice()),
            ("application/json", b"[1,2"),
            ("application/json", &[b'['; 5000]),
            ("application/json", b"\xff\xfe"),
            ("application/json", b""),
            ("application/x-www-form-urlencoded", b"username=%zz&password=%"),
            ("application/x-www-form-urlencoded", b"username=%ff%fe&password=%c3%28"),
            ("application/x-www-form-urlencoded", b"username=a&username=b&password=c&message=d&message=e"),
            ("multipart/form-data", b"no boundary"),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--\r\n"),
            ("text/plain", b"hello"),
            ("application/xml", b"<a/>"),
            ("", b"username=a"),
        ] {
            let headers = [("content-type", content_type), ("accept", "application/json")];
            let reply = user.send("POST", path, &headers, body);
            assert!(
                (400..500).contains(&reply.status),
                "{path} {content_type} {body:?}: {} {}",
                reply.status,
                reply.text()
            );
        }
    }
}

#[test]
fn unusual_requests_do_not_trouble_the_next_one() {
    let host = app().runtime.origin.trim_start_matches("http://");
    for request in [
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET /\u{0} HTTP/1.1\r\n\r\n".to_owned(),
        format!("TRACE /auth HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET http://evil.example/auth HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("POST /auth HTTP/1.1\r\nHost: {host}\r\nContent-Length: 50\r\nConnection: close\r\n\r\ncut"),
        format!(
            "POST /ocr HTTP/1.1\r\nHost: {host}\r\nContent-Length: 500000\r\nConnection: close\r\n\r\ncut"
        ),
        format!(
            "POST /auth HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"
        ),
        format!(
            "POST /auth HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
        ),
        format!(
            "GET /auth HTTP/1.1\r\nHost: {host}\r\nX-Long: {}\r\nConnection: close\r\n\r\n",
            "x".repeat(600_000)
        ),
        format!("GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "a/".repeat(30_000)),
    ] {
        let reply = exchange(request.as_bytes(), true);
        assert!(!reply.starts_with("HTTP/1.1 2") || !reply.contains("smuggled"), "{reply}");
        app().client().get("/auth").expect(200);
    }
}

#[test]
fn trace_is_refused_and_echoes_nothing() {
    let host = app().runtime.origin.trim_start_matches("http://");
    for path in ["/auth", "/llm", "/ocr", "/nowhere"] {
        let request = format!(
            "TRACE {path} HTTP/1.1\r\nHost: {host}\r\nX-Mirror: mirror-mirror\r\nConnection: close\r\n\r\n"
        );
        let reply = exchange(request.as_bytes(), false);
        assert!(reply.starts_with("HTTP/1.1 40"), "{path}: {reply}");
        assert!(!reply.contains("mirror-mirror"), "{path}: {reply}");
    }
}

#[test]
fn a_header_that_is_not_utf_8_is_no_server_error_of_ours() {
    let host = app().runtime.origin.trim_start_matches("http://");
    let mut request =
        format!("GET /auth HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Odd: ").into_bytes();
    request.extend_from_slice(b"\xff\xfe\r\n\r\n");
    let reply = exchange(&request, false);
    // Spin itself answers 500 here; what matters is that a reply comes and the next request is served.
    assert!(reply.starts_with("HTTP/1.1 "), "{reply}");
    app().client().get("/auth").expect(200);
}

#[test]
fn a_host_header_does_not_change_where_links_lead() {
    let client = app().client();
    client.register("host-header", PASSWORD).expect_see_other("/auth");
    let fields = format!("username=host-header&password={}", PASSWORD.replace(' ', "+"));
    let headers = [("content-type", FORM), ("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let reply = client.send("POST", "/auth", &headers, fields.as_bytes());
    assert!(!format!("{:?}{}", reply.headers, reply.text()).contains("evil.example"), "{reply:?}");
}
