//! The ports: what the use cases need of storage. Two implementors: PostgreSQL ([`crate::postgres`]) and tables in
//! memory for the tests of the use cases.
//!
//! `now` is an argument everywhere, so that expiry can be tested with a moved clock and all rows of one request have
//! the same time.

use web::UnixTime;

use crate::{
    metering::store::MeteringStore,
    password_hash::PasswordHash,
    session::{LiveSession, NewSession, SessionHandle, SessionLine, TokenHash},
    store_error::StoreError,
    throttle::{Bucket, Subject, Subjects},
    user::{NewUser, StoredUser, UserId},
    username::UsernameKey,
};

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
    /// The valid sessions of the user of `current`: that one first, then the last used, at most [`SESSIONS_LISTED_MAX`].
    async fn list_sessions(
        &self,
        current: &LiveSession,
        now: UnixTime,
    ) -> Result<Vec<SessionLine>, StoreError>;
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
    /// Records that a password was right: what its account has counted is emptied, its address gets this one attempt
    /// back, and where it came from is remembered in [`SIGNED_IN_FROM`](crate::throttle::SIGNED_IN_FROM).
    async fn record_right_password(&self, subjects: &Subjects, now: UnixTime) -> Result<(), StoreError>;
}

/// How many password hashes are computed at once; see [`crate::hashing`].
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait HashingStore {
    /// Waits for a turn, computes `hash` in it, and ends it. `None` when too many wait already, or no turn comes in time.
    async fn in_hashing_turn<T>(&self, hash: impl FnOnce() -> T) -> Result<Option<T>, StoreError>;
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
    UserStore + SessionStore + ThrottleStore + HashingStore + MeteringStore + Maintenance
{
}
impl<S: UserStore + SessionStore + ThrottleStore + HashingStore + MeteringStore + Maintenance> Store for S {}

impl From<StoreError> for InsertError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
