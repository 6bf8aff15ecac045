//! A private PostgreSQL: its own folder, port and passwords, on the loopback interface only.
//!
//! `up` keeps one in `.atelier`; `test` makes one and removes it. It has no Unix socket: their paths are limited to
//! about 100 bytes, and every client here speaks TCP. Roles and databases are made in PostgreSQL's single-user mode
//! before the server starts, so xtask compiles no PostgreSQL client.

mod binaries;
mod cluster;
mod directory;
mod files;

pub(crate) use cluster::Cluster;
pub(crate) use files::{APPLICATION, Purpose};
