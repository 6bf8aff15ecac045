//! The PostgreSQL adapter against a real server.

mod breakers;
mod client;
mod idempotency;
mod migrations;
mod quota;
mod server;
mod sessions;
mod throttles;
mod users;
