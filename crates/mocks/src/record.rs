//! What a mock was sent, kept so that a test can say what reached the upstream.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use sha2::{Digest as _, Sha256};

/// Bodies are kept up to here; of a longer one only the beginning, beside its size and digest.
pub const BODY_KEPT_BYTES: usize = 64 * 1024;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    /// The first [`BODY_KEPT_BYTES`] of the body.
    pub body: Bytes,
    /// The size of the whole body, in bytes.
    pub body_bytes: usize,
    /// SHA-256 of the whole body, in hexadecimal.
    pub body_sha256: String,
    /// When the headers had been read.
    pub started: Instant,
    /// When the whole body had been read.
    pub finished: Instant,
}

impl Recorded {
    pub(crate) fn new(parts: &http::request::Parts, body: &Bytes, started: Instant) -> Self {
        Self {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body: body.slice(..body.len().min(BODY_KEPT_BYTES)),
            body_bytes: body.len(),
            body_sha256: hex_sha256(body),
            started,
            finished: Instant::now(),
        }
    }

    /// A header as text; the empty string when it is absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The kept part of the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The requests in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<Vec<Recorded>>,
}

impl Journal {
    pub(crate) fn push(&self, entry: Recorded) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
