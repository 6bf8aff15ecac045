//! Make.com's webhook without I/O: [`Webhook::request`] builds the request, and [`reply`] interprets the reply. The edge
//! sends the bytes, within [`limits()`].

mod envelope;
mod limits;
mod reply;
mod request;

pub use limits::{TOTAL_MAX, limits};
pub use reply::{parse, reply};
pub use request::Webhook;
