//! What every page and reply of Atelier shares. It knows no feature: no account, question or PDF.
//!
//! A component's edge ([`spin`], wasm only) turns the incoming request into a [`Request`], the component
//! answers with a [`Reply`], and [`finish`] adds what every reply carries (security headers, request id).
//! Everything but `spin.rs` is free of I/O, clocks and randomness, and is tested natively.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::todo)
)]

mod accept;
pub mod assets;
mod body;
mod client_addr;
mod clock;
mod compact;
mod compress;
mod content_security_policy;
pub mod cookie;
mod cross_site;
pub mod event_stream;
mod fields;
pub mod files;
mod headers;
mod http_url;
mod json;
mod lang;
mod layout;
pub mod log;
pub mod outbound;
mod problem;
mod queue;
mod reply;
mod request;
mod request_id;
pub mod route;
#[cfg(target_arch = "wasm32")]
pub mod spin;
pub mod stream;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod text;
mod typography;

pub use accept::preferred;
pub use body::{BodyError, BodyReader, IncomingBody};
pub use client_addr::TrustedProxies;
pub use clock::{Clock, TooLong, Work, within};
pub use content_security_policy::ContentSecurityPolicy;
pub use fields::Fields;
pub use headers::finish;
pub use http_url::{HttpUrl, Origin};
pub use json::json_text;
pub use lang::{LANG_COOKIES, Lang};
pub use layout::Layout;
pub use problem::{FieldProblem, Problem};
pub use queue::{Place, Queue};
pub use reply::{Reply, ReplyBody};
pub use request::{Context, Request, UnixTime};
pub use request_id::RequestId;
pub use text::{Phrase, Text, duration, grouped};
pub use typography::verbatim;
