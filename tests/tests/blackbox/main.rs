//! Atelier from outside: the built `.wasm` under a runtime, PostgreSQL, the mocks, and HTTP.
//!
//! One file per subject. Tests that only act as users of their own share one application (`applications.rs`); tests
//! that script an upstream use one exclusively; tests that change the set-up start one.

mod account;
mod accounts;
mod applications;
mod bodies;
mod breaker;
mod capabilities;
mod chat;
mod compile;
mod configuration;
mod cross_site;
mod harness;
mod hashing;
mod headers;
mod idempotency;
mod llm;
mod logging;
mod many_checks;
mod migrations;
mod negotiation;
mod ocr;
mod outages;
mod packets;
mod pictures;
mod quota;
mod refused_bodies;
mod routes;
mod sessions;
mod size;
mod slow_readers;
mod throttling;
