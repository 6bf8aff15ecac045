//! A reply, with the checks that tests make.

use serde_json::Value;

/// A reply as it came.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// In order of arrival; names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body came to its proper end.
    pub complete: bool,
    /// `METHOD target`, for messages.
    pub request: String,
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
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text()))
    }

    /// The first value of a header; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_default()
    }

    /// All values of a header.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the reply when it has this status.
    ///
    /// # Panics
    /// With the whole reply when it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {:?}\n{}", self.request, self.headers, self.text());
        self
    }

    /// A redirect with 303 to this place.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn expect_see_other(self, location: &str) -> Self {
        let reply = self.expect(303);
        assert_eq!(reply.header("location"), location, "{}", reply.request);
        reply
    }

    /// A problem document (RFC 9457) with this status, and every member that Atelier adds.
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
