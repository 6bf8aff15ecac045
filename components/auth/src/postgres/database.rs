//! The port to a PostgreSQL client, with the few types that the statements use. None that may contain a hash or a stored
//! response has a `Debug`.

use std::time::Duration;

use super::HashingQueue;

/// One parameter of a statement, which casts it where necessary (`$1::text::uuid`).
#[derive(Clone, Copy)]
pub enum Parameter<'a> {
    Text(&'a str),
    Int(i64),
    Bytes(&'a [u8]),
    Null,
}

/// One cell of a result; statements cast other types (`id::text`).
pub enum Cell {
    Text(String),
    Int(i64),
    Null,
}

/// The cells of one row, in the order of the statement.
pub struct Row(Vec<Cell>);

/// Why a statement did not run. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseError {
    /// This variable is empty.
    NotConfigured(&'static str),
    /// No connection, no reply in time, or a broken connection.
    Unreachable(String),
    /// PostgreSQL reported an error.
    Rejected { sqlstate: String, constraint: Option<String>, message: String },
    /// The migrations could not be applied.
    SchemaBehind(String),
    /// A cell of another type than the code expects.
    Undecodable(String),
}

/// A connection, or a pool of them.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Database {
    /// Runs one prepared statement and returns its rows.
    async fn query(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, DatabaseError>;
    /// Runs a migration: one statement without parameters or rows, which may take long.
    async fn migrate(&self, sql: &str) -> Result<(), DatabaseError>;
    /// Who of this running instance of the component waits to compute a password hash.
    fn hashing_queue(&self) -> &HashingQueue;
    /// The time since some fixed moment.
    fn elapsed(&self) -> Duration;
    /// Waits without a connection.
    async fn sleep(&self, wait: Duration);
}

impl Row {
    #[must_use]
    pub const fn new(cells: Vec<Cell>) -> Self {
        Self(cells)
    }

    /// Takes the cell at `index` out as text.
    ///
    /// # Errors
    /// [`DatabaseError::Undecodable`] when it is null or of another type; so for the other two.
    pub fn text(&mut self, index: usize) -> Result<String, DatabaseError> {
        self.optional_text(index)?.ok_or_else(|| undecodable(index, "text", &Cell::Null))
    }

    /// Takes the cell at `index` out as text, or nothing when it is null.
    pub fn optional_text(&mut self, index: usize) -> Result<Option<String>, DatabaseError> {
        match self.take(index) {
            Cell::Text(text) => Ok(Some(text)),
            Cell::Null => Ok(None),
            other => Err(undecodable(index, "text", &other)),
        }
    }

    /// Takes the cell at `index` out as a number.
    pub fn int(&mut self, index: usize) -> Result<i64, DatabaseError> {
        match self.take(index) {
            Cell::Int(number) => Ok(number),
            other => Err(undecodable(index, "bigint", &other)),
        }
    }

    fn take(&mut self, index: usize) -> Cell {
        self.0.get_mut(index).map_or(Cell::Null, |cell| std::mem::replace(cell, Cell::Null))
    }
}

/// Names the types only: the content may be secret.
fn undecodable(index: usize, wanted: &str, found: &Cell) -> DatabaseError {
    let found = match found {
        Cell::Text(_) => "text",
        Cell::Int(_) => "bigint",
        Cell::Null => "nothing",
    };
    DatabaseError::Undecodable(format!("column {index}: {wanted} expected, {found} found"))
}

impl DatabaseError {
    /// Undefined table or column: the schema is older than this program.
    #[must_use]
    pub fn means_schema_behind(&self) -> bool {
        matches!(self, Self::Rejected { sqlstate, .. } if sqlstate == "42P01" || sqlstate == "42703")
    }

    /// The server replies but cannot serve now: connection failure (class 08), wrong credentials (28), no such
    /// database (3D000), out of resources (53), shutting down or starting (57P), time limits (57014, 55P03).
    #[must_use]
    pub fn means_unavailable(&self) -> bool {
        let Self::Rejected { sqlstate, .. } = self else { return matches!(self, Self::Unreachable(_)) };
        let classes = ["08", "28", "53", "57P"];
        classes.iter().any(|class| sqlstate.starts_with(class))
            || ["57014", "55P03", "3D000", "40001", "40P01", "25006"].contains(&sqlstate.as_str())
    }

    /// Whether this is the violation of the constraint `name`.
    #[must_use]
    pub fn violates(&self, name: &str) -> bool {
        matches!(self, Self::Rejected { constraint: Some(constraint), .. } if constraint == name)
    }

    pub(super) fn cause(&self) -> &str {
        match self {
            Self::NotConfigured(cause) => cause,
            Self::Unreachable(cause) | Self::SchemaBehind(cause) | Self::Undecodable(cause) => cause,
            Self::Rejected { message, .. } => message,
        }
    }
}

impl<'a> From<&'a str> for Parameter<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Parameter<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Parameter<'_> {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Parameter<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Parameter<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use static_assertions::assert_not_impl_any;

    use super::*;

    assert_not_impl_any!(Parameter<'_>: std::fmt::Debug);
    assert_not_impl_any!(Cell: std::fmt::Debug);
    assert_not_impl_any!(Row: std::fmt::Debug);

    fn rejected(sqlstate: &str) -> DatabaseError {
        DatabaseError::Rejected { sqlstate: sqlstate.to_owned(), constraint: None, message: String::new() }
    }

    #[test]
    fn sqlstates_are_classified_by_their_remedy() {
        for code in ["42P01", "42703"] {
            assert!(rejected(code).means_schema_behind() && !rejected(code).means_unavailable(), "{code}");
        }
        for code in ["08006", "28P01", "3D000", "53300", "57P01", "57P03", "57014", "55P03"] {
            assert!(rejected(code).means_unavailable() && !rejected(code).means_schema_behind(), "{code}");
        }
        for code in ["23505", "42601", "22P02"] {
            assert!(!rejected(code).means_unavailable() && !rejected(code).means_schema_behind(), "{code}");
        }
    }

    #[test]
    fn a_cell_of_another_type_is_an_error_without_its_content() {
        let error = Row::new(vec![Cell::Text("secret".to_owned())]).int(0).unwrap_err();
        assert_eq!(error, DatabaseError::Undecodable("column 0: bigint expected, text found".to_owned()));
    }
}
