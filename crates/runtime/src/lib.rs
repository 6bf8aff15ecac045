//! Atelier's embedded runtime: runs a Spin manifest's HTTP components on wasmtime.
//!
//! A request passes `server`, `app` (routes, headers), `instance` (wasmtime) and the guest; the response is streamed
//! back. `slots` and `client_timeout` limit what clients may take of the server. The imports of guests are in
//! `guest_variables`, `outbound_http` and `postgres`; `allowed_hosts` decides which hosts they may reach. `manifest`,
//! `template`, `variables`, `routes`, `headers`, `allowed_hosts` and `limits` do no I/O. Spin's behaviour is the
//! specification: README.md lists what is left out.

pub mod allowed_hosts;
pub mod app;
pub mod cli;
mod client_timeout;
mod connector;
mod engine;
mod guest_variables;
mod headers;
mod instance;
pub mod limits;
mod logs;
pub mod manifest;
mod outbound_http;
mod postgres;
mod response_outcome;
pub mod routes;
pub mod server;
mod slots;
pub mod telemetry;
pub mod template;
mod timed_body;
mod tls;
pub mod variables;
mod wit;
