//! The client of the tools. Builds each request, sends it within its limits, and lets [`crate::interpret`] read the
//! reply.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use web::{
    Origin, Reply,
    outbound::{Limits, Outbound},
    route::Route,
};

use crate::{
    Denied, IdempotencyKey, Quota, Refund, Replayed, Reservation, ReservationId, Service, Settlement, User,
    interpret,
    wire::{self, Extend, Lookup, Reserve, SETTLEMENT_BYTES_MAX},
};

/// Auth is one hop away, and the user waits for it before anything else happens.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(8),
    between_bytes: Duration::from_secs(3),
    total: Duration::from_secs(10),
    reply_bytes_max: 16 * 1024,
};

/// For a reply that may contain a stored response.
const REPLAY_LIMITS: Limits = Limits { reply_bytes_max: SETTLEMENT_BYTES_MAX + 16 * 1024, ..LIMITS };

/// A user who already has the answer waits for the settlement, so it gets less time.
const SETTLE_LIMITS: Limits = Limits {
    connect: Duration::from_secs(1),
    first_byte: Duration::from_secs(2),
    between_bytes: Duration::from_secs(1),
    total: Duration::from_secs(3),
    reply_bytes_max: 16 * 1024,
};

/// Asks auth on behalf of one tool.
#[derive(Debug, Clone)]
pub struct AuthClient<O> {
    outbound: O,
    /// Such as `http://auth.spin.internal`; `None` when the configured one cannot be read.
    auth_origin: Option<Origin>,
    service: Service,
    service_key: SecretString,
}

impl<O: Outbound> AuthClient<O> {
    /// `auth_url` is an origin; `service_key` is the shared secret, empty where it is not configured.
    #[must_use]
    pub fn new(outbound: O, service: Service, auth_url: &str, service_key: SecretString) -> Self {
        Self { outbound, auth_origin: Origin::parse(auth_url), service, service_key }
    }

    /// The user whose session is in `headers`.
    ///
    /// # Errors
    /// [`Denied::SignedOut`] without a valid session, [`Denied::Unavailable`] when auth gives no clear reply.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<User, Denied> {
        let request = self.request(Method::GET, wire::VERIFY_PATH, headers).body(Bytes::new());
        interpret::verified(&self.send(request, LIMITS).await?)
    }

    /// The user whose session is in `headers`, with what is left of today's quota.
    ///
    /// # Errors
    /// As [`AuthClient::verify`].
    pub async fn user_and_quota(&self, headers: &HeaderMap) -> Result<(User, Quota), Denied> {
        let request = self.request(Method::GET, wire::QUOTAS_PATH, headers).body(Bytes::new());
        interpret::user_and_quota(&self.send(request, LIMITS).await?, self.service)
    }

    /// The user whose session is in `headers`; for a page, which says it, with what is left of today's quota.
    ///
    /// # Errors
    /// As [`AuthClient::verify`].
    pub async fn user(&self, headers: &HeaderMap, is_page: bool) -> Result<(User, Option<Quota>), Denied> {
        match is_page {
            true => self.user_and_quota(headers).await.map(|(user, quota)| (user, Some(quota))),
            false => self.verify(headers).await.map(|user| (user, None)),
        }
    }

    /// The reply to a request without a route: the error page of a signed-in user shows whose it is.
    pub async fn error_page<R: Route>(&self, request: &web::Request, prefix: &str, refused: Reply) -> Reply {
        if !refused.is_error_page() || !request.is_from_browser() || request.header("cookie").is_none() {
            return refused;
        }
        match self.verify(&request.headers).await {
            Ok(user) => web::route::refusal::<R>(request, &user.name, prefix, refused),
            Err(_) => refused,
        }
    }

    /// Reserves `amount` of the user's quota, or returns the stored response of the same request.
    ///
    /// # Errors
    /// As [`AuthClient::verify`], and [`Denied::QuotaExhausted`], [`Denied::CircuitOpen`], [`Denied::InProgress`] and
    /// [`Denied::KeyReused`] with an idempotency key, [`Denied::NotConfigured`] without a service key.
    pub async fn reserve(
        &self,
        headers: &HeaderMap,
        amount: u32,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<Reservation, Denied> {
        let body = Reserve { service: self.service, amount, idempotency_key: idempotency_key.cloned() };
        let limits = if idempotency_key.is_some() { REPLAY_LIMITS } else { LIMITS };
        interpret::reserved(&self.post(wire::RESERVATIONS_PATH, headers, json(&body), limits).await?)
    }

    /// The stored response of a request that was sent before; `None` when that failed or was too long ago.
    ///
    /// # Errors
    /// As [`AuthClient::reserve`], without those about a quota or a circuit breaker.
    pub async fn lookup(
        &self,
        headers: &HeaderMap,
        idempotency_key: &IdempotencyKey,
    ) -> Result<Option<Replayed>, Denied> {
        let body = Lookup { service: self.service, idempotency_key: idempotency_key.clone() };
        interpret::looked_up(&self.post(wire::LOOKUP_PATH, headers, json(&body), REPLAY_LIMITS).await?)
    }

    /// Reserves `amount` more under the same id, all or nothing.
    ///
    /// # Errors
    /// [`Denied::QuotaExhausted`]: the reservation stays as it was. [`Denied::Unavailable`] otherwise.
    pub async fn extend(
        &self,
        headers: &HeaderMap,
        id: &ReservationId,
        amount: u32,
    ) -> Result<Quota, Denied> {
        let body = Extend { service: self.service, amount };
        interpret::extended(&self.post(&id.extend_path(), headers, json(&body), LIMITS).await?)
    }

    /// Reports the outcome of a reservation, once. Takes 3 s at most.
    ///
    /// # Errors
    /// [`Denied::Unavailable`], for the log: the user's answer does not depend on it.
    pub async fn settle(
        &self,
        headers: &HeaderMap,
        id: &ReservationId,
        settlement: &Settlement,
    ) -> Result<Refund, Denied> {
        let body = settlement.to_body().into();
        interpret::settled(&self.post(&id.settle_path(), headers, body, SETTLE_LIMITS).await?)
    }

    async fn post(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
        limits: Limits,
    ) -> Result<Response<Bytes>, Denied> {
        let key = self.service_key.expose_secret();
        if key.is_empty() {
            return Err(Denied::NotConfigured("service_key"));
        }
        let request = self
            .request(Method::POST, path, headers)
            .header(wire::SERVICE_KEY_HEADER, key)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        self.send(request, limits).await
    }

    /// Passes on only what auth needs: the session, and the request id that joins both logs.
    fn request(&self, method: Method, path: &str, headers: &HeaderMap) -> http::request::Builder {
        // Without an origin the address is empty, and the request cannot be built.
        let url = self.auth_origin.as_ref().map(|origin| format!("{origin}{path}")).unwrap_or_default();
        let mut request =
            Request::builder().method(method).uri(url).header(header::ACCEPT, "application/json");
        for name in ["cookie", "x-request-id"] {
            for value in headers.get_all(name) {
                request = request.header(name, value);
            }
        }
        request
    }

    async fn send(
        &self,
        request: http::Result<Request<Bytes>>,
        limits: Limits,
    ) -> Result<Response<Bytes>, Denied> {
        let request = request.map_err(|error| Denied::Unavailable(format!("auth_url: {error}")))?;
        let reply = self.outbound.send(request, limits).await;
        reply.map_err(|error| Denied::Unavailable(format!("auth: {}", error.cause())))
    }
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use serde_json::{Value, json};
    use web::{outbound::SendError, testing::run};

    use super::*;

    /// Keeps the request and answers with a fixed reply.
    #[derive(Clone)]
    struct Fake {
        seen: Rc<RefCell<Option<Request<Bytes>>>>,
        reply: Result<(u16, &'static str), SendError>,
    }

    impl Outbound for Fake {
        async fn send(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, SendError> {
            *self.seen.borrow_mut() = Some(request);
            let (status, body) = self.reply.clone()?;
            Ok(Response::builder().status(status).body(body.into()).unwrap())
        }
    }

    fn client(reply: Result<(u16, &'static str), SendError>, key: &str) -> AuthClient<Fake> {
        let fake = Fake { seen: Rc::default(), reply };
        AuthClient::new(fake, Service::Ocr, "http://auth.spin.internal/", key.into())
    }

    fn seen(client: &AuthClient<Fake>) -> Request<Bytes> {
        client.outbound.seen.take().unwrap()
    }

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "session=abc".parse().unwrap());
        headers.insert("authorization", "secret".parse().unwrap());
        headers.insert("host", "evil.example".parse().unwrap());
        headers
    }

    #[test]
    fn only_the_cookie_and_the_request_id_are_passed_on() {
        let client = client(Ok((401, "")), "k");
        assert_eq!(run(client.verify(&headers())), Err(Denied::SignedOut));
        let request = seen(&client);
        assert_eq!(request.uri(), "http://auth.spin.internal/auth/verify");
        assert_eq!(request.headers()["cookie"], "session=abc");
        for name in ["authorization", "host", wire::SERVICE_KEY_HEADER] {
            assert!(!request.headers().contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_reservation_names_service_and_amount_and_carries_the_service_key() {
        let body =
            r#"{"state":"reserved","reservation_id":"abababababababababababababababab","left":4,"limit":50}"#;
        let client = client(Ok((201, body)), "k");
        let reservation = run(client.reserve(&headers(), 3, None)).unwrap();
        assert!(matches!(reservation, Reservation::Reserved(_)));
        let request = seen(&client);
        assert_eq!((request.method(), request.uri().path()), (&Method::POST, wire::RESERVATIONS_PATH));
        assert_eq!(request.headers()[wire::SERVICE_KEY_HEADER], "k");
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(sent, json!({"service": "ocr", "amount": 3}));
    }

    #[test]
    fn the_quota_is_that_of_the_service() {
        let body = r#"{"user":{"id":"42","name":"Léa"},"quotas":{"llm":{"left":1,"limit":2},"ocr":{"left":3,"limit":4}}}"#;
        let client = client(Ok((200, body)), "");
        let user = User { id: "42".to_owned(), name: "Léa".to_owned() };
        assert_eq!(run(client.user_and_quota(&headers())), Ok((user, Quota { left: 3, limit: 4 })));
        assert_eq!(seen(&client).uri().path(), "/home");
    }

    #[test]
    fn a_settlement_goes_to_the_path_of_its_reservation() {
        let client = client(Ok((204, "")), "k");
        let id = ReservationId::from_random([1; 16]);
        let settlement = Settlement::NotDelivered { reason: crate::Reason::Other, upstream_called: false };
        assert_eq!(run(client.settle(&headers(), &id, &settlement)), Ok(Refund::AsAsked));
        assert_eq!(seen(&client).uri().path(), id.settle_path());
    }

    #[test]
    fn without_a_service_key_nothing_is_sent_and_a_silent_auth_is_unavailable() {
        let unset = client(Ok((201, "")), "");
        assert_eq!(run(unset.reserve(&headers(), 1, None)), Err(Denied::NotConfigured("service_key")));
        assert!(unset.outbound.seen.borrow().is_none());
        let silent = client(Err(SendError::TimedOut("8 s".to_owned())), "k");
        assert_eq!(run(silent.verify(&headers())), Err(Denied::Unavailable("auth: 8 s".to_owned())));
    }

    #[test]
    fn no_debug_output_shows_the_service_key() {
        #[derive(Debug, Clone)]
        struct Nothing;
        let client = AuthClient {
            outbound: Nothing,
            auth_origin: None,
            service: Service::Llm,
            service_key: "hunter2".into(),
        };
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}
