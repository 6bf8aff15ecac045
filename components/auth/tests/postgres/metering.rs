//! What the tests of metering share: a user, and the verbs of the port at a moment of a moved clock.

use auth::{
    metering::{
        quota::Limits,
        store::{
            EarlierRequest, ExtendOutcome, MeteringStore, NewReservation, ReserveOutcome, SettleOutcome,
        },
    },
    postgres::PostgresStore,
    session::{NewSession, SessionToken},
    store::{SessionStore, UserStore},
    user::UserId,
};
use auth_api::{
    IdempotencyKey, Reason, ReservationId, Service, Settlement,
    wire::{Extend, Lookup, Reserve},
};
use tokio_postgres::Config;
use web::UnixTime;

use crate::{
    client::{self, Native},
    server,
    users::{NOW, registered},
};

pub(crate) const LIMIT: u32 = 10;
pub(crate) const CEILING: u32 = 1000;

pub(crate) const fn id(seed: u8) -> ReservationId {
    ReservationId::from_random([seed; 16])
}

pub(crate) const fn key(key: u8, request: u8) -> IdempotencyKey {
    IdempotencyKey { key_hash: [key; 32], request_hash: [request; 32] }
}

pub(crate) const fn after(seconds: i64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

/// A user with a connection of its own. `service` and `seconds`, the time after [`NOW`], are of the next call.
pub(crate) struct User {
    pub(crate) store: PostgresStore<Native>,
    pub(crate) user: UserId,
    pub(crate) service: Service,
    pub(crate) limits: Limits,
}

impl User {
    pub(crate) async fn new() -> Self {
        Self::create(&server::empty_database().await).await
    }

    pub(crate) async fn create(config: &Config) -> Self {
        let store = client::open(config).await;
        let user = registered(&store, 1, "alice").await.id;
        Self::of(store, user)
    }

    const fn of(store: PostgresStore<Native>, user: UserId) -> Self {
        Self { store, user, service: Service::Llm, limits: Limits { user: LIMIT, all_users: CEILING } }
    }

    /// Another user of the same database.
    pub(crate) async fn other(&self, config: &Config, seed: u8) -> Self {
        let store = client::open(config).await;
        let user = registered(&store, seed, &format!("user {seed}")).await.id;
        Self { service: self.service, limits: self.limits, ..Self::of(store, user) }
    }

    /// The same user on another connection.
    pub(crate) async fn again(config: &Config, user: UserId) -> Self {
        Self::of(client::open(config).await, user)
    }

    pub(crate) async fn reserve(&self, id: ReservationId, reserve: Reserve, seconds: i64) -> ReserveOutcome {
        let new = NewReservation { id, user: &self.user, request: &reserve, limits: self.limits };
        self.store.reserve(&new, after(seconds)).await.unwrap()
    }

    /// Reserves an amount without a key.
    pub(crate) async fn take(&self, seed: u8, amount: u32, seconds: i64) -> ReserveOutcome {
        let request = Reserve { service: self.service, amount, idempotency_key: None };
        self.reserve(id(seed), request, seconds).await
    }

    /// Reserves one with a key.
    pub(crate) async fn claim(&self, seed: u8, key: IdempotencyKey, seconds: i64) -> ReserveOutcome {
        let request = Reserve { service: self.service, amount: 1, idempotency_key: Some(key) };
        self.reserve(id(seed), request, seconds).await
    }

    pub(crate) async fn lookup(&self, key: IdempotencyKey, seconds: i64) -> Option<EarlierRequest> {
        let lookup = Lookup { service: self.service, idempotency_key: key };
        self.store.lookup(&self.user, &lookup, after(seconds)).await.unwrap()
    }

    pub(crate) async fn extend(&self, seed: u8, amount: u32, seconds: i64) -> ExtendOutcome {
        let extend = Extend { service: self.service, amount };
        self.store.extend(&id(seed), extend, self.limits, after(seconds)).await.unwrap()
    }

    pub(crate) async fn deliver(&self, seed: u8, response: Option<&str>, seconds: i64) -> bool {
        let response = response.map(str::to_owned);
        self.settle(seed, &Settlement::Delivered { response, amount: None }, seconds).await
            == SettleOutcome::Settled
    }

    pub(crate) async fn fail(&self, seed: u8, reason: Reason, seconds: i64) -> bool {
        let failed = Settlement::NotDelivered { reason, upstream_called: false };
        self.settle(seed, &failed, seconds).await == SettleOutcome::Settled
    }

    pub(crate) async fn settle(&self, seed: u8, settlement: &Settlement, seconds: i64) -> SettleOutcome {
        self.store.settle(&id(seed), settlement, after(seconds)).await.unwrap()
    }

    pub(crate) async fn spent(&self, seconds: i64) -> i64 {
        let user = self.store.find_by_id(&self.user).await.unwrap().unwrap();
        let token = self.user.as_str().as_bytes().first_chunk().unwrap();
        let session = NewSession::new(&SessionToken::from_random(*token), "", after(seconds));
        self.store.end_session(&session.token_hash).await.unwrap();
        assert!(self.store.start_session(&user, &session, None).await.unwrap());
        let session = self.store.use_session(&session.token_hash, after(seconds)).await.unwrap().unwrap();
        match self.service {
            Service::Llm => session.spent.llm,
            Service::Ocr => session.spent.ocr,
        }
    }
}
