//! The `Database` port on tokio-postgres, as Spin's host does it: prepared statements, one at a time.

use auth::postgres::{Database, DatabaseError, PostgresStore, Row, Value};
use tokio_postgres::{
    Client, Error,
    types::{ToSql, Type},
};

use crate::server;

pub(crate) struct Native(pub(crate) Client);

impl Database for Native {
    async fn query(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        let parameters: Vec<Box<dyn ToSql + Sync>> = parameters.into_iter().map(parameter).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(AsRef::as_ref).collect();
        let rows = self.0.query(sql, &parameters).await.map_err(rejected)?;
        Ok(rows.iter().map(row).collect())
    }

    async fn migrate(&self, sql: &str) -> Result<(), DatabaseError> {
        self.0.execute(sql, &[]).await.map(|_| ()).map_err(rejected)
    }
}

fn parameter(value: Value) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Text(text) => Box::new(text),
        Value::Int(number) => Box::new(number),
        Value::Bytes(bytes) => Box::new(bytes),
        Value::Null => Box::new(None::<String>),
    }
}

fn row(row: &tokio_postgres::Row) -> Row {
    let cell = |index: usize| match *row.columns()[index].type_() {
        Type::TEXT | Type::VARCHAR => row.get::<_, Option<String>>(index).map_or(Value::Null, Value::Text),
        Type::INT8 => row.get::<_, Option<i64>>(index).map_or(Value::Null, Value::Int),
        ref other => panic!("column {index} is {other}: cast it in the statement"),
    };
    Row::new((0..row.len()).map(cell).collect())
}

fn rejected(error: Error) -> DatabaseError {
    match error.as_db_error() {
        Some(db) => DatabaseError::Rejected {
            sqlstate: db.code().code().to_owned(),
            constraint: db.constraint().map(str::to_owned),
            message: db.message().to_owned(),
        },
        None => DatabaseError::Unreachable(format!("{error:?}")),
    }
}

/// A store on a fresh database that nobody has migrated.
pub(crate) async fn fresh() -> PostgresStore<Native> {
    PostgresStore::new(Native(server::connect(&server::empty_database().await).await))
}
