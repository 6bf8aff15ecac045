//! Few passwords are hashed at once, by all instances together, and whoever cannot wait is told when to come back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use atelier_tests::{App, PASSWORD};

const SIGN_INS_AT_ONCE: usize = 60;
/// The rows of the migration.
const HASHES_AT_ONCE: i64 = 4;

fn taken(app: &App, kind: &str) -> i64 {
    let count = "SELECT count(*)::text FROM hashing_turns WHERE taken_until > clock_timestamp() AND kind = ";
    app.database.value(&format!("{count}'{kind}'")).and_then(|count| count.parse().ok()).unwrap_or(-1)
}

#[test]
fn many_sign_ins_at_once_compute_few_hashes_and_are_all_answered() {
    let app = App::start();
    let users: Vec<_> = (0..4).map(|_| app.user()).collect();
    let done = AtomicBool::new(false);
    let (hashing, waiting) = thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut most = (0, 0);
            while !done.load(Ordering::SeqCst) {
                most = (most.0.max(taken(&app, "hash")), most.1.max(taken(&app, "wait")));
            }
            most
        });
        let sign_ins: Vec<_> = (0..SIGN_INS_AT_ONCE)
            .map(|number| {
                let (app, name) = (&app, &users[number % users.len()].name);
                scope.spawn(move || app.client().sign_in(name, PASSWORD))
            })
            .collect();
        for reply in sign_ins {
            let reply = reply.join().expect("a reply");
            let turned_away = reply.status == 503 && !reply.header("retry-after").is_empty();
            assert!(reply.status == 303 || turned_away, "{} {}", reply.status, reply.text());
        }
        done.store(true, Ordering::SeqCst);
        watching.join().expect("the count")
    });
    assert!((1..=HASHES_AT_ONCE).contains(&hashing), "{hashing} at once");
    assert!(waiting > 0, "nobody waited, so nothing was bounded");
    assert_eq!((taken(&app, "hash"), taken(&app, "wait")), (0, 0), "all turns are given back");
}

#[test]
fn who_cannot_wait_is_told_when_to_come_back_and_keeps_the_name() {
    let app = App::start();
    let user = app.user();
    let mut database = app.database.connect();
    database.batch_execute("UPDATE hashing_turns SET taken_until = 'infinity'").unwrap();
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
    database.batch_execute("UPDATE hashing_turns SET taken_until = '-infinity'").unwrap();
    app.client().sign_in(&user.name, PASSWORD).expect_see_other("/home");
}
