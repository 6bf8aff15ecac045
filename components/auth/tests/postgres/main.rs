//! The PostgreSQL adapter against a real server.

mod circuit;
mod client;
mod hashing;
mod idempotency;
mod metering;
mod migrations;
mod parallel;
mod quota;
mod server;
mod sessions;
mod statements;
mod throttles;
mod users;
