//! The ports on PostgreSQL: each statement beside the function that runs it, over the small [`Database`] port that
//! `spin.rs` implements with `spin:postgres` and the tests with `tokio-postgres`.
//!
//! An operation is one statement, because `spin:postgres` has no transactions.

/// Selected by a statement whose commit need not wait for the disk, because nobody is told of it: what it wrote is lost
/// when PostgreSQL crashes within the next 0.6 s (three times `wal_writer_delay`), and nothing else is. It holds for the
/// statement's own transaction (PostgreSQL manual, 30.4, Asynchronous Commit).
macro_rules! without_waiting_for_the_disk {
    () => {
        "set_config('synchronous_commit', 'off', true)"
    };
}

mod database;
mod hashing;
mod hashing_queue;
mod maintenance;
mod metering;
mod migrate;
mod sessions;
mod settings;
mod throttle;
mod users;

pub use database::{Cell, Database, DatabaseError, Parameter, Row};
pub use hashing_queue::HashingQueue;
pub use migrate::MIGRATIONS;
pub use settings::{DatabaseSettings, Purpose};

use crate::store_error::StoreError;

/// The store. Every statement goes through [`PostgresStore::query`].
pub struct PostgresStore<D>(D);

impl<D: Database> PostgresStore<D> {
    #[must_use]
    pub const fn new(database: D) -> Self {
        Self(database)
    }

    /// Runs a statement. When the schema is not current, applies the migrations and runs the statement again.
    async fn query(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, DatabaseError> {
        match self.0.query(sql, parameters).await {
            Err(error) if error.means_schema_behind() => {
                migrate::apply(&self.0).await?;
                self.0.query(sql, parameters).await
            }
            other => other,
        }
    }

    async fn first(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Option<Row>, DatabaseError> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::NotConfigured(variable) => Self::NotConfigured(variable),
            DatabaseError::Unreachable(cause) => Self::Unreachable(cause),
            DatabaseError::SchemaBehind(cause) => Self::SchemaBehind(cause),
            DatabaseError::Rejected { ref sqlstate, .. } if error.means_unavailable() => {
                Self::Unreachable(format!("SQLSTATE {sqlstate}: {}", error.cause()))
            }
            DatabaseError::Rejected { ref sqlstate, .. } => {
                Self::Unexpected(format!("SQLSTATE {sqlstate}: {}", error.cause()))
            }
            DatabaseError::Undecodable(cause) => Self::Unexpected(cause),
        }
    }
}
