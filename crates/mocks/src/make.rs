//! Make.com's custom webhook: `POST /<32-character id>` with `{"message": …}`.
//!
//! The statuses, texts and headers are those of Make's documentation and of measurements on a real
//! hook. Without a fault the mock answers as a scenario with a Webhook-response module would: text
//! with a Python fence and an explanation, made from the question.

mod answers;
mod fault;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

pub use self::fault::Fault;
use crate::answer::{Answer, Outcome};
use crate::record::{Journal, Recorded, hex_sha256};
use crate::script::Script;
use crate::server::{Server, Upstream};

/// Make refuses larger payloads; it documents the size (5 MB) but not the status.
pub const PAYLOAD_BYTES_MAX: usize = 5 * 1024 * 1024;

/// A running mock; dropping it stops it.
#[derive(Debug)]
pub struct MakeMock {
    server: Server,
    hook: Arc<Hook>,
}

#[derive(Debug)]
struct Hook {
    id: String,
    api_key: Option<String>,
    script: Script<Fault>,
    journal: Journal,
}

impl MakeMock {
    /// Starts on a free loopback port; any `x-make-apikey`, or none, is accepted.
    ///
    /// # Errors
    /// When no socket or thread can be had.
    pub fn start() -> io::Result<Self> {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None)
    }

    /// Starts on `listen`; with an `api_key`, a call without it is refused.
    ///
    /// # Errors
    /// When the address is taken, or no socket or thread can be had.
    pub fn start_on(listen: SocketAddr, api_key: Option<String>) -> io::Result<Self> {
        // Make's ids have 32 characters; this one is stable, so that a restart keeps the address.
        let id = hex_sha256(b"atelier mock hook").chars().take(32).collect();
        let hook = Arc::new(Hook { id, api_key, script: Script::default(), journal: Journal::default() });
        let server = Server::start(listen, Arc::clone(&hook) as Arc<dyn Upstream>)?;
        Ok(Self { server, hook })
    }

    /// `http://ADDRESS`, for `webhook_origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The hook's whole address, for `webhook_url`.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        format!("{}/{}", self.origin(), self.hook.id)
    }

    /// Plays `fault` for one request, after those already queued.
    pub fn next(&self, fault: impl Into<Fault>) {
        self.hook.script.next(fault.into());
    }

    /// Plays `fault` for every request for which nothing is queued.
    pub fn always(&self, fault: impl Into<Fault>) {
        self.hook.script.always(fault.into());
    }

    /// Back to normal behaviour.
    pub fn clear(&self) {
        self.hook.script.clear();
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.hook.journal.all()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.hook.journal.clear();
    }
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    message: String,
}

impl Upstream for Hook {
    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn answer(&self, parts: &http::request::Parts, body: Bytes) -> Outcome {
        if parts.uri.path().strip_prefix('/') != Some(self.id.as_str()) {
            return plain(StatusCode::GONE, "Webhook not found.").into();
        }
        let key = parts.headers.get("x-make-apikey").map(|value| value.as_bytes());
        if self.api_key.as_ref().is_some_and(|wanted| key != Some(wanted.as_bytes())) {
            // Make does not document this status; 401 is what its gateway is expected to say.
            return plain(StatusCode::UNAUTHORIZED, "Unauthorized").into();
        }
        if body.len() > PAYLOAD_BYTES_MAX {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large").into();
        }
        let question = match serde_json::from_slice::<Payload>(&body) {
            Ok(payload) => payload.message,
            // What is not JSON reaches a scenario as one text field.
            Err(_) => String::from_utf8_lossy(&body).into_owned(),
        };
        let text = answers::answer(&question);
        match self.script.take() {
            Some(fault) => fault.apply(&text),
            None => answered(text).into(),
        }
    }
}

/// What the Webhook-response module sends when the scenario went well.
fn answered(text: String) -> Answer {
    let mut answer = plain(StatusCode::OK, text);
    answer.wait = Duration::from_millis(20);
    answer
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    Answer::new(status, "text/plain; charset=utf-8", text)
        .with_header("x-powered-by", "Make Gateway/production")
        .with_header("make-actual-status", status.as_str())
}

fn json(text: String) -> Answer {
    let mut answer = plain(StatusCode::OK, text);
    answer = answer.with_header("content-type", "application/json; charset=utf-8");
    answer
}
