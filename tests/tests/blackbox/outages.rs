//! Parts that fail and recover.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use atelier_tests::{App, Client, PASSWORD, eventually};

const SIGN_INS_AT_ONCE: usize = 40;

fn ready(client: &Client) -> bool {
    client.get_json("/auth/readyz").status == 200
}

#[test]
fn a_lost_database_is_reported_and_used_again_when_it_is_back() {
    let app = App::start();
    let user = app.user();
    user.get("/home").expect(200);

    app.database_proxy.cut();
    let problem = user.get_json("/auth/readyz").expect_problem(503);
    assert_eq!(problem["code"], "database_unreachable", "{problem}");
    let reply = app.client().sign_in(&user.name, PASSWORD).expect(503);
    assert!(!reply.header("retry-after").is_empty());
    // The cause is in the log, with the id that the reply has.
    let id = reply.header("x-request-id").to_owned();
    let cause = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
        (line["request_id"] == id.as_str()).then(|| (line["level"].clone(), line["cause"].clone()))
    };
    let (level, cause) =
        app.runtime.log.wait_for(Duration::from_secs(10), cause).expect("a line with a cause");
    assert!(level == "error" && cause.as_str().is_some_and(|cause| !cause.is_empty()), "{level} {cause}");
    user.get_json("/home").expect_problem(503);
    // Access is denied unless auth confirms it.
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
fn a_database_that_starts_late_is_used_once_it_answers() {
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
    let statuses: Vec<u16> = (0..5).map(|_| user.get_json("/home").status).collect();
    // The first request may still be given the connection, when the server has not closed it yet.
    assert!([200, 503].contains(&statuses[0]) && statuses[1..] == [200; 4], "{statuses:?}");
}

#[test]
fn a_component_that_traps_does_not_affect_the_others() {
    let app = App::start_with(|setup| setup.manifest.make_trap("llm"));
    let user = app.user();
    for _ in 0..3 {
        user.ask("boucle").expect(500);
        user.get("/llm").expect(500);
        user.get("/home").expect(200);
        user.get("/ocr").expect(200);
    }
    let named = |line: &str| (line.contains("unreachable") || line.contains("trap")).then_some(());
    assert_eq!(
        app.runtime.log.wait_for(Duration::from_secs(10), named),
        Some(()),
        "{}",
        app.runtime.log.text()
    );
    assert!(!user.get("/llm").text().contains("unreachable"), "the cause is for the log");
}

#[test]
fn many_at_once_neither_hang_nor_fail() {
    let app = App::start();
    let users: Vec<Client> = (0..4).map(|_| app.user()).collect();
    thread::scope(|scope| {
        for number in 0..80 {
            let user = &users[number % users.len()];
            // One that hangs fails at the client's time limit.
            scope.spawn(move || {
                user.get("/home").expect(200);
            });
        }
    });
}

#[test]
fn many_sign_ins_at_once_do_not_starve_the_pages() {
    let app = App::start();
    let user = app.user();
    let (done, page_is_answered) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..SIGN_INS_AT_ONCE {
            scope.spawn(|| {
                for _ in 0..100 {
                    if page_is_answered.load(Ordering::SeqCst) {
                        break;
                    }
                    app.client().sign_in(&user.name, PASSWORD).expect_see_other("/home");
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        eventually("sign-ins under way", || done.load(Ordering::SeqCst) > 0);
        let before = done.load(Ordering::SeqCst);
        user.get("/auth").expect(303);
        let meanwhile = done.load(Ordering::SeqCst) - before;
        page_is_answered.store(true, Ordering::SeqCst);
        assert!(meanwhile <= SIGN_INS_AT_ONCE, "{meanwhile} sign-ins went before one page");
    });
}
