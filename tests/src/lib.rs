//! The harness of the black-box tests: a database, the mocks and a runtime that serves the built `.wasm`, driven over
//! HTTP through what users do, such as `sign_in` and `upload`; and what the tests of the tree itself read.
//!
//! It knows the components by their routes only. Everything is synchronous; tests that race use threads.

mod application;
mod client;
mod imports;
mod manifest;
mod questions;
mod runtime;
mod settings;
mod tcp_proxy;
mod trapping_component;
mod user_actions;
mod waiting;
mod workspace;

pub use application::{App, Setup};
pub use client::Client;
pub use imports::import_circles;
pub use manifest::Manifest;
pub use questions::{events, read_until};
pub use runtime::Runtime;
pub use settings::spin_toml;
pub use tcp_proxy::TcpProxy;
pub use test_support::{Connection, Database, DatabaseConnection, Log, OwnServer, Reply, http};
pub use user_actions::{PASSWORD, multipart};
pub use waiting::{eventually, question_has_arrived};
pub use workspace::{files, packages, read, read_toml, repository};
