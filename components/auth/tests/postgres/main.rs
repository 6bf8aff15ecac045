//! The PostgreSQL adapter against a real server: `ATELIER_TEST_DATABASE_URL`, or a private one that this test
//! starts from the installed binaries and that goes away with it. With neither, the tests fail and say so.
#![expect(clippy::disallowed_methods, reason = "a test harness reads its environment and the clock")]

mod breakers;
mod client;
mod idempotency;
mod migrations;
mod quota;
mod server;
mod sessions;
mod throttles;
mod users;
