//! The ports: what the use cases need of storage. Two implementors: PostgreSQL ([`crate::postgres`]) and tables in
//! memory for the tests of the use cases.
//!
//! `now` is an argument everywhere, so that expiry can be tested with a moved clock and all rows of one request have
//! the same time.

use web::UnixTime;

use crate::{
    breaker::{Admission, Policy},
    idempotency::{Found, RequestKey},
    password_hash::PasswordHash,
    service::{Day, Service},
    session::{LiveSession, NewSession, SessionHandle, SessionLine, TokenHash},
    throttle::{Bucket, Subject},
    ticket::Ticket,
    user::{NewUser, StoredUser, UserId},
    username::UsernameKey,
};

/// Why an operation failed. The texts are for the log; none contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// This variable is empty.
    NotConfigured(&'static str),
    /// No connection, no reply in time, or a broken connection.
    Unreachable(String),
    /// The schema is not current, and the migrations failed.
    SchemaBehind(String),
    /// A bug.
    Unexpected(String),
}

/// Why an account was not created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertError {
    /// From the unique constraint: without a check beforehand there is no race.
    UsernameTaken,
    Store(StoreError),
}

/// A new password, and the one session that continues with it.
pub struct PasswordChange<'a> {
    pub user_id: &'a UserId,
    /// The version whose password was verified. If it has changed since, nothing is stored.
    pub verified_version: i64,
    pub new_hash: &'a PasswordHash,
    pub session: &'a NewSession,
}

/// Accounts.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait UserStore {
    /// Creates an account.
    async fn insert_user(&self, user: &NewUser, now: UnixTime) -> Result<(), InsertError>;
    /// The account with this name.
    async fn find_by_username(&self, key: &UsernameKey) -> Result<Option<StoredUser>, StoreError>;
    /// The account with this id.
    async fn find_by_id(&self, id: &UserId) -> Result<Option<StoredUser>, StoreError>;
    /// Stores the same password hashed with other parameters, if `old` is still stored.
    async fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;
    /// Stores a new password, ends every session of the user and starts one; false when the password was changed
    /// meanwhile.
    async fn change_password(&self, change: &PasswordChange<'_>) -> Result<bool, StoreError>;
    /// Deletes the account with everything that belongs to it, if its password is still the verified one.
    async fn delete_user(&self, id: &UserId, verified_version: i64) -> Result<bool, StoreError>;
}

/// Sessions.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait SessionStore {
    /// Starts a session and ends the browser's `former` one. False when the verified password was changed or the account
    /// deleted meanwhile.
    async fn start_session(
        &self,
        user: &StoredUser,
        session: &NewSession,
        former: Option<&TokenHash>,
    ) -> Result<bool, StoreError>;
    /// The session, if it is valid; records its use.
    async fn use_session(&self, token: &TokenHash, now: UnixTime) -> Result<Option<LiveSession>, StoreError>;
    /// Ends a session, if it exists.
    async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError>;
    /// The user's valid sessions, the last used first, at most [`SESSIONS_LISTED_MAX`].
    async fn list_sessions(&self, user: &UserId, now: UnixTime) -> Result<Vec<SessionLine>, StoreError>;
    /// Ends one session of the user.
    async fn end_session_of(&self, user: &UserId, handle: &SessionHandle) -> Result<(), StoreError>;
    /// Ends all sessions of the user but one.
    async fn end_other_sessions(&self, user: &UserId, kept: &TokenHash) -> Result<(), StoreError>;
}

/// The most sessions that are listed.
pub const SESSIONS_LISTED_MAX: i64 = 50;

/// Rate limits; see [`crate::throttle`].
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait ThrottleStore {
    /// Counts an attempt; false, and nothing is counted, when the bucket is full. Atomic.
    async fn count_attempt(
        &self,
        bucket: &Bucket,
        subject: &Subject,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
    /// Whether an attempt would be counted now; counts nothing.
    async fn has_room(&self, bucket: &Bucket, subject: &Subject, now: UnixTime) -> Result<bool, StoreError>;
    /// Uncounts one attempt.
    async fn return_attempt(&self, bucket: &Bucket, subject: &Subject) -> Result<(), StoreError>;
    /// Empties the bucket.
    async fn reset_attempts(&self, bucket: &Bucket, subject: &Subject) -> Result<(), StoreError>;
}

/// What a request for quota asks.
#[derive(Debug, Clone, Copy)]
pub struct Spending<'a> {
    pub user: &'a UserId,
    pub service: Service,
    pub day: Day,
    pub amount: i64,
}

/// Daily quotas.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait QuotaStore {
    /// Adds to what was spent and returns the sum, unless it would exceed `limit`. Atomic.
    async fn spend(&self, spending: Spending<'_>, limit: i64) -> Result<Option<i64>, StoreError>;
    /// Takes back, never below nothing spent; returns what remains spent. Atomic.
    async fn refund(&self, spending: Spending<'_>) -> Result<i64, StoreError>;
    /// What was spent that day.
    async fn spent(&self, user: &UserId, service: Service, day: Day) -> Result<i64, StoreError>;
}

/// Breakers; see [`crate::breaker`].
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait BreakerStore {
    /// Whether the holder of `ticket` may go to the service's upstream. Of all who ask a half-open breaker,
    /// exactly one is its probe. Atomic.
    async fn admit(
        &self,
        service: Service,
        ticket: &Ticket,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<Admission, StoreError>;
    /// The upstream answered: ends the row of failures; closes the breaker when the probe says so.
    async fn upstream_answered(&self, service: Service, ticket: &Ticket) -> Result<(), StoreError>;
    /// The upstream is ill: counts it, opening the breaker at the last; opens it again for longer when the probe
    /// says so. What is reported late by others while it is open changes nothing.
    async fn upstream_failed(
        &self,
        service: Service,
        ticket: &Ticket,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<(), StoreError>;
    /// The probe learnt nothing: another question may try. Nothing happens when `ticket` is no probe.
    async fn release_probe(&self, service: Service, ticket: &Ticket) -> Result<(), StoreError>;
}

/// Keys of requests that must not be served twice; see [`crate::idempotency`].
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait IdempotencyStore {
    /// Takes the key for the request that holds `ticket`; false when it is another's. Atomic.
    async fn claim(&self, key: &RequestKey<'_>, ticket: &Ticket, now: UnixTime) -> Result<bool, StoreError>;
    /// What there is under the key.
    async fn recall(&self, key: &RequestKey<'_>, now: UnixTime) -> Result<Found, StoreError>;
    /// Keeps the answer to the request that holds `ticket`, if it still has its key.
    async fn keep_answer(&self, ticket: &Ticket, answer: &str, now: UnixTime) -> Result<(), StoreError>;
    /// The request that holds `ticket` failed: its key, if it had one, may be used again.
    async fn free_key(&self, ticket: &Ticket) -> Result<(), StoreError>;
    /// Deletes every answer whose time is over.
    async fn forget_answers(&self, now: UnixTime) -> Result<(), StoreError>;
}

/// Schema and expired rows.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Maintenance {
    /// Checks that the database answers and applies missing migrations.
    async fn make_ready(&self) -> Result<(), StoreError>;
    /// Deletes expired rows; called from time to time.
    async fn purge_expired(&self, now: UnixTime) -> Result<(), StoreError>;
}

/// All ports, for signatures.
pub trait Store:
    UserStore + SessionStore + ThrottleStore + QuotaStore + BreakerStore + IdempotencyStore + Maintenance
{
}
impl<S> Store for S where
    S: UserStore + SessionStore + ThrottleStore + QuotaStore + BreakerStore + IdempotencyStore + Maintenance
{
}

impl From<StoreError> for InsertError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
