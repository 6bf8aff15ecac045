//! "Who is asking, and may they?": the one client of auth's `/auth/verify`, `/auth/internal/spend` and
//! `/auth/internal/refund`, used by llm and ocr. Deny by default: whatever is not a clear yes is a no.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::todo)
)]

mod denied;
mod exchange;

use std::time::Duration;

use http::HeaderMap;
use web::outbound::{Limits, Outbound};

pub use denied::Denied;

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

/// Auth is one hop away: a slow answer is a sick one, and the user waits for it before anything else happens.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(8),
    between_bytes: Duration::from_secs(3),
    total: Duration::from_secs(10),
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
    /// As [`Client::verify`], and [`Denied::Exhausted`] when less than `amount` is left,
    /// [`Denied::NotConfigured`] without a service key.
    pub async fn spend(&self, headers: &HeaderMap, service: Service, amount: u32) -> Result<Quota, Denied> {
        self.count("spend", headers, service, amount).await
    }

    /// Gives back what was not delivered.
    ///
    /// # Errors
    /// As [`Client::spend`].
    pub async fn refund(&self, headers: &HeaderMap, service: Service, amount: u32) -> Result<Quota, Denied> {
        self.count("refund", headers, service, amount).await
    }

    async fn count(
        &self,
        verb: &str,
        headers: &HeaderMap,
        service: Service,
        amount: u32,
    ) -> Result<Quota, Denied> {
        if self.service_key.is_empty() {
            return Err(Denied::NotConfigured("service_key"));
        }
        let count = exchange::Count { verb, service, amount, service_key: &self.service_key };
        let request = exchange::count_request(&self.auth_url, headers, &count)?;
        let response = self.outbound.send(request, LIMITS).await.map_err(exchange::unavailable)?;
        exchange::counted(&response)
    }
}
