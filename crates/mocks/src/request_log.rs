//! The requests that a mock received, for a test to inspect.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, request};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Recorded {
    /// A header as text; the empty string when it is absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The requests in order of arrival. Bodies share their memory with the request, so a push copies nothing.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: Mutex<Vec<Recorded>>,
}

impl RequestLog {
    pub(crate) fn push(&self, parts: &request::Parts, body: &Bytes) {
        self.entries().push(Recorded {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body: body.clone(),
        });
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.entries().clone()
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
