//! The ports on tables in memory, for the tests of the use cases. Written from the documentation of the ports, not from
//! the SQL.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use auth_api::{ReservationId, Service};
use web::UnixTime;

mod metering;

use crate::{
    metering::day::Day,
    password_hash::PasswordHash,
    session::{
        AGE_SECONDS_MAX, IDLE_SECONDS_MAX, LiveSession, NewSession, SessionHandle, SessionLine, TokenHash,
        USE_RECORDED_EVERY_SECONDS,
    },
    store::{
        HashingStore, InsertError, Maintenance, PasswordChange, SESSIONS_LISTED_MAX, SessionStore,
        ThrottleStore, UserStore,
    },
    store_error::StoreError,
    throttle::{
        Bucket, OWNER_ACCOUNT, SIGN_IN_ACCOUNT, SIGN_IN_ACCOUNT_FROM_ADDRESS, SIGN_IN_ADDRESS,
        SIGNED_IN_FROM, Subject, Subjects, WRONG_PASSWORD,
    },
    user::{NewUser, StoredUser, UserId},
    username::UsernameKey,
};

struct SessionRow {
    user: UserId,
    version: i64,
    started: UnixTime,
    last_seen: UnixTime,
    user_agent: String,
}

/// A bucket's scope and whom it counts.
type BucketKey = (&'static str, Subject);

#[derive(Default)]
pub(crate) struct MemoryStore {
    users: RefCell<HashMap<UsernameKey, StoredUser>>,
    sessions: RefCell<HashMap<TokenHash, SessionRow>>,
    throttles: RefCell<HashMap<BucketKey, (f64, UnixTime)>>,
    spending: RefCell<HashMap<(UserId, Service, Day), i64>>,
    reservations: RefCell<HashMap<ReservationId, metering::Reservation>>,
    /// Undelivered answers after the upstream was called.
    undelivered: RefCell<HashMap<(UserId, Service, Day), u32>>,
    totals: RefCell<HashMap<(Service, Day), i64>>,
    circuits: RefCell<HashMap<Service, metering::Circuit>>,
    pub(crate) unreachable: Cell<bool>,
    pub(crate) purges: Cell<u32>,
    /// No turn to compute a hash comes in time.
    pub(crate) no_turns: Cell<bool>,
}

impl MemoryStore {
    fn reachable(&self) -> Result<(), StoreError> {
        if self.unreachable.get() { Err(StoreError::Unreachable("switched off".to_owned())) } else { Ok(()) }
    }

    fn user(&self, id: &UserId) -> Option<StoredUser> {
        self.users.borrow().values().find(|user| user.id == *id).cloned()
    }

    fn is_valid(&self, row: &SessionRow, now: UnixTime) -> bool {
        now.0 < row.started.0 + AGE_SECONDS_MAX
            && now.0 < row.last_seen.0 + IDLE_SECONDS_MAX
            && self.user(&row.user).is_some_and(|user| user.password_version == row.version)
    }

    fn level(&self, bucket: &Bucket, subject: &Subject, now: UnixTime) -> f64 {
        let stored = self.throttles.borrow().get(&(bucket.scope, *subject)).copied();
        let (level, filled) = stored.unwrap_or((0.0, now));
        let passed = f64::from(u32::try_from(now.0 - filled.0).unwrap_or(0));
        (level - passed / f64::from(bucket.seconds_per_attempt)).max(0.0)
    }

    fn insert_session(&self, user: &StoredUser, version: i64, session: &NewSession) {
        let row = SessionRow {
            user: user.id.clone(),
            version,
            started: session.started,
            last_seen: session.started,
            user_agent: session.user_agent.clone(),
        };
        self.sessions.borrow_mut().insert(session.token_hash, row);
    }

    /// Replaces a hash, to stand for one that an older version of the program stored.
    pub(crate) fn set_hash(&self, key: &UsernameKey, hash: PasswordHash) {
        self.users.borrow_mut().get_mut(key).unwrap().password_hash = hash;
    }
}

impl UserStore for MemoryStore {
    async fn insert_user(&self, user: &NewUser, _now: UnixTime) -> Result<(), InsertError> {
        self.reachable()?;
        let key = user.username.key().clone();
        if self.users.borrow().contains_key(&key) {
            return Err(InsertError::UsernameTaken);
        }
        let stored = StoredUser {
            id: user.id.clone(),
            username: user.username.as_str().to_owned(),
            password_hash: user.password_hash.clone(),
            password_version: 1,
        };
        self.users.borrow_mut().insert(key, stored);
        Ok(())
    }

    async fn find_by_username(&self, key: &UsernameKey) -> Result<Option<StoredUser>, StoreError> {
        self.reachable()?;
        Ok(self.users.borrow().get(key).cloned())
    }

    async fn find_by_id(&self, id: &UserId) -> Result<Option<StoredUser>, StoreError> {
        self.reachable()?;
        Ok(self.user(id))
    }

    async fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        self.reachable()?;
        let mut users = self.users.borrow_mut();
        let user = users.values_mut().find(|user| user.id == *id && user.password_hash == *old);
        if let Some(user) = user {
            user.password_hash = new.clone();
        }
        Ok(())
    }

    async fn change_password(&self, change: &PasswordChange<'_>) -> Result<bool, StoreError> {
        self.reachable()?;
        let Some(user) =
            self.user(change.user_id).filter(|user| user.password_version == change.verified_version)
        else {
            return Ok(false);
        };
        self.sessions.borrow_mut().retain(|_, row| row.user != user.id);
        for stored in self.users.borrow_mut().values_mut().filter(|stored| stored.id == user.id) {
            stored.password_version += 1;
            stored.password_hash = change.new_hash.clone();
        }
        self.insert_session(&user, user.password_version + 1, change.session);
        Ok(true)
    }

    async fn delete_user(&self, id: &UserId, verified_version: i64) -> Result<bool, StoreError> {
        self.reachable()?;
        let before = self.users.borrow().len();
        self.users.borrow_mut().retain(|_, user| user.id != *id || user.password_version != verified_version);
        Ok(self.users.borrow().len() < before)
    }
}

impl SessionStore for MemoryStore {
    async fn start_session(
        &self,
        user: &StoredUser,
        session: &NewSession,
        former: Option<&TokenHash>,
    ) -> Result<bool, StoreError> {
        self.reachable()?;
        if let Some(former) = former {
            self.sessions.borrow_mut().remove(former);
        }
        let current =
            self.user(&user.id).is_some_and(|found| found.password_version == user.password_version);
        if current {
            self.insert_session(user, user.password_version, session);
        }
        Ok(current)
    }

    async fn use_session(&self, token: &TokenHash, now: UnixTime) -> Result<Option<LiveSession>, StoreError> {
        self.reachable()?;
        let mut sessions = self.sessions.borrow_mut();
        let Some(row) = sessions.get_mut(token).filter(|row| self.is_valid(row, now)) else {
            return Ok(None);
        };
        if now.0 >= row.last_seen.0 + USE_RECORDED_EVERY_SECONDS {
            row.last_seen = now;
        }
        Ok(self.user(&row.user).map(|user| LiveSession {
            spent: self.spent_on(&user.id, Day::of(now)),
            user_id: user.id,
            username: user.username,
            token_hash: *token,
        }))
    }

    async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError> {
        self.reachable()?;
        self.sessions.borrow_mut().remove(token);
        Ok(())
    }

    async fn list_sessions(
        &self,
        current: &LiveSession,
        now: UnixTime,
    ) -> Result<Vec<SessionLine>, StoreError> {
        self.reachable()?;
        let sessions = self.sessions.borrow();
        let own = sessions.iter().filter(|(_, row)| row.user == current.user_id && self.is_valid(row, now));
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|(token, row)| (**token != current.token_hash, -row.last_seen.0));
        own.truncate(usize::try_from(SESSIONS_LISTED_MAX).unwrap());
        Ok(own
            .into_iter()
            .map(|(token, row)| SessionLine {
                handle: token.handle(),
                user_agent: row.user_agent.clone(),
                started: row.started,
                last_seen: row.last_seen,
            })
            .collect())
    }

    async fn end_session_of(&self, user: &UserId, handle: &SessionHandle) -> Result<(), StoreError> {
        self.reachable()?;
        self.sessions.borrow_mut().retain(|token, row| row.user != *user || token.handle() != *handle);
        Ok(())
    }

    async fn end_other_sessions(&self, user: &UserId, kept: &TokenHash) -> Result<(), StoreError> {
        self.reachable()?;
        self.sessions.borrow_mut().retain(|token, row| row.user != *user || token == kept);
        Ok(())
    }
}

impl ThrottleStore for MemoryStore {
    async fn count_attempt(
        &self,
        bucket: &Bucket,
        subject: &Subject,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        self.reachable()?;
        let level = self.level(bucket, subject, now) + 1.0;
        let allowed = level <= f64::from(bucket.size);
        if allowed {
            self.throttles.borrow_mut().insert((bucket.scope, *subject), (level, now));
        }
        Ok(allowed)
    }

    async fn has_room(&self, bucket: &Bucket, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        self.reachable()?;
        Ok(self.level(bucket, subject, now) + 1.0 <= f64::from(bucket.size))
    }

    async fn return_attempt(&self, bucket: &Bucket, subject: &Subject) -> Result<(), StoreError> {
        self.reachable()?;
        if let Some((level, _)) = self.throttles.borrow_mut().get_mut(&(bucket.scope, *subject)) {
            *level = (*level - 1.0).max(0.0);
        }
        Ok(())
    }

    async fn record_right_password(&self, subjects: &Subjects, now: UnixTime) -> Result<(), StoreError> {
        self.return_attempt(&SIGN_IN_ADDRESS, &subjects.address).await?;
        let from = subjects.account_from_address;
        let mut throttles = self.throttles.borrow_mut();
        for scope in [WRONG_PASSWORD.scope, SIGN_IN_ACCOUNT_FROM_ADDRESS.scope] {
            throttles.remove(&(scope, from));
        }
        for scope in [SIGN_IN_ACCOUNT.scope, OWNER_ACCOUNT.scope] {
            throttles.remove(&(scope, subjects.account));
        }
        throttles.insert((SIGNED_IN_FROM.scope, from), (1.0, now));
        Ok(())
    }
}

impl HashingStore for MemoryStore {
    async fn in_hashing_turn<T>(&self, hash: impl FnOnce() -> T) -> Result<Option<T>, StoreError> {
        self.reachable()?;
        Ok((!self.no_turns.get()).then(hash))
    }
}

impl Maintenance for MemoryStore {
    async fn make_ready(&self) -> Result<(), StoreError> {
        self.reachable()
    }

    async fn purge_expired(&self, _now: UnixTime) -> Result<(), StoreError> {
        self.purges.set(self.purges.get() + 1);
        self.reachable()
    }
}
