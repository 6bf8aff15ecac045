//! Metering: everything that the tools (llm, ocr) request of auth except the user's identity.
//!
//! It is one concept, the reservation. A tool reserves an amount of the user's daily quota before it calls its
//! upstream, and settles the reservation once. The same two calls also hold the circuit breaker before the upstream
//! and, with an idempotency key, serve a request that is sent twice only once. docs/adr/0008-reservations.md has the
//! reasons; `crates/auth-api` has the JSON.

mod call;
pub mod circuit;
pub mod day;
mod error;
pub mod extend;
pub mod lookup;
pub mod quota;
pub mod reserve;
pub mod settle;
pub mod store;

/// How long a response is stored for a repetition of its request.
pub const RESPONSE_SECONDS: u32 = 10 * 60;
