//! The edge: the only file that names `spin_sdk`. Reads the variables, opens connections, calls [`crate::handle`].

use std::{pin::pin, sync::OnceLock, time::Duration};

use secrecy::ExposeSecret;
use spin_sdk::{
    http::{IntoResponse, Request},
    http_service,
    pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError},
};
use web::{
    Clock,
    spin::{HostClock, random, secret_variable, variable, within},
};

use crate::{
    app::Random,
    postgres::{
        Cell, Database, DatabaseError, DatabaseSettings, HashingQueue, Parameter, PostgresStore, Purpose, Row,
    },
    settings::{Misconfigured, Settings, Variables},
};

/// Time limit for one statement with its connection. PostgreSQL's own limits are shorter; this one also covers a pool
/// without a free connection, for which Spin waits without a limit.
const QUERY_LIMIT: Duration = Duration::from_secs(6);
/// Time limit for one migration.
const MIGRATION_LIMIT: Duration = Duration::from_secs(65);

#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    web::spin::serve_whole(
        "auth",
        |head| crate::body_bytes_max(head.path()),
        request,
        async |request| {
            let store = PostgresStore::new(SpinDatabase { settings: database_settings().await });
            crate::handle(&request, &store, settings().await, Random::from_bytes(random())).await
        },
    )
    .await
}

async fn settings() -> Result<Settings, Misconfigured> {
    Settings::parse(Variables {
        service_key: secret_variable("service_key").await,
        llm_daily_quota: variable("llm_daily_quota").await,
        ocr_daily_pages: variable("ocr_daily_pages").await,
        llm_daily_ceiling: variable("llm_daily_ceiling").await,
        ocr_daily_ceiling: variable("ocr_daily_ceiling").await,
        trusted_proxies: variable("trusted_proxies").await,
    })
}

async fn database_settings() -> DatabaseSettings {
    DatabaseSettings {
        host: variable("db_host").await,
        port: variable("db_port").await,
        name: variable("db_name").await,
        user: variable("db_user").await,
        password: secret_variable("db_password").await,
        sslmode: variable("db_sslmode").await,
    }
}

/// Who of this instance waits to compute a password hash: places in a queue, and nothing of a request.
static HASHING_QUEUE: OnceLock<HashingQueue> = OnceLock::new();

/// Takes a connection from the host's pool for each statement, so that a page without a statement opens none.
struct SpinDatabase {
    settings: DatabaseSettings,
}

impl SpinDatabase {
    async fn connect(&self, purpose: Purpose) -> Result<Connection, DatabaseError> {
        let address = self.settings.connection_string(purpose)?;
        Connection::open(address.expose_secret().to_owned()).await.map_err(rejected)
    }
}

impl Database for SpinDatabase {
    async fn query(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let exchange = async {
            let parameters: Vec<ParameterValue> = parameters.iter().map(parameter).collect();
            let connection = self.connect(Purpose::Request).await?;
            let mut result = connection.query(sql, parameters).await.map_err(rejected)?;
            let mut rows = Vec::new();
            while let Some(row) = result.rows().next().await {
                rows.push(Row::new(row.into_iter().map(cell).collect::<Result<_, _>>()?));
            }
            result.result().await.map_err(rejected)?;
            Ok(rows)
        };
        within_own_time(QUERY_LIMIT, exchange).await.unwrap_or_else(|| Err(out_of_time(QUERY_LIMIT)))
    }

    async fn migrate(&self, sql: &str) -> Result<(), DatabaseError> {
        let exchange = async {
            let connection = self.connect(Purpose::Migration).await?;
            connection.execute(sql, Vec::new()).await.map(|_| ()).map_err(rejected)
        };
        within(MIGRATION_LIMIT, exchange).await.unwrap_or_else(|| Err(out_of_time(MIGRATION_LIMIT)))
    }

    fn hashing_queue(&self) -> &HashingQueue {
        HASHING_QUEUE.get_or_init(|| HashingQueue::new(random()))
    }

    fn elapsed(&self) -> Duration {
        HostClock.elapsed()
    }

    async fn sleep(&self, wait: Duration) {
        HostClock.sleep(wait).await;
    }
}

/// Waits for `future` at most `limit`, in steps of a second. A password hash blocks every request of this instance, but
/// not the clock: when sixteen users sign in at once, a single timer would expire before the database's reply, which is
/// already there, is read. So a step counts as a second however long it took.
async fn within_own_time<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..limit.as_secs() {
        if let Some(value) = within(Duration::from_secs(1), future.as_mut()).await {
            return Some(value);
        }
    }
    None
}

fn parameter(parameter: &Parameter<'_>) -> ParameterValue {
    match *parameter {
        Parameter::Text(text) => ParameterValue::Str(text.to_owned()),
        Parameter::Int(number) => ParameterValue::Int64(number),
        Parameter::Bytes(bytes) => ParameterValue::Binary(bytes.to_vec()),
        Parameter::Null => ParameterValue::DbNull,
    }
}

fn cell(value: DbValue) -> Result<Cell, DatabaseError> {
    match value {
        DbValue::Str(text) => Ok(Cell::Text(text)),
        DbValue::Int64(number) => Ok(Cell::Int(number)),
        DbValue::DbNull => Ok(Cell::Null),
        _ => Err(DatabaseError::Undecodable("a column of a type that no statement returns".to_owned())),
    }
}

fn rejected(error: Error) -> DatabaseError {
    match error {
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            let constraint =
                error.extras.into_iter().find_map(|(name, value)| (name == "constraint").then_some(value));
            DatabaseError::Rejected { sqlstate: error.code, constraint, message: error.message }
        }
        // No structured error means that the server sent no reply: the connection broke.
        Error::PgError(PgError::ConnectionFailed(cause) | PgError::QueryFailed(QueryError::Text(cause))) => {
            DatabaseError::Unreachable(cause)
        }
        Error::PgError(PgError::BadParameter(cause) | PgError::ValueConversionFailed(cause)) => {
            DatabaseError::Undecodable(cause)
        }
        Error::PgError(PgError::Other(cause)) => DatabaseError::Unreachable(cause),
        Error::Decode(cause) => DatabaseError::Undecodable(cause),
    }
}

fn out_of_time(limit: Duration) -> DatabaseError {
    DatabaseError::Unreachable(format!("no answer within {} s", limit.as_secs()))
}
