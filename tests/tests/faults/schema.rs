//! A migration that fails, two versions side by side, and times that a clock would have to be set for.

use std::thread;
use std::time::Duration;

use atelier_tests::{App, Database, PASSWORD};

use crate::traffic::{during, wait_until_ready};

/// What releases after this one may do to the schema: only what this one does not mind, and one table in a transaction.
/// With two, a page that joins them may hold one and wait for the other: PostgreSQL ends one of both (40P01).
const NEXT_RELEASE: [&str; 4] = [
    "ALTER TABLE users ADD COLUMN next_release text NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN next_release bigint",
    "CREATE TABLE next_release (id bigint PRIMARY KEY)",
    "INSERT INTO schema_migrations (version, name, checksum) \
     VALUES (9999, '9999_next_release.sql', 'of the next release')",
];

#[test]
fn this_version_works_beside_the_next_one() {
    let app = App::start();
    during(&app, |more| {
        for statement in NEXT_RELEASE {
            app.database.execute(statement);
        }
        more(8);
    });
    // And starts beside it, as a rolled-back release does.
    let back = App::start_with(|setup| setup.connect_to(&app.database));
    back.user().get("/home").expect(200);
}

#[test]
fn a_migration_that_failed_leaves_nothing_and_is_applied_when_its_cause_is_gone() {
    let database = Database::create();
    let migrating = |database: &Database| {
        let database = database.clone();
        App::start_with(move |setup| {
            setup.wait_until_ready = false;
            setup.connect_to(&database);
        })
    };
    let app = migrating(&database);
    let mut other = database.connect();
    wait_until_ready(&app);
    drop(app);
    database.execute(
        "DELETE FROM schema_migrations WHERE version >= 10; DROP TABLE hashing_turns; \
         CREATE TABLE hashing_turns (number int)",
    );
    let app = migrating(&database);
    // As long as somebody's table is in its place, the migration fails, and nothing of it stays.
    app.client().get_json("/auth/readyz").expect_problem(503);
    other.batch_execute("DROP TABLE hashing_turns").unwrap();
    let mut lock = other.transaction().unwrap();
    lock.batch_execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE").unwrap();
    thread::scope(|scope| {
        let client = app.client();
        let waiting = scope.spawn(move || client.get_json("/auth/readyz").status);
        thread::sleep(Duration::from_millis(500));
        assert!(!waiting.is_finished());
        lock.rollback().unwrap();
        assert_eq!(waiting.join().unwrap(), 200);
    });
    drop(app);
    migrating(&database).user().get("/home").expect(200);
}

/// Every time in the database moved is a clock moved the other way: nothing else here reads one.
fn set_the_clock_forward(database: &Database, interval: &str) {
    database.execute(&format!(
        "DO $$ DECLARE c record; BEGIN
           FOR c IN SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' AND table_name <> 'schema_migrations'
           LOOP EXECUTE format('UPDATE %I SET %I = %I - interval ''{interval}''', c.table_name, c.column_name, c.column_name);
           END LOOP; END $$"
    ));
}

#[test]
fn a_clock_that_is_set_ends_sessions_at_most() {
    let app = App::start();
    let user = app.user();
    user.ask("Une boucle ?").expect(200);
    // One hour back: nobody is signed out, locked out or charged twice.
    set_the_clock_forward(&app.database, "-1 hour");
    user.get("/home").expect(200);
    user.ask("Et à l’envers ?").expect(200);
    let again = app.client();
    again.sign_in(&user.name, PASSWORD).expect_see_other("/home");
    app.user().ask("Une boucle ?").expect(200);
    // A day ahead: the sessions have ended, the accounts are there.
    set_the_clock_forward(&app.database, "1 day");
    user.get("/home").expect(303);
    again.sign_in(&user.name, PASSWORD).expect_see_other("/home");
    again.ask("Une boucle ?").expect(200);
}
