//! The spans of PostgreSQL, under Spin's names. A statement's parameters are never recorded.

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::{Parent, Span};
use crate::wit::postgres::Error;

/// A connection is taken from its pool, or made.
pub(crate) fn start_open(parent: &Parent, address: &str) -> Span {
    parent.span(SpanKind::Client, "spin_outbound_pg.open_async", || {
        let config = address.parse::<Config>().unwrap_or_default();
        let host = config.get_hosts().iter().find_map(|host| match host {
            Host::Tcp(name) => Some(KeyValue::new("server.address", name.clone())),
            #[cfg(unix)]
            Host::Unix(_) => None,
        });
        let port = config.get_ports().first().map(|port| KeyValue::new("server.port", i64::from(*port)));
        let database = config.get_dbname().map(|name| KeyValue::new("db.namespace", name.to_owned()));
        system().into_iter().chain(host).chain(port).chain(database)
    })
}

/// A statement without rows.
pub(crate) fn start_execute(parent: &Parent, statement: &str) -> Span {
    start_statement(parent, "spin_outbound_pg.execute", statement)
}

/// A statement with rows, until the first of them can be read.
pub(crate) fn start_query(parent: &Parent, statement: &str) -> Span {
    start_statement(parent, "spin_outbound_pg.query_async", statement)
}

pub(crate) fn finish<T>(span: &Span, outcome: &Result<T, Error>) {
    if let Err(error) = outcome {
        // Without PostgreSQL's message, which may quote a value.
        span.fail(match error {
            Error::QueryFailed(_) => "query failed",
            Error::ConnectionFailed(_) => "connection failed",
            Error::BadParameter(_) => "bad parameter",
            Error::ValueConversionFailed(_) => "a value could not be converted",
            Error::Other(_) => "failed",
        });
    }
}

fn start_statement(parent: &Parent, name: &'static str, statement: &str) -> Span {
    parent.span(SpanKind::Client, name, || {
        system().into_iter().chain([KeyValue::new("statement", statement.to_owned())])
    })
}

fn system() -> [KeyValue; 1] {
    [KeyValue::new("db.system.name", "postgresql")]
}
