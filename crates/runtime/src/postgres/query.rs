//! Running statements on a connection.

use anyhow::Result;
use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::{ToSql, WrongType};
use tokio_postgres::{RowStream, Statement};

use crate::postgres::{Connection, values};
use crate::wit::postgres::{self as wit, Column, DbValue, Error, ParameterValue, QueryError, RowSet};

/// The limit for all rows of one `query`, and for each row of a stream. More is an error for the guest.
const RESULT_BYTES_MAX: usize = 128 << 20;

/// Statements that a connection keeps prepared. With one more it forgets all of them.
const PREPARED_MAX: usize = 256;

/// Rows that are read before the guest asks for them.
const ROWS_AHEAD: usize = 4;

/// A query's rows as they arrive; `outcome` is sent after the last one.
pub(crate) struct Streamed {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: mpsc::Receiver<Vec<DbValue>>,
    pub(crate) outcome: oneshot::Receiver<Result<(), Error>>,
}

impl Connection {
    pub(crate) async fn execute(&self, statement: &str, parameters: &[ParameterValue]) -> Result<u64, Error> {
        let parameters = converted(parameters).map_err(Error::ValueConversionFailed)?;
        let mut stream = self.start(statement, parameters).await?;
        while let Some(row) = stream.next().await {
            row.map_err(failed)?;
        }
        Ok(stream.rows_affected().unwrap_or_default())
    }

    pub(crate) async fn query(
        &self,
        statement: &str,
        parameters: &[ParameterValue],
    ) -> Result<RowSet, Error> {
        let parameters = converted(parameters).map_err(Error::BadParameter)?;
        let mut stream = self.start(statement, parameters).await?;
        let mut set = RowSet { columns: Vec::new(), rows: Vec::new() };
        let mut bytes = 0;
        while let Some(row) = stream.next().await {
            // Spin reports failures of this function's rows as text only, and knows columns only with a row.
            let row = row.map_err(|e| text(format!("{:?}", failed(e))))?;
            if set.rows.is_empty() {
                set.columns = values::columns(&row);
            }
            let row = values::row(&row).map_err(|e| text(format!("{e:?}")))?;
            bytes += row.iter().map(values::size).sum::<usize>();
            if bytes > RESULT_BYTES_MAX {
                return Err(too_large());
            }
            set.rows.push(row);
        }
        Ok(set)
    }

    pub(crate) async fn query_streamed(
        &self,
        statement: &str,
        parameters: &[ParameterValue],
    ) -> Result<Streamed, Error> {
        let parameters = converted(parameters).map_err(Error::BadParameter)?;
        let stream = self.start(statement, parameters).await?;
        let (columns_sender, columns) = oneshot::channel();
        let (row_sender, rows) = mpsc::channel(ROWS_AHEAD);
        let (outcome_sender, outcome) = oneshot::channel();
        // The connection must outlive the rows, also when the guest drops its handle before reading them.
        let connection = self.clone();
        tokio::spawn(async move {
            let result = forward(stream, columns_sender, &row_sender).await;
            drop(row_sender);
            let _ = outcome_sender.send(result);
            drop(connection);
        });
        // Without a row there are no columns, as in Spin.
        let columns = columns.await.unwrap_or_default();
        Ok(Streamed { columns, rows, outcome })
    }

    /// Returns when the server has begun to run the statement (BindComplete). A failure of this function comes before, so
    /// that the statement may be prepared and sent again; what fails in the middle of a run is an error of the stream.
    async fn start(
        &self,
        statement: &str,
        parameters: Vec<values::Parameter>,
    ) -> Result<std::pin::Pin<Box<RowStream>>, Error> {
        let _turn = self.0.turn.lock().await;
        let (prepared, was_known) = self.prepared(statement).await.map_err(failed)?;
        let stream = match self.0.pooled.query_raw(&prepared, borrowed(&parameters)).await {
            Err(error) if was_known => {
                let prepared = self.prepared_anew(statement, &error).await.map_err(|_| failed(error))?;
                self.0.pooled.query_raw(&prepared, borrowed(&parameters)).await
            }
            outcome => outcome,
        };
        Ok(Box::pin(stream.map_err(failed)?))
    }

    /// The statement, and whether this connection had it prepared.
    async fn prepared(&self, statement: &str) -> Result<(Statement, bool), tokio_postgres::Error> {
        let known = &self.0.pooled.statement_cache;
        let before = known.size();
        let prepared = self.0.pooled.prepare_cached(statement).await?;
        let was_known = known.size() == before;
        if known.size() > PREPARED_MAX {
            known.clear();
        }
        Ok((prepared, was_known))
    }

    /// Prepares a statement again that failed with `error` before it began to run, if that is because it was prepared
    /// before the tables were changed, or because a guest deallocated it. Spin prepares each statement each time.
    ///
    /// # Errors
    /// The failure has another reason, or it ended a transaction.
    async fn prepared_anew(
        &self,
        statement: &str,
        error: &tokio_postgres::Error,
    ) -> Result<Statement, Option<tokio_postgres::Error>> {
        let is_outdated = match error.as_db_error() {
            // The parameters do not fit what the server wanted when it prepared the statement.
            None => std::error::Error::source(error).is_some_and(|cause| cause.is::<WrongType>()),
            // Refused where the server takes up what was prepared: it has not begun to run.
            Some(refusal) => {
                let routine = refusal.routine().unwrap_or_default();
                ["FetchPreparedStatement", "RevalidateCachedQuery"].contains(&routine)
                    || *refusal.code() == SqlState::INVALID_SQL_STATEMENT_NAME
                        && routine == "exec_bind_message"
                    || *refusal.code() == SqlState::DATATYPE_MISMATCH
                    || *refusal.code() == SqlState::UNDEFINED_FUNCTION
            }
        };
        if !is_outdated {
            return Err(None);
        }
        self.0.pooled.statement_cache.remove(statement, &[]);
        Ok(self.prepared(statement).await?.0)
    }
}

fn converted(parameters: &[ParameterValue]) -> Result<Vec<values::Parameter>, String> {
    let convert = |(index, value)| {
        values::parameter(value).ok_or_else(|| {
            let number = index + 1;
            format!(
                "the embedded runtime does not support the type of parameter ${number}: send text and cast it in SQL"
            )
        })
    };
    parameters.iter().enumerate().map(convert).collect()
}

fn borrowed(parameters: &[values::Parameter]) -> impl ExactSizeIterator<Item = &(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &**parameter as _)
}

/// Forwards rows until the last one, an error, or until the guest drops its end of the stream.
async fn forward(
    mut stream: std::pin::Pin<Box<RowStream>>,
    columns_sender: oneshot::Sender<Vec<Column>>,
    row_sender: &mpsc::Sender<Vec<DbValue>>,
) -> Result<(), Error> {
    let mut columns_sender = Some(columns_sender);
    loop {
        let row = tokio::select! {
            biased;
            () = row_sender.closed() => return Ok(()),
            row = stream.next() => match row {
                None => return Ok(()),
                Some(row) => row.map_err(failed)?,
            },
        };
        if let Some(sender) = columns_sender.take() {
            let _ = sender.send(values::columns(&row));
        }
        let row = values::row(&row).map_err(|e| text(format!("{e:?}")))?;
        if row.iter().map(values::size).sum::<usize>() > RESULT_BYTES_MAX {
            return Err(too_large());
        }
        if row_sender.send(row).await.is_err() {
            return Ok(());
        }
    }
}

fn text(message: String) -> Error {
    Error::QueryFailed(QueryError::Text(message))
}

fn too_large() -> Error {
    text(format!("query result exceeds limit of {RESULT_BYTES_MAX} bytes"))
}

/// The server's error, field by field: guests decide on `code` (SQLSTATE) and on `constraint` in `extras`.
fn failed(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(as_text),
        Some(db) => QueryError::DbError(wit::DbError {
            as_text,
            severity: db.severity().to_owned(),
            code: db.code().code().to_owned(),
            message: db.message().to_owned(),
            detail: db.detail().map(str::to_owned),
            extras: extras(db),
        }),
    })
}

/// With Spin's names, in Spin's order.
fn extras(db: &DbError) -> Vec<(String, String)> {
    let line = db.line().map(|line| line.to_string());
    [
        ("column", db.column()),
        ("constraint", db.constraint()),
        ("routine", db.routine()),
        ("hint", db.hint()),
        ("table", db.table()),
        ("datatype", db.datatype()),
        ("schema", db.schema()),
        ("file", db.file()),
        ("line", line.as_deref()),
        ("where_", db.where_()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}
