//! "Who is asking, and may they?": the one client of auth's `/auth/verify` and `/auth/internal/…`, used by llm and
//! ocr. Deny by default: whatever is not a clear yes is a no.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::todo)
)]

mod denied;
mod exchange;
mod once;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;
use web::outbound::{Limits, Outbound};

pub use denied::Denied;
pub use once::Once;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stable and opaque; safe in a log.
    pub id: String,
    /// As the user wrote it; personal data.
    pub name: String,
}

/// Whose daily quota is meant: llm counts questions, ocr counts pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Llm,
    Ocr,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Ocr => "ocr",
        }
    }
}

/// What is left of a user's quota for today (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub left: u32,
    pub limit: u32,
}

/// What was taken from a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    pub quota: Quota,
    /// Names this spending when its outcome is reported; none from an auth of the version before.
    pub ticket: Option<Ticket>,
}

/// What came of a request that may have been sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is the first: taken, and to be reported.
    Taken(Spent),
    /// Its answer is known; nothing was taken.
    Known(Known),
}

/// The answer of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As it was handed to [`Client::delivered`].
    pub answer: String,
    pub quota: Quota,
}

/// Auth's name for one spending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket(String);

/// What was spent for did not arrive.
#[derive(Debug, Clone, Copy)]
pub struct Undelivered<'a> {
    pub ticket: Option<&'a Ticket>,
    /// It says that the upstream is ill, so auth's breaker counts it.
    pub upstream_failed: bool,
}

impl Undelivered<'_> {
    /// Nothing that a breaker should hear of.
    pub const UNKNOWN: Self = Self { ticket: None, upstream_failed: false };
}

/// The longest report that auth takes, in bytes; a longer answer is not kept.
const REPORT_BYTES_MAX: usize = 256 * 1024;

/// Auth is one hop away: a slow answer is a sick one, and the user waits for it before anything else happens.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(8),
    between_bytes: Duration::from_secs(3),
    total: Duration::from_secs(10),
    reply_bytes_max: 16 * 1024,
};

/// The same for a reply that may hold an answer: as long as the report that brought it, and a little.
const ANSWER_LIMITS: Limits = Limits { reply_bytes_max: REPORT_BYTES_MAX + 16 * 1024, ..LIMITS };

/// A report keeps the user waiting who already has an answer: better none than a slow one.
const REPORT_LIMITS: Limits = Limits {
    connect: Duration::from_secs(1),
    first_byte: Duration::from_secs(2),
    between_bytes: Duration::from_secs(1),
    total: Duration::from_secs(3),
    reply_bytes_max: 16 * 1024,
};

/// Asks auth at `auth_url` on behalf of whoever sent `headers`.
#[derive(Debug, Clone)]
pub struct Client<O> {
    outbound: O,
    auth_url: String,
    service_key: String,
}

impl<O: Outbound> Client<O> {
    /// `auth_url` is an origin such as `http://auth.spin.internal`; `service_key` is the shared secret.
    #[must_use]
    pub const fn new(outbound: O, auth_url: String, service_key: String) -> Self {
        Self { outbound, auth_url, service_key }
    }

    /// Who sent these headers?
    ///
    /// # Errors
    /// [`Denied::SignedOut`] without a valid session, [`Denied::Unavailable`] when auth gives no clear answer.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<User, Denied> {
        let request = exchange::verify_request(&self.auth_url, headers)?;
        let response = self.outbound.send(request, LIMITS).await.map_err(exchange::unavailable)?;
        exchange::verified(&response)
    }

    /// Takes `amount` from the user's quota, or nothing.
    ///
    /// # Errors
    /// As [`Client::verify`], and [`Denied::Exhausted`] when less than `amount` is left, [`Denied::Paused`] while the
    /// service's breaker is open, [`Denied::NotConfigured`] without a service key.
    pub async fn spend(&self, headers: &HeaderMap, service: Service, amount: u32) -> Result<Spent, Denied> {
        let body = exchange::amount(service, amount);
        exchange::spent(&self.post("spend", headers, &body, LIMITS).await?)
    }

    /// As [`Client::spend`], unless the same request was sent before: then its answer.
    ///
    /// # Errors
    /// As [`Client::spend`], and [`Denied::StillRunning`] while the first one is under way, [`Denied::KeyReused`] when
    /// the key was used for another request.
    pub async fn spend_once(
        &self,
        headers: &HeaderMap,
        service: Service,
        amount: u32,
        once: &Once,
    ) -> Result<Begun, Denied> {
        let body = exchange::amount_once(service, amount, once);
        exchange::begun(&self.post("spend", headers, &body, ANSWER_LIMITS).await?)
    }

    /// The answer to a request that was sent before; none when that failed or was too long ago. Takes nothing.
    ///
    /// # Errors
    /// As [`Client::spend_once`], without those about a quota or a breaker.
    pub async fn recall(
        &self,
        headers: &HeaderMap,
        service: Service,
        once: &Once,
    ) -> Result<Option<Known>, Denied> {
        let body = exchange::same_as(service, once);
        exchange::recalled(&self.post("recall", headers, &body, ANSWER_LIMITS).await?)
    }

    /// Gives back what was not delivered.
    ///
    /// # Errors
    /// As [`Client::verify`], and [`Denied::NotConfigured`] without a service key.
    pub async fn refund(
        &self,
        headers: &HeaderMap,
        service: Service,
        amount: u32,
        why: Undelivered<'_>,
    ) -> Result<Quota, Denied> {
        let body = exchange::undelivered(service, amount, why);
        exchange::counted(&self.post("refund", headers, &body, LIMITS).await?)
    }

    /// Says that what was spent for has arrived, and what is to be kept for a request that is sent again. The user
    /// waits for this: 3 s at most.
    ///
    /// # Errors
    /// As [`Client::refund`]; none concerns the user.
    pub async fn delivered(
        &self,
        headers: &HeaderMap,
        service: Service,
        ticket: &Ticket,
        answer: Option<&str>,
    ) -> Result<(), Denied> {
        let body = exchange::delivered(service, ticket, answer);
        exchange::noted(&self.post("delivered", headers, &body, REPORT_LIMITS).await?)
    }

    async fn post(
        &self,
        verb: &str,
        headers: &HeaderMap,
        body: &Value,
        limits: Limits,
    ) -> Result<Response<Bytes>, Denied> {
        if self.service_key.is_empty() {
            return Err(Denied::NotConfigured("service_key"));
        }
        let request = exchange::internal_request(&self.auth_url, headers, (verb, &self.service_key), body)?;
        self.outbound.send(request, limits).await.map_err(exchange::unavailable)
    }
}
