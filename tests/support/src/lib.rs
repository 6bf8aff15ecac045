//! What the tests of several crates need: a PostgreSQL database, an HTTP client that shows what is on the wire, and
//! child processes that end with the tests.
//!
//! Every crate may use it as a development dependency, so it depends on no crate of ours and on little else: a
//! dependency that turns on a feature of a shared crate would make `cargo test` compile that crate a second time.
//! Everything is synchronous; tests that race use threads.

mod child;
mod database;
pub mod http;
mod log;
mod reply;
mod server;

pub use child::{ChildProcess, Ending};
pub use database::Database;
pub use http::Connection;
pub use log::Log;
pub use postgres::Client as DatabaseConnection;
pub use reply::Reply;
pub use server::OwnServer;
