//! The `Database` port on tokio-postgres, as Spin's host does it: prepared statements, one at a time.

use std::{
    cell::Cell as Counter,
    error::Error as StdError,
    rc::Rc,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use auth::postgres::{Cell, Database, DatabaseError, HashingQueue, Parameter, PostgresStore, Row};
use bytes::BytesMut;
use tokio_postgres::{
    Client, Config, Error,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::server;

pub(crate) struct Native {
    client: Client,
    statements: Rc<Counter<usize>>,
    /// Commits that waited for the disk; `None`: not counted.
    waits: Option<Rc<Counter<usize>>>,
    queue: HashingQueue,
    started: tokio::time::Instant,
}

impl Native {
    /// An instance of its own.
    pub(crate) async fn connect(config: &Config) -> Self {
        static NUMBER: AtomicU8 = AtomicU8::new(1);
        let queue = HashingQueue::new([NUMBER.fetch_add(1, Ordering::Relaxed); 16]);
        let client = server::connect(config).await;
        let started = tokio::time::Instant::now();
        Self { client, statements: Rc::default(), waits: None, queue, started }
    }

    /// Counts the statements of requests, without migrations.
    pub(crate) fn statements(&self) -> Rc<Counter<usize>> {
        Rc::clone(&self.statements)
    }

    /// Counts the statements whose commit waits for the disk.
    pub(crate) fn waits(&mut self) -> Rc<Counter<usize>> {
        Rc::clone(self.waits.get_or_insert_default())
    }

    /// The rows of a statement in a transaction of its own, as without one.
    async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        let Some(waits) = &self.waits else { return self.client.query(sql, parameters).await };
        self.client.batch_execute("BEGIN; SET LOCAL synchronous_commit = on").await?;
        let rows = self.client.query(sql, parameters).await;
        if rows.is_ok() {
            let waits_now = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL
              AND current_setting('synchronous_commit') <> 'off'";
            if self.client.query_one(waits_now, &[]).await?.get(0) {
                waits.set(waits.get() + 1);
            }
        }
        self.client.batch_execute("COMMIT").await?;
        rows
    }
}

impl Database for Native {
    async fn query(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, DatabaseError> {
        self.statements.set(self.statements.get() + 1);
        let parameters: Vec<Sql<'_>> = parameters.iter().copied().map(Sql).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|parameter| parameter as _).collect();
        let rows = self.rows(sql, &parameters).await.map_err(rejected)?;
        Ok(rows.iter().map(row).collect())
    }

    async fn migrate(&self, sql: &str) -> Result<(), DatabaseError> {
        self.client.execute(sql, &[]).await.map(|_| ()).map_err(rejected)
    }

    fn hashing_queue(&self) -> &HashingQueue {
        &self.queue
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

struct Sql<'a>(Parameter<'a>);

impl std::fmt::Debug for Sql<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a parameter")
    }
}

impl ToSql for Sql<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self.0 {
            Parameter::Text(text) => text.to_sql(ty, out),
            Parameter::Int(number) => number.to_sql(ty, out),
            Parameter::Bytes(bytes) => bytes.to_sql(ty, out),
            Parameter::Null => Ok(IsNull::Yes),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TEXT | Type::INT8 | Type::BYTEA)
    }

    to_sql_checked!();
}

fn row(row: &tokio_postgres::Row) -> Row {
    let cell = |index: usize| match *row.columns()[index].type_() {
        Type::TEXT | Type::VARCHAR => row.get::<_, Option<String>>(index).map_or(Cell::Null, Cell::Text),
        Type::INT8 => row.get::<_, Option<i64>>(index).map_or(Cell::Null, Cell::Int),
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

/// A store on an empty database.
pub(crate) async fn fresh() -> PostgresStore<Native> {
    open(&server::empty_database().await).await
}

/// A store with a connection of its own.
pub(crate) async fn open(config: &Config) -> PostgresStore<Native> {
    PostgresStore::new(Native::connect(config).await)
}
