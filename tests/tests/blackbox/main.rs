//! Atelier from outside: the built `.wasm` under a runtime, PostgreSQL, the mocks, and HTTP.
//!
//! One file per story. Tests that only act as users of their own share one application (`shared.rs`);
//! those that script an upstream have one to themselves for a while; those that change the set-up start one.

mod account;
mod accounts;
mod bodies;
mod breaker;
mod capabilities;
mod configuration;
mod cross_site;
mod headers;
mod idempotency;
mod llm;
mod logging;
mod migrations;
mod negotiation;
mod ocr;
mod outages;
mod quota;
mod refused_bodies;
mod rig;
mod routes;
mod sessions;
mod shared;
mod size;
mod throttling;
