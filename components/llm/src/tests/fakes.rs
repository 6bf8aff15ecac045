//! Auth, the webhook and the chat API in one network, distinguished by the request's address.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use auth_api::{Quota, Reservation, ReservationId, Reserved, Settlement, wire};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use web::outbound::{Limits, Outbound, SendError, StreamingOutbound, StreamingResponse};
use web::testing::FakeClock;

use super::{CHAT, WEBHOOK};

pub(super) type Reply = Result<Response<Bytes>, SendError>;

/// The daily quota.
pub(super) const LIMIT: u32 = 50;

#[derive(Clone)]
pub(super) struct Network {
    pub(super) clock: FakeClock,
    state: Rc<State>,
}

impl std::ops::Deref for Network {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) auth_unreachable: Cell<bool>,
    pub(super) settling_fails: Cell<bool>,
    /// Auth's next replies to reservations and lookups, in place of its own.
    pub(super) scripted: RefCell<VecDeque<Response<Bytes>>>,
    pub(super) left: Cell<u32>,
    /// The webhook's replies, in this order; the last one is repeated.
    webhook: RefCell<VecDeque<Reply>>,
    pub(super) webhook_takes: Cell<Duration>,
    /// Path and body of every request to auth.
    auth_requests: RefCell<Vec<(String, Value)>>,
    /// Body and limits of every request to the webhook.
    pub(super) questions: RefCell<Vec<(Value, Limits)>>,
    /// The chat API's replies, in this order; none is reached without one.
    pub(super) chat: RefCell<VecDeque<Streamed>>,
    /// Every request to the chat API.
    pub(super) chats: RefCell<Vec<Request<Bytes>>>,
}

/// A reply of the chat API: its chunks, and how its body ends.
#[derive(Clone)]
pub(super) struct Streamed {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) chunks: VecDeque<Bytes>,
    pub(super) end: Result<(), SendError>,
    /// What each chunk takes.
    pub(super) pace: Duration,
    pub(super) clock: FakeClock,
    pub(super) headers: HeaderMap,
}

impl Streamed {
    pub(super) fn new(chunks: &[&str]) -> Self {
        Self {
            status: 200,
            content_type: "text/event-stream",
            chunks: chunks.iter().map(|chunk| Bytes::copy_from_slice(chunk.as_bytes())).collect(),
            end: Ok(()),
            pace: Duration::ZERO,
            clock: FakeClock::default(),
            headers: HeaderMap::new(),
        }
    }
}

impl StreamingResponse for Streamed {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap()
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, SendError> {
        if self.pace > limit {
            self.clock.advance(limit);
            return Err(SendError::TimedOut("silence".to_owned()));
        }
        self.clock.advance(self.pace);
        match self.chunks.pop_front() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.end.clone().map(|()| None),
        }
    }
}

impl StreamingOutbound for Network {
    type Response = Streamed;

    async fn send_streaming<B>(&self, request: Request<B>, _: Limits) -> Result<Streamed, SendError>
    where
        B: Iterator<Item = Bytes> + Send + 'static,
    {
        assert_eq!(request.uri().to_string(), format!("{CHAT}/v1/chat/completions"));
        let request = request.map(|body| body.collect::<Vec<_>>().concat().into());
        self.chats.borrow_mut().push(request);
        let next = self.chat.borrow_mut().pop_front();
        let mut streamed = next.ok_or_else(|| SendError::NotSent("refused".to_owned()))?;
        streamed.clock = self.clock.clone();
        streamed.headers.insert("content-type", streamed.content_type.parse().unwrap());
        Ok(streamed)
    }
}

impl Network {
    pub(super) fn new(webhook: VecDeque<Reply>) -> Self {
        let state = State { left: Cell::new(LIMIT), webhook: RefCell::new(webhook), ..State::default() };
        Self { clock: FakeClock::default(), state: Rc::new(state) }
    }

    /// How many questions the webhook got.
    pub(super) fn asked(&self) -> usize {
        self.questions.borrow().len()
    }

    pub(super) fn auth_paths(&self) -> Vec<String> {
        self.auth_requests.borrow().iter().map(|(path, _)| path.clone()).collect()
    }

    /// The bodies of the requests to auth whose path ends so.
    pub(super) fn auth_bodies(&self, end: &str) -> Vec<Value> {
        let requests = self.auth_requests.borrow();
        requests.iter().filter(|(path, _)| path.ends_with(end)).map(|(_, body)| body.clone()).collect()
    }

    fn webhook_reply(&self, request: &Request<Bytes>, limits: Limits) -> Reply {
        self.questions.borrow_mut().push((json(request), limits));
        self.clock.advance(self.webhook_takes.get());
        let mut replies = self.webhook.borrow_mut();
        if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() }
    }

    fn auth_reply(&self, request: &Request<Bytes>) -> Reply {
        let path = request.uri().path();
        assert_eq!(request.uri().host(), Some("auth.spin.internal"));
        self.auth_requests.borrow_mut().push((path.to_owned(), json(request)));
        if self.auth_unreachable.get() {
            return Err(SendError::NotSent("refused".to_owned()));
        }
        if request.headers().get("cookie").is_none() {
            return Ok(response(401, &[], ""));
        }
        match path {
            wire::VERIFY_PATH => Ok(response(204, &[("x-user-id", "42"), ("x-user-name", "L%C3%A9a")], "")),
            wire::QUOTAS_PATH => {
                let quota = Quota { left: self.left.get(), limit: LIMIT };
                let quotas = serde_json::json!({
                    "user": { "id": "42", "name": "Léa" },
                    "quotas": { "llm": quota, "ocr": { "left": 0, "limit": 0 } },
                });
                Ok(response(200, &[("content-type", "application/json")], &quotas.to_string()))
            }
            wire::RESERVATIONS_PATH | wire::LOOKUP_PATH if !self.scripted.borrow().is_empty() => {
                Ok(self.scripted.borrow_mut().pop_front().unwrap())
            }
            wire::RESERVATIONS_PATH if self.left.get() == 0 => {
                Ok(response(429, &[("retry-after", "3600")], r#"{"left":0}"#))
            }
            wire::RESERVATIONS_PATH => Ok(self.reserve()),
            path if path == reservation().settle_path() => self.settle(request),
            other => panic!("auth has no {other}"),
        }
    }

    fn reserve(&self) -> Response<Bytes> {
        self.left.set(self.left.get() - 1);
        let quota = Quota { left: self.left.get(), limit: LIMIT };
        let reserved = Reservation::Reserved(Reserved { reservation_id: reservation(), quota });
        response(201, &[], &serde_json::to_string(&reserved).unwrap())
    }

    fn settle(&self, request: &Request<Bytes>) -> Reply {
        if self.settling_fails.get() {
            return Err(SendError::TimedOut("3 s".to_owned()));
        }
        if let Settlement::NotDelivered { .. } = serde_json::from_slice(request.body()).unwrap() {
            self.left.set(self.left.get() + 1);
        }
        Ok(response(204, &[], ""))
    }
}

impl Outbound for Network {
    async fn send(&self, request: Request<Bytes>, limits: Limits) -> Reply {
        if *request.uri() == WEBHOOK {
            self.webhook_reply(&request, limits)
        } else {
            self.auth_reply(&request)
        }
    }
}

/// The id of every reservation.
pub(super) fn reservation() -> ReservationId {
    ReservationId::from_random([1; 16])
}

pub(super) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn json(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap_or_default()
}
