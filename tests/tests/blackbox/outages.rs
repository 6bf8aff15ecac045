//! Parts that fail and come back.

use std::thread;
use std::time::{Duration, Instant};

use atelier_tests::{App, Client, PASSWORD};

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn ready(client: &Client) -> bool {
    client.get_json("/auth/readyz").status == 200
}

#[test]
fn a_database_that_goes_away_and_returns() {
    let app = App::start();
    let user = app.user();
    user.get("/home").expect(200);

    app.database_proxy.cut();
    let problem = user.get_json("/auth/readyz").expect_problem(503);
    assert_eq!(problem["code"], "database_unreachable", "{problem}");
    let reply = app.client().sign_in(&user.name, PASSWORD).expect(503);
    assert!(!reply.header("retry-after").is_empty());
    user.get_json("/home").expect_problem(503);
    // Nobody is let in because nobody can say no.
    user.ask("boucle").expect_problem(503);
    user.get_json("/ocr").expect_problem(503);
    assert!(app.make.requests().is_empty());
    // What needs no database still works.
    user.get("/auth").expect(200);

    app.database_proxy.restore();
    eventually("ready again", || ready(&user));
    user.get("/home").expect(200);
    user.ask("boucle").expect(200);
}

#[test]
fn a_database_that_is_late_is_waited_for() {
    let app = App::start_with(|setup| setup.wait_until_ready = false);
    app.database_proxy.cut();
    app.client().get_json("/auth/readyz").expect_problem(503);
    app.database_proxy.restore();
    eventually("ready once the database is there", || ready(&app.client()));
    app.user().get("/home").expect(200);
}

#[test]
fn a_killed_connection_costs_at_most_one_request() {
    let app = App::start();
    let user = app.user();
    let mut admin = app.database.connect();
    admin
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE usename = current_user AND pid <> pg_backend_pid()",
        )
        .unwrap();
    let first = user.get_json("/home").status;
    assert!(first == 200 || first == 503, "{first}");
    eventually("served again", || user.get_json("/home").status == 200);
}

#[test]
fn a_component_that_traps_takes_nothing_else_down() {
    let app = App::start_with(|setup| setup.manifest.make_trap("llm"));
    let user = app.user();
    for _ in 0..3 {
        user.ask("boucle").expect(500);
        user.get("/llm").expect(500);
        user.get("/home").expect(200);
        user.get("/ocr").expect(200);
    }
    let log = app.runtime.log.text();
    assert!(log.contains("unreachable") || log.contains("trap"), "{log}");
    assert!(!user.get("/llm").text().contains("unreachable"), "the cause is for the log");
}

#[test]
fn many_at_once_neither_hang_nor_fail() {
    let app = App::start();
    let users: Vec<Client> = (0..4).map(|_| app.user()).collect();
    let start = Instant::now();
    thread::scope(|scope| {
        for number in 0..80 {
            let user = &users[number % users.len()];
            scope.spawn(move || {
                user.get("/home").expect(200);
            });
        }
    });
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn many_sign_ins_at_once_do_not_starve_the_pages() {
    let app = App::start();
    let user = app.user();
    thread::scope(|scope| {
        let storm: Vec<_> = (0..40)
            .map(|_| {
                scope.spawn(|| {
                    app.client().sign_in(&user.name, PASSWORD).expect_see_other("/home");
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(100));
        let start = Instant::now();
        user.get("/auth").expect(303);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        storm.into_iter().for_each(|one| one.join().unwrap());
    });
}
