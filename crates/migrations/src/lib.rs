//! Turns SQL files into statements that bring a PostgreSQL schema up to date, one round trip each.
//!
//! Two callers share it: auth applies its own migrations through `spin:postgres`, which sends one prepared
//! statement at a time and has no transactions, and `cargo xtask migrate` applies them through
//! `tokio-postgres`. So each migration becomes a single `DO` block, which PostgreSQL runs as one transaction:
//! take the lock, compare the checksum, apply, record. Many instances may send the same block at once.
//!
//! This crate does no I/O and knows only its own table, `schema_migrations`.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::todo)
)]

mod migration;
mod plan;
mod render;

pub use migration::Migration;
pub use plan::{Applied, Problem, pending};
pub use render::{APPLIED, CHECKSUM_MISMATCH};
