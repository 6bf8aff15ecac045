//! The calls of the tools, for the tests of metering.

use ::http::{StatusCode, header};
use auth_api::{
    IdempotencyKey, Reason, ReservationId, Service, Settlement,
    wire::{LOOKUP_PATH, Lookup, RESERVATIONS_PATH, Reserve},
};
use serde::Serialize;
use web::Reply;

use super::{Browser, PASSWORD, Site, json};

/// A tool that calls on behalf of one signed-in user.
pub(super) struct Tool<'a> {
    pub(super) site: &'a Site,
    pub(super) browser: Browser<'a>,
    pub(super) service: Service,
}

impl<'a> Tool<'a> {
    /// llm, for a new user.
    pub(super) fn new(site: &'a Site, user: &str) -> Self {
        let mut browser = site.browser();
        browser.json = true;
        browser.register(user);
        browser.sign_in(user, PASSWORD);
        Self { site, browser, service: Service::Llm }
    }

    pub(super) fn post(&self, path: &str, key: &str, body: &str) -> Reply {
        let request = self.browser.request("POST", path).with("x-service-key", key);
        self.site.answer(request.with_body("application/json", body.to_owned()))
    }

    fn call(&self, path: &str, body: &impl Serialize) -> Reply {
        self.post(path, "the key", &serde_json::to_string(body).unwrap())
    }

    pub(super) fn reserve(&self, amount: u32, key: Option<IdempotencyKey>) -> Reply {
        self.call(RESERVATIONS_PATH, &Reserve { service: self.service, amount, idempotency_key: key })
    }

    /// Reserves one; the reservation's id.
    pub(super) fn reserved(&self, key: Option<IdempotencyKey>) -> ReservationId {
        let reply = self.reserve(1, key);
        assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
        ReservationId::parse(json(&reply)["reservation_id"].as_str().unwrap()).unwrap()
    }

    pub(super) fn lookup(&self, key: IdempotencyKey) -> Reply {
        self.call(LOOKUP_PATH, &Lookup { service: self.service, idempotency_key: key })
    }

    pub(super) fn extend(&self, id: ReservationId, amount: u32) -> Reply {
        self.call(&id.extend_path(), &auth_api::wire::Extend { service: self.service, amount })
    }

    /// 204, or 404 when there is nothing to settle.
    pub(super) fn settle(&self, id: ReservationId, settlement: &Settlement) -> StatusCode {
        self.call(&id.settle_path(), settlement).status
    }

    pub(super) fn deliver(&self, id: ReservationId, response: Option<&str>) {
        let settlement = Settlement::Delivered { response: response.map(str::to_owned), amount: None };
        assert_eq!(self.settle(id, &settlement), StatusCode::NO_CONTENT);
    }

    pub(super) fn fail(&self, id: ReservationId, reason: Reason) {
        let failed = Settlement::NotDelivered { reason, upstream_called: false };
        assert_eq!(self.settle(id, &failed), StatusCode::NO_CONTENT);
    }

    /// Reports that the upstream was called in vain; whether the amount was given back.
    pub(super) fn fail_after_a_call(&self, id: ReservationId) -> bool {
        let failed = Settlement::NotDelivered { reason: Reason::Other, upstream_called: true };
        match self.settle(id, &failed) {
            StatusCode::NO_CONTENT => true,
            StatusCode::OK => false,
            status => panic!("{status}"),
        }
    }

    pub(super) fn left(&self) -> i64 {
        let service = self.service.as_str();
        json(&self.browser.get("/home"))["quotas"][service]["left"].as_i64().unwrap()
    }
}

pub(super) fn retry_after(reply: &Reply) -> u32 {
    reply.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}
