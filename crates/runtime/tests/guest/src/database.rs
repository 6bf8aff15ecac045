//! The verbs that speak to PostgreSQL.

use std::fmt::Debug;

use http_body_util::BodyExt;
use spin_sdk::http::Request;
use spin_sdk::pg::wit::postgres::{Connection, ConnectionBuilder};
use spin_sdk::pg::{DbValue, Interval, ParameterValue, RangeBoundKind};

fn shown<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

pub(crate) async fn run(verb: &str, request: Request) -> Result<String, String> {
    let address =
        request.headers().get("x-address").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let ca = request.headers().get("x-ca-file").is_some();
    let statement = request.into_body().collect().await.map_err(shown)?.to_bytes();
    let statement = String::from_utf8_lossy(&statement).into_owned();
    match verb {
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
        // The statement is the certificate authority where one is asked for.
        "built" => {
            let builder = ConnectionBuilder::new(&address);
            if ca {
                builder.set_ca_root(&statement).map_err(shown)?;
            }
            let connection = builder.build_async().await.map_err(shown)?;
            let used = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()".to_owned();
            stream(&connection, used, Vec::new()).await
        }
        "built-blocking" => {
            ConnectionBuilder::new(&address).build().map(|_| "built".to_owned()).map_err(shown)
        }
        "first" => first_rows(&address, statement).await,
        _ => types(&address).await,
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

/// Reads three rows of many, lets the rest go, and uses the same connection again.
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

/// Sends a value of each type and shows what comes back.
async fn types(address: &str) -> Result<String, String> {
    use ParameterValue as P;
    let connection = Connection::open_async(address.to_owned()).await.map_err(shown)?;
    let bound = |n: &str| Some((n.to_owned(), RangeBoundKind::Inclusive));
    let values = vec![
        ("bool", P::Boolean(true)),
        ("int2", P::Int16(-2)),
        ("int4", P::Int32(4)),
        ("int8", P::Int64(1 << 40)),
        ("float4", P::Floating32(1.5)),
        ("float8", P::Floating64(-2.25)),
        ("text", P::Str("çà et là".to_owned())),
        ("bytea", P::Binary(vec![0, 255])),
        ("date", P::Date((2026, 11, 23))),
        ("time", P::Time((15, 4, 5, 6_000))),
        ("timestamp", P::Datetime((2026, 11, 23, 15, 4, 5, 6_000))),
        ("uuid", P::Uuid("67e55044-10b1-426f-9247-bb680e5fe0c8".to_owned())),
        ("jsonb", P::Jsonb(br#"{"b": [1, null], "a": "x"}"#.to_vec())),
        ("numeric", P::Decimal("-12345.6789".to_owned())),
        (
            "int4range",
            P::RangeInt32((Some((1, RangeBoundKind::Inclusive)), Some((5, RangeBoundKind::Exclusive)))),
        ),
        ("int8range", P::RangeInt64((None, Some((5, RangeBoundKind::Exclusive))))),
        ("numrange", P::RangeDecimal((bound("1.5"), bound("2.5")))),
        ("int4[]", P::ArrayInt32(vec![Some(1), None])),
        ("int8[]", P::ArrayInt64(vec![Some(1)])),
        ("numeric[]", P::ArrayDecimal(vec![Some("0.1".to_owned()), None])),
        ("text[]", P::ArrayStr(vec![Some("a".to_owned()), None])),
        ("interval", P::Interval(Interval { micros: 7, days: 2, months: 14 })),
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
