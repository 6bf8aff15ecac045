//! Requests that guests send: what is allowed, what is refused, and how it fails.

mod support;

use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use support::{App, guest, manifest};
use test_support::Reply;

/// Answers every connection with `answer` after reading the request's head, which it hands back.
fn server(answer: &'static [u8], pause: Duration) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (seen, heads) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = seen.clone();
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    head.push(byte[0]);
                }
                let _ = seen.send(String::from_utf8_lossy(&head).into_owned());
                std::thread::sleep(pause);
                let _ = stream.write_all(answer);
                std::thread::sleep(pause);
            });
        }
    });
    (address, heads)
}

const HELLO: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\nx-from: server\r\n\r\nhello";

fn app(hosts: &str) -> App {
    App::start(&manifest(&format!("allowed_outbound_hosts = [{hosts}]"), ""))
}

fn fetch(app: &App, url: &str, headers: &[(&str, &str)]) -> Reply {
    let mut all = vec![("x-url", url)];
    all.extend_from_slice(headers);
    app.send("POST", "/fetch", &all, b"payload")
}

#[test]
fn an_allowed_host_is_reached_and_any_other_refused() {
    let (address, heads) = server(HELLO, Duration::ZERO);
    let port = address.rsplit_once(':').unwrap().1;
    let app = app(&format!("\"http://127.0.0.1:{port}\", \"https://*.make.com\""));
    let reply = fetch(&app, &format!("http://{address}/a?b=c"), &[]);
    assert_eq!((reply.status, reply.text().as_str(), reply.header("x-from")), (201, "hello", "server"));
    let head = heads.recv().unwrap().to_ascii_lowercase();
    assert!(
        head.starts_with("post /a?b=c http/1.1\r\n") && head.contains(&format!("host: {address}\r\n")),
        "{head}"
    );
    for url in [
        format!("http://localhost:{port}/"),
        format!("http://127.0.0.1:{}/", 1),
        format!("https://127.0.0.1:{port}/"),
        "http://hook.eu1.make.com/".to_owned(),
        "https://make.com/".to_owned(),
        "https://hook.make.com.evil.example/".to_owned(),
        "http://guest.spin.internal/".to_owned(),
        "http://self.alt/uri".to_owned(),
    ] {
        let reply = fetch(&app, &url, &[]);
        assert_eq!((reply.status, reply.text().as_str()), (502, "ErrorCode::HttpRequestDenied"), "{url}");
    }
    app.logged("component guest may not connect to localhost");
}

#[test]
fn a_connection_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let counting = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for _ in 0..3 {
            let mut line = String::new();
            while std::io::BufRead::read_line(&mut reader, &mut line).unwrap() > 2 {
                line.clear();
            }
            // The body of seven bytes, chunked or not, ends with the payload.
            let mut body = Vec::new();
            let mut byte = [0];
            while !body.windows(7).any(|part| part == b"payload") {
                reader.read_exact(&mut byte).unwrap();
                body.push(byte[0]);
            }
            if body.len() > 7 {
                let mut end = [0; 7];
                reader.read_exact(&mut end).unwrap();
            }
            stream.write_all(HELLO).unwrap();
        }
    });
    let app = app("\"http://127.0.0.1:*\"");
    for _ in 0..3 {
        assert_eq!(fetch(&app, &format!("http://{address}/"), &[]).status, 201);
    }
    counting.join().unwrap();
}

#[test]
fn failures_have_wasi_https_names() {
    let (silent, _) = server(HELLO, Duration::from_secs(20));
    let (nonsense, _) = server(b"this is not HTTP\r\n\r\n", Duration::ZERO);
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let no_tls = plain.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in plain.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"this is not TLS");
        }
    });
    let (stalling, _) =
        server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", Duration::from_millis(600));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = app("\"*://*:*\"");
    for (url, headers, expected) in [
        (format!("http://{closed}/"), vec![], "ErrorCode::ConnectionRefused"),
        (format!("http://{silent}/"), vec![("x-first-byte-ms", "300")], "ErrorCode::ConnectionReadTimeout"),
        (format!("http://{nonsense}/"), vec![], "ErrorCode::HttpProtocolError"),
        (format!("https://{no_tls}/"), vec![], "ErrorCode::TlsProtocolError"),
        (
            // Connected, and silent about TLS: as in Spin, no longer a matter of connecting.
            format!("https://{silent}/"),
            vec![("x-connect-ms", "100"), ("x-first-byte-ms", "400")],
            "ErrorCode::ConnectionReadTimeout",
        ),
        ("http://no-such-host.invalid/".to_owned(), vec![], "ErrorCode::DnsError"),
    ] {
        let reply = fetch(&app, &url, &headers);
        assert_eq!(reply.status, 502, "{url}");
        assert!(reply.text().starts_with(expected), "{url}: {}", reply.text());
    }
    let reply = fetch(&app, &format!("http://{stalling}/"), &[("x-pause-ms", "200")]);
    assert_eq!((reply.status, reply.complete), (200, false), "the pause in the body was too long");
}

/// A server that would answer `HELLO`, with a certificate that no authority has signed.
fn self_signed() -> std::net::SocketAddr {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config =
        config.unwrap().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let _ = stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(HELLO));
        }
    });
    address
}

#[test]
fn a_server_with_a_false_certificate_is_told_nothing() {
    let app = app("\"https://127.0.0.1:*\"");
    let reply = fetch(&app, &format!("https://{}/", self_signed()), &[]);
    assert_eq!(reply.status, 502);
    assert!(reply.text().starts_with("ErrorCode::TlsProtocolError"), "{}", reply.text());
}

#[test]
fn one_component_calls_another_without_a_socket() {
    let text = format!(
        "spin_manifest_version = 2\n[application]\nname = \"chain\"\n[variables]\ntarget = {{ default = \"http://inner.spin.internal\" }}\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"guest\"\n\
         [[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"inner\"\n\
         [component.guest]\nsource = {0:?}\nallowed_outbound_hosts = [\"{{{{ target }}}}\"]\n[component.inner]\nsource = {0:?}\n",
        guest()
    );
    let app = App::start(&text);
    let headers = fetch(&app, "http://inner.spin.internal/deep/headers", &[]).text();
    for line in [
        "spin-path-info: /deep/headers",
        "spin-full-url: http://localhost/deep/headers",
        "spin-matched-route: /...",
        "spin-component-route: ",
        "spin-client-addr: 0.0.0.0:0",
    ] {
        assert!(headers.lines().any(|known| known == line), "{line} is not in\n{headers}");
    }
    assert_eq!(fetch(&app, "http://inner.spin.internal/echo", &[]).text(), "payload");
    assert_eq!(
        fetch(&app, "http://inner.spin.internal/uri", &[]).text(),
        "POST http://inner.spin.internal/uri"
    );
    assert_eq!(
        fetch(&app, "http://inner.spin.internal/trap", &[]).status,
        500,
        "the inner one's trap is its reply"
    );
    assert_eq!(app.get("/uri").status, 200);
    let reply = fetch(&app, "http://guest.spin.internal/uri", &[]);
    assert_eq!(reply.text(), "ErrorCode::HttpRequestDenied");
    // A private component has no route, and a client cannot claim to be a component.
    let claim = b"GET /uri HTTP/1.1\r\nhost: inner.spin.internal\r\nconnection: close\r\n\r\n";
    let refused = app.connect_and_send(claim).read_reply(|_| {});
    assert!(refused.is_err(), "such a Host is removed, and a request without one gets no answer");
}

#[test]
fn a_component_without_a_host_asks_its_own_application() {
    let app = app("\"http://self\"");
    let reply = fetch(&app, "http://self.alt/uri", &[]);
    assert_eq!(reply.text(), format!("POST http://{}/uri", app.address));
}

#[test]
fn a_reply_passes_through_as_a_stream() {
    let app = app("\"http://self\"");
    let request =
        "GET /fetch HTTP/1.1\r\nhost: h\r\nx-url: http://self.alt/slow?200\r\nconnection: close\r\n\r\n";
    let mut connection = app.connect_and_send(request.as_bytes());
    let started = std::time::Instant::now();
    let mut first = None;
    let reply = connection.read_reply(|_| {
        first.get_or_insert(started.elapsed());
    });
    let reply = reply.unwrap();
    assert!(reply.text().ends_with("piece 3\n"), "{}", reply.text());
    assert!(first.unwrap() + Duration::from_millis(400) < started.elapsed());
}
