//! The rig of the black-box tests: a database, the mocks and a runtime that serves the built
//! `.wasm`, driven over HTTP through verbs such as `sign_in` and `upload`.
//!
//! It knows the components by their routes only. Everything is synchronous: a test reads from top to
//! bottom, and races are threads.

mod app;
mod client;
mod cluster;
mod doctor;
mod guard;
mod manifest;
mod process;
mod proxy;
mod raw;
mod reply;
mod settings;
mod verbs;

pub use app::{App, Setup};
pub use client::Client;
pub use cluster::{Cluster, Database};
pub use manifest::Manifest;
pub use process::{Log, Runtime};
pub use proxy::Proxy;
pub use raw::{Wire, raw_exchange};
pub use reply::Reply;
pub use settings::{RuntimeKind, repository, spin_toml};
pub use verbs::{PASSWORD, multipart};
