//! Migrations: the first request applies them, and many at once apply them once.

use std::thread;

use atelier_tests::{App, Database, Setup};

use crate::applications::app;

const APPLIED: &str = "SELECT count(*) FROM schema_migrations";

/// The files in the repository.
fn files() -> usize {
    let folder = atelier_tests::repository().join("components/auth/migrations");
    std::fs::read_dir(folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some())
        .count()
}

#[test]
fn many_instances_at_once_apply_each_migration_once() {
    let database = Database::create();
    let unready = |setup: &mut Setup| {
        setup.wait_until_ready = false;
        setup.connect_to(&database);
    };
    let apps: Vec<App> = (0..3).map(|_| App::start_with(unready)).collect();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let calls: Vec<_> = apps
            .iter()
            .flat_map(|app| (0..6).map(move |_| app))
            .map(|app| scope.spawn(|| app.client().get_json("/auth/readyz").status))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(database.value(APPLIED), Some(files().to_string()));
}

#[test]
fn the_first_request_migrates_a_fresh_database() {
    let app = App::start_with(|setup| setup.wait_until_ready = false);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(app.database.value(tables).as_deref(), Some("0"));
    app.user().get("/home").expect(200);
    assert_eq!(app.database.value(APPLIED), Some(files().to_string()));
}

#[test]
fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
    let database = App::start().database;
    database.execute("UPDATE schema_migrations SET checksum = 'tampered' WHERE version = 1");
    let app = App::start_with(|setup| {
        setup.wait_until_ready = false;
        setup.connect_to(&database);
    });
    app.client().get_json("/auth/readyz").expect_problem(503);
}

#[test]
fn every_migration_is_recorded_with_its_checksum() {
    assert_eq!(app().database.value(APPLIED), Some(files().to_string()));
    let empty = "SELECT count(*) FROM schema_migrations WHERE checksum IS NULL OR length(checksum) < 32";
    assert_eq!(app().database.value(empty).as_deref(), Some("0"));
}
