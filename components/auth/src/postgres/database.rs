//! The least that a PostgreSQL client must do for us, with owned values of the few types the schema uses.

/// One parameter or one cell. Statements cast parameters (`$1::text::uuid`) and results (`id::text`), so that
/// these types are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
    Null,
}

/// The cells of one row, in the order of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Value>);

/// Why a statement did not run. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseError {
    /// This variable is empty.
    NotConfigured(&'static str),
    /// No connection, or none in time, or it broke.
    Unreachable(String),
    /// PostgreSQL said no.
    Rejected { sqlstate: String, constraint: Option<String>, message: String },
    /// The migrations could not be applied.
    SchemaBehind(String),
    /// A cell of another type than the code expects.
    Undecodable(String),
}

/// A connection, or what opens one when it is first needed.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Database {
    /// Runs one prepared statement and returns its rows.
    async fn query(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError>;
    /// Runs one statement without parameters or rows that may take long: a migration.
    async fn migrate(&self, sql: &str) -> Result<(), DatabaseError>;
}

impl Row {
    #[must_use]
    pub const fn new(cells: Vec<Value>) -> Self {
        Self(cells)
    }

    /// Takes the cell at `index` out as text.
    ///
    /// # Errors
    /// [`DatabaseError::Undecodable`] when there is none or it is something else; so for the other two.
    pub fn text(&mut self, index: usize) -> Result<String, DatabaseError> {
        match self.take(index) {
            Value::Text(text) => Ok(text),
            other => Err(undecodable(index, "text", &other)),
        }
    }

    /// Takes the cell at `index` out as a number.
    pub fn int(&mut self, index: usize) -> Result<i64, DatabaseError> {
        match self.take(index) {
            Value::Int(number) => Ok(number),
            other => Err(undecodable(index, "bigint", &other)),
        }
    }

    fn take(&mut self, index: usize) -> Value {
        self.0.get_mut(index).map_or(Value::Null, |cell| std::mem::replace(cell, Value::Null))
    }
}

/// Names the types only: the cell may hold a hash.
fn undecodable(index: usize, wanted: &str, found: &Value) -> DatabaseError {
    let found = match found {
        Value::Text(_) => "text",
        Value::Int(_) => "bigint",
        Value::Bytes(_) => "bytea",
        Value::Null => "nothing",
    };
    DatabaseError::Undecodable(format!("column {index}: {wanted} expected, {found} found"))
}

impl DatabaseError {
    /// Undefined table or column: this program is newer than the schema.
    #[must_use]
    pub fn means_schema_behind(&self) -> bool {
        matches!(self, Self::Rejected { sqlstate, .. } if sqlstate == "42P01" || sqlstate == "42703")
    }

    /// The server is there and cannot serve now: connection trouble (class 08), wrong credentials (28), no such
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

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(sqlstate: &str) -> DatabaseError {
        DatabaseError::Rejected { sqlstate: sqlstate.to_owned(), constraint: None, message: String::new() }
    }

    #[test]
    fn sqlstates_are_sorted_into_what_to_do_about_them() {
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
    fn a_cell_of_another_type_is_told_without_its_content() {
        let error = Row::new(vec![Value::from("secret")]).int(0).unwrap_err();
        assert_eq!(error, DatabaseError::Undecodable("column 0: bigint expected, text found".to_owned()));
    }
}
