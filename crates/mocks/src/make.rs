//! Make.com's custom webhook: `POST /<32-character id>` with `{"message": …}`.
//!
//! The statuses, texts and headers are those of Make's documentation and of measurements on a real hook. Without
//! a fault the mock answers as a scenario with a Webhook-response module would: text with a Python fence and an
//! explanation, chosen from `fixtures/make` by a word of the question.

mod fault;
mod replies;

use bytes::Bytes;
use http::{StatusCode, request};
use serde_json::Value;

pub use self::fault::Fault;
use self::replies::{answered, plain};
use crate::answer::Answer;
use crate::mock::{Mock, Service};
use crate::script::Script;

pub type MakeMock = Mock<Hook>;

/// Make refuses larger payloads; it documents the size (5 MB) but not the status.
pub const PAYLOAD_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Make's ids have 32 characters; this one is fixed, so that a restart keeps the address.
const PATH: &str = "/6e2c1f0a9b7d4835a1c0e4f27d96b358";

/// The first answer whose word is in the question; the last one for any other question.
const ANSWERS: [(&str, &str); 8] = [
    ("formule", include_str!("../fixtures/make/formules.md")),
    ("formula", include_str!("../fixtures/make/formules.md")),
    ("fibonacci", include_str!("../fixtures/make/fibonacci.md")),
    ("palindrome", include_str!("../fixtures/make/palindrome.md")),
    ("tri", include_str!("../fixtures/make/tri.md")),
    ("boucle", include_str!("../fixtures/make/boucle.md")),
    ("loop", include_str!("../fixtures/make/boucle.md")),
    ("", include_str!("../fixtures/make/autre.md")),
];

impl MakeMock {
    /// The hook's whole address, for `webhook_url`.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        format!("{}{PATH}", self.origin())
    }
}

/// One hook.
#[derive(Debug, Default)]
pub struct Hook;

impl Service for Hook {
    type Fault = Fault;

    fn answer(&self, parts: &request::Parts, body: Bytes, script: &Script<Fault>) -> Answer {
        if parts.uri.path() != PATH {
            return plain(StatusCode::GONE, "Webhook not found.");
        }
        if body.len() > PAYLOAD_BYTES_MAX {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large");
        }
        let payload: Value = serde_json::from_slice(&body).unwrap_or_default();
        let question = payload["message"].as_str().unwrap_or_default().to_lowercase();
        let text = answer_to(&question);
        match script.take() {
            Some(fault) => fault.apply(text),
            None => answered(text),
        }
    }
}

/// The answer to a question in lower case.
pub(crate) fn answer_to(question: &str) -> &'static str {
    ANSWERS.iter().find(|(word, _)| question.contains(word)).map_or("", |(_, text)| text)
}
