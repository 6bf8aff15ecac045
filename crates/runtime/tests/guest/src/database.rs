//! `spin:postgres`. Every error is shown as its WIT variant.

use std::fmt::Debug;

use crate::bindings::spin::postgres::postgres::{
    Connection, ConnectionBuilder, DbValue, Interval, ParameterValue, RangeBoundKind,
};
use crate::bindings::wasi::http::types::Request;
use crate::bodies;
use crate::request::header;

fn shown<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

pub(crate) async fn run(action: &str, request: Request) -> Result<String, String> {
    let address = header(&request, "x-address").unwrap_or_default();
    let has_ca = header(&request, "x-has-ca").is_some();
    let statement = bodies::of_request(request).0.collect().await;
    let statement = String::from_utf8_lossy(&statement).into_owned();
    match action {
        "query" => {
            stream(&Connection::open_async(address).await.map_err(shown)?, statement, Vec::new()).await
        }
        "execute" => {
            let connection = Connection::open_async(address).await.map_err(shown)?;
            connection.execute_async(statement, Vec::new()).await.map(shown).map_err(shown)
        }
        "query-blocking" => {
            let set = Connection::open(&address).and_then(|c| c.query(&statement, &[])).map_err(shown)?;
            Ok(format!("{:?} {:?}", set.columns, set.rows))
        }
        "execute-blocking" => {
            Connection::open(&address).and_then(|c| c.execute(&statement, &[])).map(shown).map_err(shown)
        }
        // With `x-has-ca` the statement is the certificate authority.
        "built" => {
            let builder = ConnectionBuilder::new(&address);
            if has_ca {
                builder.set_ca_root(&statement).map_err(shown)?;
            }
            let connection = builder.build_async().await.map_err(shown)?;
            let used = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()".to_owned();
            stream(&connection, used, Vec::new()).await
        }
        "built-blocking" => {
            ConnectionBuilder::new(&address).build().map(|_| "built".to_owned()).map_err(shown)
        }
        "add-note" => {
            let connection = Connection::open_async(address).await.map_err(shown)?;
            let added = "INSERT INTO notes (id) VALUES ($1)".to_owned();
            connection.execute_async(added, vec![ParameterValue::Int32(2)]).await.map(shown).map_err(shown)
        }
        "first" => first_rows(&address, statement).await,
        "types" => supported_types(&address).await,
        _ => unsupported_parameters(&address).await,
    }
}

async fn stream(
    connection: &Connection,
    statement: String,
    parameters: Vec<ParameterValue>,
) -> Result<String, String> {
    let (columns, mut rows, outcome) = connection.query_async(statement, parameters).await.map_err(shown)?;
    let mut lines = format!("{columns:?}\n");
    while let Some(row) = rows.next().await {
        lines.push_str(&format!("{row:?}\n"));
    }
    outcome.await.map_err(shown)?;
    Ok(lines)
}

/// Reads three rows of many, drops the stream, and uses the same connection again.
async fn first_rows(address: &str, statement: String) -> Result<String, String> {
    let connection = Connection::open_async(address.to_owned()).await.map_err(shown)?;
    let (_, mut rows, outcome) = connection.query_async(statement, Vec::new()).await.map_err(shown)?;
    let mut read = Vec::new();
    for _ in 0..3 {
        read.push(rows.next().await);
    }
    drop(rows);
    drop(outcome);
    let after = stream(&connection, "SELECT 42::int4 AS answer".to_owned(), Vec::new()).await?;
    Ok(format!("{read:?}\n{after}"))
}

/// Sends a value of each supported type and shows what comes back.
async fn supported_types(address: &str) -> Result<String, String> {
    use ParameterValue as P;
    let connection = Connection::open_async(address.to_owned()).await.map_err(shown)?;
    let values = vec![
        ("bool", P::Boolean(true)),
        ("int2", P::Int16(-2)),
        ("int4", P::Int32(4)),
        ("int8", P::Int64(1 << 40)),
        ("float4", P::Floating32(1.5)),
        ("float8", P::Floating64(-2.25)),
        ("text", P::Str("çà et là".to_owned())),
        ("bytea", P::Binary(vec![0, 255])),
        ("int4", P::DbNull),
        ("text", P::DbNull),
    ];
    let mut lines = String::new();
    for (ty, value) in values {
        let (columns, mut rows, outcome) = connection
            .query_async(format!("SELECT $1::{ty} AS v"), vec![value])
            .await
            .map_err(|error| format!("{ty}: {error:?}"))?;
        let value: Option<Vec<DbValue>> = rows.next().await;
        outcome.await.map_err(|error| format!("{ty}: {error:?}"))?;
        let data_type = columns.first().map(|column| &column.data_type);
        lines.push_str(&format!("{ty}: {data_type:?} {:?}\n", value.unwrap_or_default()));
    }
    Ok(lines)
}

/// Sends a parameter of each type that the runtime leaves out, with every function that takes parameters.
async fn unsupported_parameters(address: &str) -> Result<String, String> {
    use ParameterValue as P;
    let connection = Connection::open_async(address.to_owned()).await.map_err(shown)?;
    let secret = "s3cret";
    let bound = Some((1, RangeBoundKind::Inclusive));
    let values = [
        P::Date((2026, 11, 23)),
        P::Time((15, 4, 5, 6_000)),
        P::Datetime((2026, 11, 23, 15, 4, 5, 6_000)),
        P::Timestamp(1),
        P::Uuid(secret.to_owned()),
        P::Jsonb(secret.as_bytes().to_vec()),
        P::Decimal(secret.to_owned()),
        P::RangeInt32((bound, None)),
        P::RangeInt64((None, Some((5, RangeBoundKind::Exclusive)))),
        P::RangeDecimal((Some((secret.to_owned(), RangeBoundKind::Inclusive)), None)),
        P::ArrayInt32(vec![Some(1), None]),
        P::ArrayInt64(vec![Some(1)]),
        P::ArrayDecimal(vec![Some(secret.to_owned())]),
        P::ArrayStr(vec![Some(secret.to_owned())]),
        P::Interval(Interval { micros: 7, days: 2, months: 14 }),
    ];
    let statement = "SELECT $1::text, $2::text";
    let mut lines = String::new();
    for value in values {
        let parameters = [P::DbNull, value];
        let streamed = connection.query_async(statement.to_owned(), parameters.to_vec()).await.map(drop);
        let executed = connection.execute_async(statement.to_owned(), parameters.to_vec()).await;
        let outcomes =
            [streamed.err(), connection.query(statement, &parameters).err(), executed.err()].map(shown);
        lines.push_str(&format!("{}\n", outcomes.join(" ")));
    }
    Ok(lines)
}
