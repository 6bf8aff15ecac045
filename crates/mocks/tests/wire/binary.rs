use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use test_support::http::send;

/// Beside this test's own folder. Cargo also tells it in a variable, but with a hyphen in its name, which
/// compiler wrappers written for a plain shell lose.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("atelier-mocks")
}

#[test]
fn the_binary_says_where_it_listens_and_stops_on_sigterm() {
    let mut child = Command::new(program()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    let address = |name: &str| addresses[name].as_str().unwrap().to_owned();

    assert!(address("webhook_url").starts_with(&address("webhook_origin")));
    assert_eq!(send("POST", &address("webhook_url"), &[], b"{\"message\":\"boucle\"}").unwrap().status, 200);
    let model = format!("{}/v1beta/files/none", address("gemini_origin"));
    assert_eq!(send("GET", &model, &[("x-goog-api-key", "any")], b"").unwrap().status, 403);
    let chat = format!("{}/v1/chat/completions", address("openai_origin"));
    assert_eq!(send("POST", &chat, &[], b"{}").unwrap().status, 400);

    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "SIGTERM is a normal end");
}

#[test]
fn a_busy_port_and_a_bad_address_are_named() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [busy.local_addr().unwrap().to_string(), "nowhere".into()] {
        let output = Command::new(program()).arg(&address).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(&address));
    }
}
