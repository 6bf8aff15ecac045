//! A plain HTTP client: no redirects, no decoding, errors are statuses.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, Response};

pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Set when the body ended before it was whole.
    pub(crate) broken: bool,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends one request; `Err` is a connection that gave no reply.
pub(crate) fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Seen, ureq::Error> {
    let agent: Agent = Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response: Response<ureq::Body> = agent.run(request.body(body).expect("a valid request"))?;
    let (parts, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    let broken = std::io::Read::read_to_end(&mut body.as_reader(), &mut bytes).is_err();
    Ok(Seen { status: parts.status.as_u16(), headers: parts.headers, body: bytes, broken })
}
