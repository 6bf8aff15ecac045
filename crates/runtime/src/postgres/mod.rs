//! `spin:postgres`: connections for guests.
//!
//! Every component has its own pools, one per connection string and certificate authority, of at most
//! [`pool::CONNECTIONS_MAX`] connections. A guest's connection is taken from a pool and returned when the guest drops
//! it. Statements on one connection run in the order in which they were sent, and stay prepared for its next guest.

mod host;
mod pool;
mod query;
mod tls;
mod values;

use std::sync::Arc;

use crate::allowed_hosts::AllowedHosts;

pub(crate) use host::{HasPostgres, PostgresView};
pub(crate) use pool::Pools;

/// The resource of a guest's `connection` handle.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Connection(Arc<Client>);

struct Client {
    pooled: deadpool_postgres::Object,
    /// Held until a statement has begun: one that is still to be prepared is not overtaken by one that is prepared.
    turn: tokio::sync::Mutex<()>,
}

/// The resource of a guest's `connection-builder` handle.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct ConnectionBuilder {
    /// A connection string, with its password.
    address: String,
    /// PEM text, checked when it was set.
    ca_root: Option<String>,
}

/// One instance's access to databases.
#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) allowed: Arc<AllowedHosts>,
    pub(crate) pools: Arc<Pools>,
}

impl Connection {
    fn new(pooled: deadpool_postgres::Object) -> Self {
        Self(Arc::new(Client { pooled, turn: tokio::sync::Mutex::default() }))
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}
