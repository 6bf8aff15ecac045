//! Requests that no form of ours sends: too large, malformed, cut short, or not HTTP at all.

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
fn each_malformed_body_has_its_status() {
    let user = app().user();
    let paths = ["/auth", "/register", "/account", "/send", "/ocr"];
    for (content_type, body, statuses) in [
        ("application/json", b"{\"username\":".as_slice(), [400, 400, 400, 400, 415]),
        ("application/json", b"[1,2", [400, 400, 400, 400, 415]),
        ("application/json", &[b'['; 5000], [400, 400, 400, 400, 415]),
        ("application/json", b"\xff\xfe", [400, 400, 400, 400, 415]),
        ("application/json", b"", [400, 400, 400, 400, 415]),
        // Readable: there is no such user, the rules are broken, the message is missing.
        (FORM, b"username=%zz&password=%", [401, 422, 422, 400, 415]),
        (FORM, b"username=%ff%fe&password=%c3%28", [400, 400, 400, 400, 415]),
        (FORM, b"username=a&username=b&password=c&message=d&message=e", [400, 400, 400, 400, 415]),
        ("application/json", br#"{"username":"a","password":"b","username":"c"}"#, [400, 400, 400, 400, 415]),
        ("application/json", br#"{"message":"a","mess\u0061ge":"b"}"#, [400, 400, 400, 400, 415]),
        ("multipart/form-data", b"no boundary", [415, 415, 415, 415, 415]),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--\r\n", [415, 415, 415, 415, 400]),
        ("text/plain", b"hello", [415, 415, 415, 415, 415]),
        ("application/xml", b"<a/>", [415, 415, 415, 415, 415]),
        ("", b"username=a", [415, 415, 415, 415, 415]),
    ] {
        let headers = [("content-type", content_type), ("accept", "application/json")];
        let seen = paths.map(|path| user.send("POST", path, &headers, body).status);
        assert_eq!(seen, statuses, "{content_type} {body:?} to {paths:?}");
    }
}

#[test]
fn unusual_requests_do_not_affect_the_next_one() {
    let host = app().runtime.origin.trim_start_matches("http://");
    let end = format!("Host: {host}\r\nConnection: close\r\n");
    // `None`: the server may see the end of the connection first and answer nothing.
    for (request, status) in [
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), Some(400)),
        ("nonsense\r\n\r\n".to_owned(), Some(400)),
        ("GET /\u{0} HTTP/1.1\r\n\r\n".to_owned(), Some(400)),
        (format!("TRACE /auth HTTP/1.1\r\n{end}\r\n"), None),
        (format!("GET http://evil.example/auth HTTP/1.1\r\n{end}\r\n"), None),
        (format!("POST /auth HTTP/1.1\r\n{end}Content-Length: 50\r\n\r\ncut"), None),
        (format!("POST /ocr HTTP/1.1\r\n{end}Content-Length: 500000\r\n\r\ncut"), None),
        (format!("POST /auth HTTP/1.1\r\n{end}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), Some(400)),
        (
            format!(
                "POST /auth HTTP/1.1\r\n{end}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
                 0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
            ),
            Some(415),
        ),
        (format!("GET /auth HTTP/1.1\r\n{end}X-Long: {}\r\n\r\n", "x".repeat(600_000)), Some(431)),
        (format!("GET /{} HTTP/1.1\r\n{end}\r\n", "a/".repeat(30_000)), None),
    ] {
        let reply = exchange(request.as_bytes(), true);
        let start = &request[..request.len().min(80)];
        if let Some(status) = status {
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{start}: {reply}");
        }
        assert!(!reply.contains("smuggled") && reply.matches("HTTP/1.1 ").count() <= 1, "{start}: {reply}");
        app().client().get("/auth").expect(200);
    }
}

#[test]
fn a_body_with_two_lengths_hides_no_request() {
    let host = app().runtime.origin.trim_start_matches("http://");
    let hidden = format!("GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let chunk = format!("{:x}\r\n", hidden.len());
    // By its length the body would end before what is hidden, and the connection stays open for a second request.
    let request = format!(
        "POST /auth HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         {chunk}{hidden}\r\n0\r\n\r\n",
        chunk.len()
    );
    let reply = exchange(request.as_bytes(), true);
    assert!(reply.matches("HTTP/1.1 ").count() <= 1 && !reply.contains("404"), "{reply}");
    app().client().get("/auth").expect(200);
}

#[test]
fn trace_is_refused_and_echoes_nothing() {
    let host = app().runtime.origin.trim_start_matches("http://");
    for (path, status) in [("/auth", 405), ("/llm", 405), ("/ocr", 405), ("/nowhere", 404)] {
        let request = format!(
            "TRACE {path} HTTP/1.1\r\nHost: {host}\r\nX-Mirror: mirror-mirror\r\nConnection: close\r\n\r\n"
        );
        let reply = exchange(request.as_bytes(), false);
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {reply}");
        assert!(!reply.contains("mirror-mirror"), "{path}: {reply}");
    }
}

#[test]
fn a_header_that_is_not_utf_8_is_refused_by_the_host() {
    let host = app().runtime.origin.trim_start_matches("http://");
    let mut request =
        format!("GET /auth HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Odd: ").into_bytes();
    request.extend_from_slice(b"\xff\xfe\r\n\r\n");
    let reply = exchange(&request, false);
    // From the host, before it calls a component: Spin answers so, and the embedded runtime does the same.
    assert!(reply.starts_with("HTTP/1.1 500 "), "{reply}");
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
