//! What came back, with the checks that every test makes.

use serde_json::Value;
use ureq::http::HeaderMap;

/// A whole reply.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// `METHOD path`, for messages.
    pub asked: String,
}

impl Reply {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}\n{}", self.text()))
    }

    /// A header as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// All values of a header.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// Returns the reply when it has this status.
    ///
    /// # Panics
    /// With the whole reply when it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {:?}\n{}", self.asked, self.headers, self.text());
        self
    }

    /// A redirect with 303 to this place.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn expect_see_other(self, location: &str) -> Self {
        let reply = self.expect(303);
        assert_eq!(reply.header("location"), location, "{}", reply.asked);
        reply
    }

    /// A problem document (RFC 9457) with this status, a code, a sentence for the user, and none of the
    /// words that only a developer should see.
    ///
    /// # Panics
    /// When any of that is missing.
    #[track_caller]
    pub fn expect_problem(self, status: u16) -> Value {
        let reply = self.expect(status);
        assert!(reply.header("content-type").starts_with("application/problem+json"), "{:?}", reply.headers);
        let problem = reply.json();
        for key in ["type", "title", "detail", "code", "error", "request_id"] {
            assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{key} in {problem}");
        }
        assert_eq!(problem["status"], status, "{problem}");
        problem
    }
}
