//! How many statements a request costs, and how many of them wait for the disk. Each is three round trips to the database,
//! so a number only changes on purpose.

use std::{cell::Cell, rc::Rc};

use auth::{
    app::Random,
    postgres::PostgresStore,
    settings::{Settings, Variables},
    store::Maintenance,
};
use auth_api::{
    IdempotencyKey, Reason, ReservationId, Service, Settlement,
    wire::{Extend, LOOKUP_PATH, Lookup, RESERVATIONS_PATH, Reserve},
};
use serde::Serialize;
use web::{Reply, Request, UnixTime};

use crate::{client::Native, server, users::NOW};

const PASSWORD: &str = "le chat dort sous la table";

struct Site {
    store: PostgresStore<Native>,
    operator: tokio_postgres::Client,
    statements: Rc<Cell<usize>>,
    waits: Rc<Cell<usize>>,
    draws: Cell<u8>,
    now: Cell<i64>,
    cookie: String,
}

impl Site {
    async fn new() -> Self {
        let config = server::empty_database().await;
        let mut database = Native::connect(&config).await;
        let (statements, waits) = (database.statements(), database.waits());
        let store = PostgresStore::new(database);
        store.make_ready().await.unwrap();
        let operator = server::connect(&config).await;
        Self {
            store,
            operator,
            statements,
            waits,
            draws: Cell::new(0),
            now: Cell::new(NOW.0),
            cookie: String::new(),
        }
    }

    /// The reply, and the statements that it took.
    async fn send(&self, mut request: Request) -> (Reply, usize) {
        request.now = UnixTime(self.now.get());
        self.statements.set(0);
        self.waits.set(0);
        self.draws.set(self.draws.get() + 1);
        let settings = Settings::parse(Variables {
            service_key: "the key".into(),
            llm_daily_quota: "50".to_owned(),
            ocr_daily_pages: "100".to_owned(),
            llm_daily_ceiling: "2000".to_owned(),
            ocr_daily_ceiling: "3000".to_owned(),
            trusted_proxies: String::new(),
        });
        let random = Random::from_bytes([self.draws.get(); 81]);
        let reply = auth::handle(&request, &self.store, settings, random).await;
        (reply, self.statements.get())
    }

    fn request(&self, method: &str, path: &str) -> Request {
        let request =
            Request::test(method, path).with("host", "localhost").with("accept", "application/json");
        request.with("cookie", &self.cookie).with("x-service-key", "the key")
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> (Reply, usize) {
        let body = serde_json::to_vec(body).unwrap();
        self.send(self.request("POST", path).with_body("application/json", body)).await
    }

    /// Reserves one question: the id, and the statements that it took.
    async fn reserve(&self, key: Option<&IdempotencyKey>) -> (ReservationId, usize) {
        let body = Reserve { service: Service::Llm, amount: 1, idempotency_key: key.cloned() };
        let (reply, statements) = self.post(RESERVATIONS_PATH, &body).await;
        let body: serde_json::Value = serde_json::from_slice(reply.body.whole().unwrap()).unwrap();
        let id = body["reservation_id"].as_str().unwrap_or_default();
        (ReservationId::parse(id).unwrap_or(ReservationId::from_random([0; 16])), statements)
    }

    /// As after failures for other users.
    async fn open_circuit(&self) {
        let open = format!(
            "INSERT INTO breakers (service, failures, failed_at, open_until, pause_seconds) VALUES
                ('llm', 5, to_timestamp({0}), to_timestamp({0} + 30), 30)
            ON CONFLICT (service) DO UPDATE SET open_until = EXCLUDED.open_until, failed_users = '{{}}'",
            NOW.0
        );
        self.operator.batch_execute(&open).await.unwrap();
    }

    async fn settle(&self, id: ReservationId, settlement: &Settlement) -> usize {
        let (reply, statements) = self.post(&id.settle_path(), settlement).await;
        assert_eq!(reply.status, 204);
        statements
    }
}

#[tokio::test]
async fn each_request_costs_these_numbers_of_statements() {
    let mut site = Site::new().await;
    let account = serde_json::json!({ "username": "alice", "password": PASSWORD });
    assert_eq!(site.post("/register", &account).await.1, 5, "two of them for the turn to hash");
    let (signed_in, statements) = site.post("/auth", &account).await;
    assert_eq!(statements, 10, "signing in");
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    site.cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(site.send(site.request("GET", "/auth/verify")).await.1, 1);
    assert_eq!(site.send(site.request("GET", "/home")).await.1, 1, "with what is left");
    site.now.set(NOW.0 + 60);
    assert_eq!(site.send(site.request("GET", "/home")).await.1, 2, "each minute of use is recorded");
    assert_eq!(site.send(site.request("GET", "/home")).await.1, 1);
    site.now.set(NOW.0);

    let key = IdempotencyKey::new("key", "request");
    let (id, statements) = site.reserve(Some(&key)).await;
    assert_eq!(statements, 2, "the session, and the reservation");
    let lookup = Lookup { service: Service::Llm, idempotency_key: key.clone() };
    assert_eq!(site.post(LOOKUP_PATH, &lookup).await.1, 2);
    let extend = Extend { service: Service::Llm, amount: 1 };
    assert_eq!(site.post(&id.extend_path(), &extend).await.1, 1);
    assert_eq!(
        site.settle(id, &Settlement::Delivered { response: Some("x".to_owned()), amount: Some(1) }).await,
        1
    );
    assert_eq!(site.reserve(Some(&key)).await.1, 2, "a replay");

    for reason in [Reason::UpstreamFailed, Reason::Other] {
        let (id, statements) = site.reserve(None).await;
        assert_eq!(statements, 2);
        assert_eq!(site.settle(id, &Settlement::NotDelivered { reason, upstream_called: true }).await, 1);
    }
    site.open_circuit().await;
    let attempt = async |amount, service| {
        let body = Reserve { service, amount, idempotency_key: None };
        let (reply, statements) = site.post(RESERVATIONS_PATH, &body).await;
        (reply.status.as_u16(), statements)
    };
    assert_eq!(attempt(1, Service::Llm).await, (424, 2), "the circuit is open");
    site.now.set(NOW.0 + 30);
    assert_eq!(attempt(1, Service::Llm).await, (201, 2), "the probe");
    assert_eq!(attempt(1, Service::Llm).await, (424, 2), "while the probe is under way");
    assert_eq!(attempt(101, Service::Ocr).await, (429, 2), "the quota is exhausted");
}

#[tokio::test]
async fn only_what_somebody_is_told_waits_for_the_disk() {
    let mut site = Site::new().await;
    let account = serde_json::json!({ "username": "alice", "password": PASSWORD });
    let registered = site.post("/register", &account).await.0.status.as_u16();
    assert_eq!((registered, site.waits.get()), (201, 1), "the account");
    let (signed_in, _) = site.post("/auth", &account).await;
    assert_eq!(site.waits.get(), 1, "the session");
    let wrong = serde_json::json!({ "username": "alice", "password": "le chien dort sous la table" });
    assert_eq!((site.post("/auth", &wrong).await.0.status.as_u16(), site.waits.get()), (401, 0));
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    site.cookie = cookie.split(';').next().unwrap().to_owned();
    site.now.set(NOW.0 + 60);
    site.send(site.request("GET", "/home")).await;
    assert_eq!(site.waits.get(), 0, "the minute of use");
    let (id, _) = site.reserve(None).await;
    assert_eq!(site.waits.get(), 1, "the reservation");
    site.settle(id, &Settlement::NotDelivered { reason: Reason::Other, upstream_called: false }).await;
    assert_eq!(site.waits.get(), 1, "its outcome");
    site.send(site.request("POST", "/logout")).await;
    assert_eq!(site.waits.get(), 1, "the end of the session");
}
