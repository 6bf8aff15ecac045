//! `spin:postgres`: connections for guests.
//!
//! Every component has pools of its own, one per connection string (and certificate authority), of at most
//! [`pool::CONNECTIONS_MAX`] connections. A guest's "connection" is a loan from a pool; it goes back when the guest
//! drops it. Statements of one loan run in the order they were sent.

mod host;
mod pool;
mod query;
mod ranges;
mod tls;
mod values;

use std::sync::Arc;

use crate::allowed_hosts::AllowedHosts;

pub(crate) use host::{HasPostgres, PostgresView};
pub(crate) use pool::Pools;

/// What stands behind a guest's `connection` handle.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Connection(Arc<deadpool_postgres::Object>);

/// What stands behind a guest's `connection-builder` handle.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct ConnectionBuilder {
    address: String,
    /// PEM text, checked when it was set.
    ca_root: Option<String>,
}

/// One instance's access to databases.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    pub(crate) allowed: Arc<AllowedHosts>,
    pub(crate) pools: Arc<Pools>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}
