//! The use cases over the store in memory, with a moved clock. [`Browser`] stands for a user: it keeps its cookie and
//! follows no redirect.

mod account;
mod circuit;
mod http;
mod idempotency;
mod metering;
mod quota;
mod registering;
mod sessions;
mod signing_in;
mod unavailable;

use std::cell::{Cell, RefCell};

use ::http::{StatusCode, header};
use web::{Reply, Request, UnixTime, testing::run};

use crate::{
    app::Random,
    memory::MemoryStore,
    settings::{Settings, Variables},
};

pub(super) const PASSWORD: &str = "le chat dort sous la table";
pub(super) const OTHER_PASSWORD: &str = "la pluie tombe sur le toit";
pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;

/// The component with its store, its clock and a counter in place of random bytes.
pub(super) struct Site {
    pub(super) store: MemoryStore,
    pub(super) now: Cell<i64>,
    draws: Cell<u8>,
    pub(super) purge_sample: Cell<u8>,
    pub(super) service_key: &'static str,
    pub(super) llm_daily_ceiling: &'static str,
}

impl Site {
    pub(super) fn new() -> Self {
        Self {
            store: MemoryStore::default(),
            now: Cell::new(1_795_000_000),
            draws: Cell::new(0),
            purge_sample: Cell::new(1),
            service_key: "the key",
            llm_daily_ceiling: "2000",
        }
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.now.set(self.now.get() + seconds);
    }

    pub(super) fn answer(&self, mut request: Request) -> Reply {
        request.now = UnixTime(self.now.get());
        self.draws.set(self.draws.get().wrapping_add(1));
        let draw = self.draws.get();
        let random = Random {
            token: [draw; 32],
            salt: [draw; 16],
            user_id: [draw; 16],
            reservation_id: [draw; 16],
            purge_sample: self.purge_sample.get(),
        };
        let settings = Settings::parse(Variables {
            service_key: self.service_key.into(),
            llm_daily_quota: "50".to_owned(),
            ocr_daily_pages: "100".to_owned(),
            llm_daily_ceiling: self.llm_daily_ceiling.to_owned(),
            ocr_daily_ceiling: "3000".to_owned(),
            trusted_proxies: String::new(),
        });
        run(crate::handle(&request, &self.store, settings, random))
    }

    /// A browser with an address of its own.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { site: self, cookie: RefCell::default(), address: "192.0.2.1:4711", json: false }
    }
}

pub(super) struct Browser<'a> {
    site: &'a Site,
    pub(super) cookie: RefCell<Option<String>>,
    pub(super) address: &'static str,
    pub(super) json: bool,
}

impl Browser<'_> {
    pub(super) fn request(&self, method: &str, path: &str) -> Request {
        let mut request = Request::test(method, path)
            .with("host", "localhost:3000")
            .with("spin-client-addr", self.address)
            .with("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        if let Some(cookie) = &*self.cookie.borrow() {
            request = request.with("cookie", &format!("session={cookie}"));
        }
        let accept = if self.json { "application/json" } else { "text/html" };
        request.with("accept", accept)
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.keep_cookie(self.site.answer(self.request("GET", path)))
    }

    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let request = self.request("POST", path);
        let request = request.with_body("application/x-www-form-urlencoded", pairs.join("&"));
        self.keep_cookie(self.site.answer(request))
    }

    pub(super) fn register(&self, name: &str) -> Reply {
        self.post("/register", &[("username", name), ("password", PASSWORD)])
    }

    pub(super) fn sign_in(&self, name: &str, password: &str) -> Reply {
        self.post("/auth", &[("username", name), ("password", password)])
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.get("/auth/verify").status == StatusCode::NO_CONTENT
    }

    /// Keeps the session's cookie as a browser would.
    fn keep_cookie(&self, reply: Reply) -> Reply {
        for line in reply.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            if let Some(rest) = line.strip_prefix("session=") {
                let value = rest.split(';').next().unwrap();
                *self.cookie.borrow_mut() = (!value.is_empty()).then(|| value.to_owned());
            }
        }
        reply
    }
}

pub(super) fn location(reply: &Reply) -> &str {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", text(reply));
    reply.headers[header::LOCATION].to_str().unwrap()
}

pub(super) fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.whole().unwrap().to_vec()).unwrap()
}

/// The names in a JSON object, in order.
pub(super) fn keys(object: &serde_json::Value) -> String {
    let names = object.as_object().into_iter().flat_map(|object| object.keys().cloned());
    names.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

pub(super) fn json(reply: &Reply) -> serde_json::Value {
    serde_json::from_slice(reply.body.whole().unwrap()).unwrap()
}
