//! Requests, streams, traps and the stop, against the real program.

mod support;

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::{App, manifest};
use test_support::http;

fn app() -> App {
    App::start(&manifest("", ""))
}

#[test]
fn a_reply_is_chunked_and_has_no_length() {
    let reply = app().get("/uri");
    assert_eq!((reply.status, reply.header("transfer-encoding")), (200, "chunked"));
    assert_eq!(reply.header("content-length"), "");
    assert!(reply.complete);
}

#[test]
fn the_guest_sees_an_absolute_uri_and_spins_headers() {
    let app = App::start(&format!(
        "{}\n[[trigger.http]]\nroute = \"/api/:version/...\"\ncomponent = \"guest\"\n",
        manifest("", "")
    ));
    let host = app.address.clone();
    assert_eq!(app.get("/a/uri?x=1").text(), format!("GET http://{host}/a/uri?x=1"));
    let headers =
        app.send("POST", "/api/v2/deep/headers?k=1", &[("X-Own", "1"), ("connection", "close")], b"").text();
    for line in [
        "x-own: 1".to_owned(),
        format!("host: {host}"),
        "spin-path-info: /deep/headers".to_owned(),
        format!("spin-full-url: http://{host}/api/v2/deep/headers?k=1"),
        "spin-matched-route: /api/:version/...".to_owned(),
        "spin-base-path: /".to_owned(),
        "spin-raw-component-route: /api/:version/...".to_owned(),
        "spin-component-route: /api/:version".to_owned(),
        "spin-path-match-version: v2".to_owned(),
    ] {
        assert!(headers.lines().any(|known| known == line), "{line} is not in\n{headers}");
    }
    assert!(!headers.contains("connection:"), "{headers}");
}

#[test]
fn a_forged_client_address_comes_before_the_true_one() {
    let headers = app().send("GET", "/headers", &[("spin-client-addr", "9.9.9.9:1")], b"").text();
    let seen: Vec<_> = headers.lines().filter_map(|line| line.strip_prefix("spin-client-addr: ")).collect();
    assert_eq!((seen.len(), seen[0]), (2, "9.9.9.9:1"), "{headers}");
    assert!(seen[1].starts_with("127.0.0.1:"), "{headers}");
}

#[test]
fn health_and_info_are_answered_by_the_runtime_and_nothing_else_there() {
    let app = app();
    let health = app.get("/.well-known/spin/health");
    assert_eq!((health.status, health.text().as_str()), (200, "OK"));
    let info = app.get("/.well-known/spin/info");
    assert_eq!(info.header("content-type"), "application/json");
    assert!(info.text().contains("\"name\": \"test\"") && info.text().contains("\"version\": \"0.1.2\""));
    assert_eq!(app.get("/.well-known/spin/other").status, 404);
}

#[test]
fn a_path_without_a_route_is_404() {
    let app = App::start(&manifest("", "").replace("/...", "/only"));
    assert_eq!(app.get("/only").status, 502, "the guest has no action `only`");
    let reply = app.get("/other");
    assert_eq!((reply.status, reply.body.len()), (404, 0));
}

#[test]
fn a_header_that_is_not_utf_8_is_answered_with_500() {
    let app = app();
    let request = b"GET /uri HTTP/1.1\r\nhost: h\r\nx-latin: caf\xe9\r\nconnection: close\r\n\r\n";
    let reply = app.connect_and_send(request).read_reply(|_| {}).unwrap();
    assert_eq!((reply.status, reply.body.len()), (500, 0));
    app.logged("x-latin");
}

#[test]
fn the_runtimes_own_replies_have_security_headers() {
    let app = App::start(&manifest("", "").replace("/...", "/only/..."));
    let not_utf_8 = b"GET /only/uri HTTP/1.1\r\nhost: h\r\nx-latin: caf\xe9\r\nconnection: close\r\n\r\n";
    let not_utf_8 = app.connect_and_send(not_utf_8).read_reply(|_| {}).unwrap();
    let paths = [
        "/.well-known/spin/health",
        "/.well-known/spin/info",
        "/.well-known/spin/other",
        "/other",
        "/only/trap",
    ];
    for reply in paths.map(|path| app.get(path)).iter().chain([&not_utf_8]) {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(reply.all(name), [value], "{}", reply.request);
        }
    }
    let reply = app.get("/only/uri");
    assert_eq!((reply.status, reply.header("x-content-type-options")), (200, ""), "a guest sets its own");
}

#[test]
fn an_upgrade_is_not_taken() {
    let app = app();
    for protocol in ["websocket", "h2c"] {
        let headers =
            [("connection", "upgrade"), ("upgrade", protocol), ("http2-settings", "AAMAAABkAAQAAP__")];
        let head = http::head("GET", "/uri", &[&headers[..], &[("host", "h")]].concat());
        let mut connection = app.connect_and_send(head.as_bytes());
        for _ in 0..2 {
            let reply = connection.read_reply(|_| {}).unwrap();
            assert_eq!((reply.status, reply.text().as_str()), (200, "GET http://h/uri"), "{protocol}");
            connection.write(head.as_bytes()).unwrap();
        }
    }
}

#[test]
fn a_request_without_a_host_gets_no_answer() {
    let app = app();
    assert!(app.connect_and_send(b"GET /uri HTTP/1.0\r\n\r\n").read_reply(|_| {}).is_err());
    app.logged("no 'Host' header");
    assert_eq!(app.get("/uri").status, 200);
}

#[test]
fn fifty_megabytes_pass_through_the_guest_in_bounded_memory() {
    let app = app();
    app.get("/uri");
    let (before, _) = app.resident();
    let size = 50 << 20;
    for path in ["/echo", "/count"] {
        let mut connection = app.connect();
        let mut writer = connection.writer().unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: h\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n");
        let sending = std::thread::spawn(move || {
            writer.write_all(head.as_bytes()).unwrap();
            let block: Vec<u8> = (0..1 << 20).map(|n| (n % 251) as u8).collect();
            for _ in 0..50 {
                writer.write_all(&block).unwrap();
            }
        });
        let reply = connection.read_reply(|_| {}).unwrap();
        sending.join().unwrap();
        assert!(reply.complete, "{path}");
        match path {
            "/echo" => {
                assert_eq!(reply.body.len(), size);
                assert!(
                    reply
                        .body
                        .chunks(1 << 20)
                        .all(|block| block.iter().zip(0..).all(|(b, n)| *b == (n % 251) as u8))
                );
            }
            _ => assert_eq!(reply.text(), size.to_string()),
        }
    }
    let (_, most) = app.resident();
    assert!(most < before + (32 << 20), "{} MiB grew to {} MiB", before >> 20, most >> 20);
}

#[test]
fn a_slow_reader_holds_the_guest_back() {
    let app = app();
    app.get("/uri");
    let (before, _) = app.resident();
    // 256 MiB, of which nothing is read.
    let _connection = app.connect_and_send(b"GET /produce?262144 HTTP/1.1\r\nhost: h\r\n\r\n");
    std::thread::sleep(Duration::from_secs(1));
    let (_, most) = app.resident();
    assert!(most < before + (32 << 20), "{} MiB grew to {} MiB", before >> 20, most >> 20);
}

#[test]
fn pieces_of_a_reply_arrive_when_they_are_made() {
    let app = app();
    let mut connection =
        app.connect_and_send(b"GET /slow?200 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    let started = Instant::now();
    let mut arrivals = Vec::new();
    let reply = connection.read_reply(|_| arrivals.push(started.elapsed())).unwrap();
    assert_eq!(reply.text(), "piece 0\npiece 1\npiece 2\npiece 3\n");
    assert!(arrivals.len() >= 4 && arrivals[0] + Duration::from_millis(400) < arrivals[3], "{arrivals:?}");
}

#[test]
fn an_upload_is_echoed_before_it_ends() {
    let app = app();
    let mut connection = app.connect_and_send(
        b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    );
    let mut later = connection.writer().unwrap();
    let mut pieces = Vec::new();
    let reply = connection.read_reply(|piece| {
        if pieces.is_empty() {
            later.write_all(b"6\r\nsecond\r\n0\r\n\r\n").unwrap();
        }
        pieces.push(piece.to_vec());
    });
    reply.unwrap();
    assert_eq!(pieces.concat(), b"firstsecond");
}

#[test]
fn a_trap_is_a_500_with_one_log_line_and_the_next_request_is_fine() {
    let app = app();
    for (path, failures) in [("/trap", 1), ("/panic", 2)] {
        let reply = app.get(path);
        assert_eq!((reply.status, reply.body.len()), (500, 0), "{path}");
        let line = "component guest failed, its instance is dropped: wasm trap: wasm `unreachable`";
        app.logged_times(line, failures);
        assert_eq!(app.get("/uri").status, 200);
    }
    assert!(
        app.log().contains("guest: ") && app.log().contains("the guest panics on purpose"),
        "{}",
        app.log()
    );
}

#[test]
fn a_trap_ends_the_requests_of_its_instance_and_no_others() {
    let app = App::start(&manifest("", "[[trigger.http]]\nroute = \"/b/...\"\ncomponent = \"other\"\n[component.other]\nsource = \"SOURCE\"").replace("SOURCE", &support::guest().display().to_string()));
    std::thread::scope(|scope| {
        let sibling = scope.spawn(|| app.get("/sleep?1500").status);
        let stranger = scope.spawn(|| app.get("/b/sleep?1500").status);
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(app.get("/trap").status, 500);
        assert_eq!(sibling.join().unwrap(), 500, "it shared the instance, as under Spin");
        assert_eq!(stranger.join().unwrap(), 200);
    });
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_a_whole_one() {
    let app = app();
    let reply = app.get("/break");
    assert_eq!((reply.status, reply.complete), (200, false));
    assert_eq!(app.get("/uri").status, 200);
}

#[test]
fn a_guest_that_returns_an_error_code_is_a_500() {
    let app = app();
    assert_eq!(app.get("/refuse").status, 500);
    app.logged("component guest did not respond");
}

#[test]
fn an_instance_serves_as_many_requests_as_it_is_told_to() {
    let app = App::start_with(&manifest("", ""), &["--max-instance-reuse-count", "3"], &[]);
    let seen: Vec<_> = (0..7).map(|_| app.get("/instance").text()).collect();
    assert_eq!(seen, ["0", "1", "2", "0", "1", "2", "0"]);
}

#[test]
fn an_idle_instance_is_let_go() {
    let app = App::start_with(&manifest("", ""), &["--idle-instance-timeout", "100ms"], &[]);
    assert_eq!((app.get("/instance").text(), app.get("/instance").text()), ("0".to_owned(), "1".to_owned()));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(app.get("/instance").text(), "0");
}

#[test]
fn requests_share_an_instance_up_to_the_limit() {
    let app = App::start_with(&manifest("", ""), &["--max-instance-concurrent-reuse-count", "2"], &[]);
    std::thread::scope(|scope| {
        let started = Instant::now();
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| app.get("/sleep?300").status)).collect();
        assert!(waiting.into_iter().all(|one| one.join().unwrap() == 200));
        assert!(started.elapsed() < Duration::from_millis(2000), "they ran one after the other");
    });
}

#[test]
fn requests_that_arrive_together_share_the_instances_they_need() {
    let app = App::start_with(&manifest("", ""), &["--max-instance-concurrent-reuse-count", "16"], &[]);
    let replies = std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..160).map(|_| scope.spawn(|| app.get("/instance?2000").text())).collect();
        waiting.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    let instances = replies.iter().filter(|before| *before == "0").count();
    assert!((10..=20).contains(&instances), "{instances} instances, of which ten serve 160 requests");
}

#[test]
fn a_request_that_takes_too_long_is_a_500_even_when_it_computes() {
    let app = App::start_with(&manifest("", ""), &["--request-timeout", "300ms"], &[]);
    for path in ["/sleep?20000", "/compute?20000"] {
        let started = Instant::now();
        assert_eq!(app.get(path).status, 500, "{path}");
        assert!(started.elapsed() < Duration::from_secs(10), "{path}");
    }
    assert_eq!(app.get("/uri").status, 200);
}

#[test]
fn a_guest_that_computes_leaves_room_for_others() {
    let app = app();
    let ended = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (app, ended) = (&app, &ended);
            scope.spawn(move || {
                app.get("/compute?4000");
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(app.get("/uri").status, 200);
        assert_eq!(ended.load(Ordering::Relaxed), 0, "the guests still compute");
    });
}

#[test]
fn memory_beyond_the_limit_ends_the_instance_only() {
    let app = App::start_with(&manifest("", ""), &[], &[("SPIN_MAX_INSTANCE_MEMORY", "33554432")]);
    assert_eq!(app.get("/allocate?8").text(), (8 << 20).to_string());
    assert_eq!(app.get("/allocate?64").status, 500);
    assert_eq!(app.get("/allocate?8").status, 200);
}

#[test]
fn a_guest_has_its_variables_and_environment_and_no_files_or_sockets() {
    let app = App::start_with(
        &manifest(
            "environment = { GREETING = \"hi\" }",
            "[variables]\nplace = { default = \"here\" }\n[component.guest.variables]\nwhere = \"over {{ place }}\"",
        ),
        &[],
        &[("SPIN_VARIABLE_PLACE", "there"), ("HOST_SECRET", "x")],
    );
    assert_eq!(app.get("/variable?where").text(), "over there");
    assert_eq!(
        app.get("/variable?place").text(),
        r#"Error::Undefined("no variable for \"guest\".\"place\"")"#
    );
    assert!(app.get("/variable?Not-a-name").text().starts_with("Error::InvalidName("));
    assert_eq!(app.get("/environment").text(), r#"[("GREETING", "hi")] 0"#);
    assert_eq!(app.get("/file?/etc/passwd").status, 502);
    assert_eq!(app.get(&format!("/socket?{}", app.address)).status, 502);
}

#[test]
fn what_a_guest_prints_is_logged_line_by_line_with_its_name() {
    let app = App::start_with(&manifest("", ""), &["--idle-instance-timeout", "50ms"], &[]);
    app.get("/print?hello");
    for line in ["guest: without a line break", "guest: to stdout: hello", "guest: to stderr: hello"] {
        app.logged(line);
    }
    let quiet = App::start_with(&manifest("", ""), &["--quiet"], &[]);
    quiet.get("/print?hello");
    quiet.get("/trap");
    quiet.logged("component guest failed");
    assert!(!quiet.log().contains("hello"));
}

#[test]
fn the_stop_lets_a_request_finish_and_takes_no_new_ones() {
    for signal in ["TERM", "INT"] {
        let app = app();
        let mut connection = app.connect_and_send(b"GET /sleep?1500 HTTP/1.1\r\nhost: h\r\n\r\n");
        std::thread::sleep(Duration::from_millis(500));
        app.signal(signal);
        std::thread::sleep(Duration::from_millis(300));
        assert!(test_support::Connection::to(&app.address).is_err(), "SIG{signal}: it still accepts");
        let reply = connection.read_reply(|_| {}).expect("the request in flight is answered");
        assert_eq!((reply.status, reply.text().as_str()), (200, "slept"));
        assert_eq!(app.wait(), 0);
    }
}

#[test]
fn a_mounted_folder_can_be_read_and_neither_written_nor_left() {
    let folder = std::env::temp_dir().join(format!("atelier-runtime-files-{}", std::process::id()));
    let (inside, secret) = (folder.join("static/deep"), folder.join("secret"));
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::write(inside.join("a.txt"), "a\u{e9}").unwrap();
    std::fs::write(&secret, "secret").unwrap();
    std::os::unix::fs::symlink(&secret, inside.join("link")).unwrap();
    let source = folder.join("static");
    let app = App::start(&manifest(
        &format!(
            "files = [{{ source = {source:?}, destination = \"/served\" }}, {{ source = {inside:?}, destination = \"more\" }}]"
        ),
        "",
    ));
    for path in ["/served/deep/a.txt", "/more/a.txt", "/served/deep/../deep/a.txt"] {
        let reply = app.get(&format!("/file?{path}"));
        assert_eq!((reply.status, reply.text().as_str()), (200, "a\u{e9}"), "{path}");
    }
    for path in ["/served/deep/link", "/served/../secret", "/secret", "/etc/passwd", "/served/none"] {
        let reply = app.get(&format!("/file?{path}"));
        assert!(reply.status == 502 && !reply.text().contains("secret"), "{path}: {}", reply.text());
    }
    for path in ["/served/deep/a.txt", "/served/new.txt"] {
        assert_eq!(app.get(&format!("/write-file?{path}")).status, 502, "{path}");
    }
    assert_eq!(std::fs::read_to_string(inside.join("a.txt")).unwrap(), "a\u{e9}");
    assert!(!source.join("new.txt").exists());
    std::fs::remove_dir_all(folder).unwrap();
}
