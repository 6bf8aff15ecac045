//! Why storage failed.

/// Why an operation failed. The texts are for the log; none contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// This variable is empty.
    NotConfigured(&'static str),
    /// No connection, no reply in time, or a broken connection.
    Unreachable(String),
    /// The schema is not current, and the migrations failed.
    SchemaBehind(String),
    /// A bug.
    Unexpected(String),
}
