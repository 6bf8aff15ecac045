//! The ports on PostgreSQL: SQL text beside the function that runs it, over the small [`Database`] port that
//! `spin.rs` implements with `spin:postgres` and the tests with `tokio-postgres`.
//!
//! Every operation is one statement: `spin:postgres` has no transactions, and one statement is one.

mod breakers;
mod database;
mod idempotency;
mod maintenance;
mod migrate;
mod quota;
mod sessions;
mod settings;
mod throttle;
mod users;

pub use database::{Database, DatabaseError, Row, Value};
pub use migrate::MIGRATIONS;
pub use settings::{DatabaseSettings, Purpose};

use crate::store::StoreError;

/// The store: every query goes through [`PostgresStore::query`], which brings an outdated schema up to date.
#[derive(Debug)]
pub struct PostgresStore<D>(D);

impl<D: Database> PostgresStore<D> {
    #[must_use]
    pub const fn new(database: D) -> Self {
        Self(database)
    }

    /// Runs a statement. When the schema turns out to be behind, applies the migrations and runs it once more.
    async fn query(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        match self.0.query(sql, parameters.clone()).await {
            Err(error) if error.means_schema_behind() => {
                migrate::apply(&self.0).await?;
                self.0.query(sql, parameters).await
            }
            other => other,
        }
    }

    async fn first(&self, sql: &str, parameters: Vec<Value>) -> Result<Option<Row>, DatabaseError> {
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
