//! Ten thousand clients that say nothing, and a runtime that is killed in the middle of an upload.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;

use atelier_tests::{App, Connection, PASSWORD, multipart};

const IDLE: usize = 10_000;
/// What the test itself needs beside them.
const OTHER_FILES: usize = 500;

#[test]
fn ten_thousand_idle_connections_leave_room_for_a_page() {
    let app = App::start();
    let user = app.user();
    let address = app.runtime.origin.trim_start_matches("http://").to_owned();
    let wanted = IDLE.min(allowed_files().saturating_sub(OTHER_FILES));
    let idle: Vec<TcpStream> = (0..wanted).map_while(|_| TcpStream::connect(&address).ok()).collect();
    assert!(idle.len() == wanted && wanted > 100, "{} of {wanted}", idle.len());
    for _ in 0..20 {
        user.get("/home").expect(200);
    }
    user.ask("Une boucle ?").expect(200);
    // Some have said the half of something.
    for mut stream in idle.iter().step_by(10) {
        let _ = stream.write_all(b"GET /home HT");
    }
    user.get("/home").expect(200);
    drop(idle);
    user.get("/home").expect(200);
}

/// How many files this process may open, after asking for as many as it may ask for.
fn allowed_files() -> usize {
    let pid = std::process::id().to_string();
    let limit = |arguments: &[&str]| Command::new("prlimit").args(["--pid", &pid]).args(arguments).output();
    let hard = limit(&["--nofile", "--noheadings", "--raw", "--output=HARD"]);
    let hard =
        hard.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let raised = limit(&[&format!("--nofile={hard}:{hard}")]).is_ok_and(|output| output.status.success());
    if raised { hard.parse().unwrap_or(usize::MAX) } else { 1024 }
}

#[test]
fn a_runtime_that_is_killed_during_an_upload_costs_the_upload_only() {
    let app = App::start();
    let user = app.user();
    let pdf = mocks::sample::pdf(&[&["Exercice 1", "Résoudre."]]);
    let (form_type, body) = multipart("file", "examen.pdf", "application/pdf", &pdf);
    let length = body.len().to_string();
    let headers =
        [("content-type", &*form_type), ("content-length", &*length), ("accept", "application/json")];
    let address = app.runtime.origin.trim_start_matches("http://").to_owned();
    let mut connection = Connection::to(&address).expect("it listens");
    connection.write(user.head("POST", "/ocr", &headers).as_bytes()).unwrap();
    connection.write(&body[..body.len() / 2]).unwrap();

    let App { runtime, database, .. } = app;
    let cookies = user.cookie_header();
    // KILL, where it is ours to say.
    drop(runtime);
    let back = App::start_with(|setup| setup.connect_to(&database));
    let again = back.client();
    for (name, value) in cookies.split("; ").filter_map(|cookie| cookie.split_once('=')) {
        again.set_cookie(name, value);
    }
    let quota = || again.get_json("/home").expect(200).json()["quotas"]["ocr"]["left"].as_i64().unwrap();
    let before = quota();
    let converted = again.upload(&pdf).expect(200).json();
    assert_eq!(quota(), before - converted["pages_charged"].as_i64().unwrap());
    back.client().sign_in(&user.name, PASSWORD).expect_see_other("/home");
}
