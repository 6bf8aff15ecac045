//! Few passwords are hashed at once, by all instances together, and whoever cannot wait is told when to come back.

use std::thread::{self, ScopedJoinHandle};

use atelier_tests::{App, PASSWORD, eventually};

const SIGN_INS_AT_ONCE: usize = 60;
/// The rows of the migration.
const HASHES_AT_ONCE: i64 = 4;
/// Nobody's turn lasts longer.
const TAKEN: &str = "clock_timestamp() + interval '9 seconds'";

fn taken(app: &App, kind: &str) -> i64 {
    let count = "SELECT count(*)::text FROM hashing_turns WHERE taken_until > clock_timestamp() AND kind = ";
    app.database.value(&format!("{count}'{kind}'")).and_then(|count| count.parse().ok()).unwrap_or(-1)
}

fn set(app: &App, kind: &str, until: &str) {
    let set = format!("UPDATE hashing_turns SET taken_until = {until} WHERE kind LIKE '{kind}'");
    app.database.connect().batch_execute(&set).unwrap();
}

#[test]
fn many_sign_ins_at_once_compute_few_hashes_and_are_all_answered() {
    let app = App::start();
    let users: Vec<_> = (0..4).map(|_| app.user()).collect();
    set(&app, "hash", TAKEN);
    let most = thread::scope(|scope| {
        let sign_ins: Vec<_> = (0..SIGN_INS_AT_ONCE)
            .map(|number| {
                let (app, name) = (&app, &users[number % users.len()].name);
                scope.spawn(move || {
                    let reply = app.client().sign_in(name, PASSWORD);
                    let turned_away = reply.status == 503 && !reply.header("retry-after").is_empty();
                    assert!(reply.status == 303 || turned_away, "{} {}", reply.status, reply.text());
                })
            })
            .collect();
        eventually("an instance waits for a turn", || taken(&app, "wait") > 0);
        assert!(!sign_ins.iter().any(ScopedJoinHandle::is_finished), "a hash without a turn");
        set(&app, "hash", "'-infinity'");
        let mut most = 0;
        while !sign_ins.iter().all(ScopedJoinHandle::is_finished) {
            most = most.max(taken(&app, "hash"));
        }
        most
    });
    assert!((1..=HASHES_AT_ONCE).contains(&most), "{most} at once");
    eventually("all turns and places are given back", || {
        (taken(&app, "hash"), taken(&app, "wait")) == (0, 0)
    });
}

#[test]
fn who_cannot_wait_is_told_when_to_come_back_and_keeps_the_name() {
    let app = App::start();
    let user = app.user();
    set(&app, "%", TAKEN);
    for (language, sentence) in
        [("fr", "Beaucoup de personnes se connectent en ce moment"), ("en", "Many people are signing in")]
    {
        let form = format!("username={}&password={}", "alice", PASSWORD.replace(' ', "+"));
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = [kind, ("accept", "text/html"), ("accept-language", language)];
        let reply = app.client().send("POST", "/auth", &headers, form.as_bytes()).expect(503);
        assert_eq!(reply.header("retry-after"), "5");
        assert!(
            reply.text().contains(sentence) && reply.text().contains("value=\"alice\""),
            "{}",
            reply.text()
        );
    }
    user.get("/home").expect(200);
    set(&app, "%", "'-infinity'");
    app.client().sign_in(&user.name, PASSWORD).expect_see_other("/home");
}
