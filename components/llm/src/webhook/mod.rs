//! Make.com's webhook without I/O: [`Webhook::request`] builds the request, [`reply`] interprets the reply, and
//! [`retry::decide`] says whether to try again. The edge sends the bytes.

mod envelope;
mod error;
mod reply;
mod request;
pub mod retry;

pub use error::UpstreamError;
pub use reply::{WebhookAnswer, reply};
pub use request::Webhook;
