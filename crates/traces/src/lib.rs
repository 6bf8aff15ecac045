//! Traces on one machine: takes OTLP over HTTP as a collector does and shows it as Jaeger does.
//!
//! | route | does |
//! |---|---|
//! | `POST /v1/traces` | takes spans (protobuf) |
//! | `POST /v1/logs`, `/v1/metrics` | takes and drops: there is nothing here to show them |
//! | `GET /` | the newest traces; `?service=llm` only those with a span of that service |
//! | `GET /traces/<id>` | one trace, span by span |
//! | `GET /api/traces` | the same as JSON, for programs |
//!
//! Everything is kept in memory, bounded (see [`store`]), and gone when the process ends.

mod page;
mod server;
mod span;
mod store;
mod tree;

pub use server::serve;
