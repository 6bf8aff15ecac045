//! A browser as far as HTTP goes: it keeps cookies and follows no redirect.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use test_support::{Log, Reply, http};

/// One user's browser. Each has an address of its own, which it gives in `X-Forwarded-For`, so that the throttling of
/// one test does not affect another.
#[derive(Debug)]
pub struct Client {
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
        Self {
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

    /// The address in `X-Forwarded-For`.
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
        self.cookies().get(name).cloned()
    }

    /// Sets a cookie, or removes it when the value is empty.
    pub fn set_cookie(&self, name: &str, value: &str) {
        if value.is_empty() {
            self.cookies().remove(name);
        } else {
            self.cookies().insert(name.to_owned(), value.to_owned());
        }
    }

    /// The `Cookie` header that the next request will carry; empty for none.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// With `Accept: application/json`.
    #[track_caller]
    pub fn get_json(&self, path: &str) -> Reply {
        self.send("GET", path, &[("accept", "application/json")], b"")
    }

    /// A form, as a browser without JavaScript posts it.
    #[track_caller]
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &headers, form(fields).as_bytes())
    }

    /// JSON in, JSON out.
    #[track_caller]
    pub fn post_json(&self, path: &str, body: &serde_json::Value) -> Reply {
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Any request.
    ///
    /// # Panics
    /// When no whole reply comes: in these tests the runtime always answers.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let cookies = self.cookie_header();
        let headers = self.with_own_headers(headers, &cookies);
        let reply = http::send(method, &format!("{}{path}", self.origin), &headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!(reply.complete, "{method} {path}: the reply is cut: {reply:?}");
        self.keep_cookies(&reply);
        reply
    }

    /// The head of a request that a test writes on a [`Connection`](test_support::Connection) of its own.
    #[must_use]
    pub fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let cookies = self.cookie_header();
        let mut all = self.with_own_headers(headers, &cookies);
        all.extend([("host", self.origin.trim_start_matches("http://")), ("connection", "close")]);
        http::head(method, path, &all)
    }

    /// Adds the cookies, unless some are given, and the address.
    fn with_own_headers<'a>(
        &'a self,
        headers: &[(&'a str, &'a str)],
        cookies: &'a str,
    ) -> Vec<(&'a str, &'a str)> {
        let mut all = headers.to_vec();
        if !cookies.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
            all.push(("cookie", cookies));
        }
        if !self.address.is_empty() {
            all.push(("x-forwarded-for", &self.address));
        }
        all
    }

    fn cookies(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_cookies(&self, reply: &Reply) {
        for cookie in reply.all("set-cookie") {
            let mut attributes = cookie.split(';').map(str::trim);
            let Some((name, value)) = attributes.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let is_removal = attributes.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0"));
            self.set_cookie(name, if is_removal { "" } else { value });
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("── the end of the runtime's log ──\n{}\n──", self.log.tail(40));
        }
    }
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
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}
