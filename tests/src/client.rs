//! A browser as far as HTTP goes: it keeps cookies and follows nothing.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ureq::Agent;
use ureq::http::request::Builder;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::process::Log;
use crate::raw;
use crate::reply::Reply;

/// Larger bodies may be refused while they are still being sent.
const EAGER_BODY_BYTES: usize = 64 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// One person's browser. Each has its own address, told through `X-Forwarded-For`, so that the
/// throttling of one test does not hinder another.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    origin: String,
    address: String,
    cookies: Mutex<BTreeMap<String, String>>,
    log: Log,
    /// The name of the signed-in user, once there is one.
    pub name: String,
}

impl Client {
    pub(crate) fn new(origin: &str, log: Log) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let [_, high, middle, low] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let agent = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(TIME_LIMIT))
            .build();
        Self {
            agent: agent.into(),
            origin: origin.to_owned(),
            address: format!("10.{high}.{middle}.{low}"),
            cookies: Mutex::default(),
            log,
            name: String::new(),
        }
    }

    /// Where the runtime listens.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address that the client pretends to have.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn set_address(&mut self, address: &str) {
        address.clone_into(&mut self.address);
    }

    /// The value of a cookie, when the server has set it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Sets or, with an empty value, forgets a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        if value.is_empty() {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The `Cookie` header that the next request will carry; empty for none.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// The same page for a program: `Accept: application/json`.
    pub fn get_json(&self, path: &str) -> Reply {
        self.send("GET", path, &[("accept", "application/json")], b"")
    }

    /// A form, as a browser without JavaScript posts it.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(
            "POST",
            path,
            &[("content-type", "application/x-www-form-urlencoded")],
            form(fields).as_bytes(),
        )
    }

    /// JSON in, JSON out.
    pub fn post_json(&self, path: &str, body: &serde_json::Value) -> Reply {
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Any request.
    ///
    /// # Panics
    /// When no reply comes: in these tests the runtime always answers.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        let cookies = self.cookie_header();
        if !cookies.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
            request = request.header("cookie", cookies);
        }
        if !self.address.is_empty() {
            request = request.header("x-forwarded-for", &self.address);
        }
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request =
                request.header(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
        }
        let (status, headers, body) = if body.len() > EAGER_BODY_BYTES {
            let request = request.body(()).expect("a valid request");
            raw::exchange(&self.origin, &head(&request), body)
                .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
        } else {
            self.run(request, method, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
        };
        let reply = Reply { status, headers, body, asked: format!("{method} {path}") };
        self.keep_cookies(&reply);
        reply
    }

    fn run(
        &self,
        request: Builder,
        method: &str,
        body: &[u8],
    ) -> Result<(u16, HeaderMap, Vec<u8>), ureq::Error> {
        // Without a body there is no content-length either, as in a browser's GET.
        let response = if body.is_empty() && matches!(method, "GET" | "HEAD" | "OPTIONS") {
            self.agent.run(request.body(()).expect("a valid request"))
        } else {
            self.agent.run(request.body(body).expect("a valid request"))
        }?;
        let (parts, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        body.as_reader().read_to_end(&mut bytes)?;
        Ok((parts.status.as_u16(), parts.headers, bytes))
    }

    fn keep_cookies(&self, reply: &Reply) {
        for cookie in reply.all("set-cookie") {
            let mut attributes = cookie.split(';').map(str::trim);
            let Some((name, value)) = attributes.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let over = attributes.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0"));
            self.set_cookie(name, if over { "" } else { value });
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("── the runtime's last lines ──\n{}\n──", self.log.tail(40));
        }
    }
}

/// The request line and the headers as they are sent.
fn head(request: &Request<()>) -> String {
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut head = format!("{} {target} HTTP/1.1\r\nhost: {authority}\r\n", request.method());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
    }
    head
}

/// `application/x-www-form-urlencoded`, every byte but letters and digits escaped.
fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect::<Vec<_>>()
        .join("&")
}
