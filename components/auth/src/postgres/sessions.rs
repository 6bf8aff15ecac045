//! Sessions in PostgreSQL.

use web::UnixTime;

use super::{Database, DatabaseError, PostgresStore, Row};
use crate::{
    metering::{day::Day, store::Spent},
    session::{
        IDLE_SECONDS_MAX, LiveSession, NewSession, SessionHandle, SessionLine, TokenHash,
        USE_RECORDED_EVERY_SECONDS,
    },
    store::{SESSIONS_LISTED_MAX, SessionStore},
    store_error::StoreError,
    user::{StoredUser, UserId},
};

const START: &str = "
WITH former AS (
  DELETE FROM sessions WHERE token_hash = $7::bytea
)
INSERT INTO sessions (token_hash, user_id, password_version, created_at, last_seen_at, expires_at, user_agent)
SELECT $3::bytea, id, password_version, to_timestamp($4::bigint), to_timestamp($4::bigint),
       to_timestamp($5::bigint), $6::text
FROM users WHERE id = $1::text::uuid AND password_version = $2::bigint
RETURNING 1::bigint";

/// The session, with what its user spent today. One statement that writes nothing, because every page of every tool needs
/// it. Two lookups beside the join, because Spin has each statement planned anew, and a third table to join and to group
/// takes twice as long to plan.
const LIVE: &str = "
SELECT s.user_id::text, u.username,
  coalesce((SELECT spent FROM daily_spending d WHERE (d.user_id, d.service, d.day) = (s.user_id, 'llm', t.day)), 0),
  coalesce((SELECT spent FROM daily_spending d WHERE (d.user_id, d.service, d.day) = (s.user_id, 'ocr', t.day)), 0),
  (s.last_seen_at <= to_timestamp($2::bigint - $4::bigint))::int::bigint
FROM sessions s JOIN users u ON u.id = s.user_id AND u.password_version = s.password_version,
  (SELECT date '1970-01-01' + $5::bigint::int AS day) t
WHERE s.token_hash = $1::bytea
  AND s.expires_at > to_timestamp($2::bigint)
  AND s.last_seen_at > to_timestamp($2::bigint - $3::bigint)";

/// The session may have ended since it was read. A locked row is skipped, because every page runs this: another request of
/// the session records its use, or ends it, and may wait for the disk meanwhile.
const RECORD_USE: &str = concat!(
    "
UPDATE sessions SET last_seen_at = to_timestamp($2::bigint)
WHERE token_hash = (
  SELECT token_hash FROM sessions
  WHERE token_hash = $1::bytea AND last_seen_at <= to_timestamp($2::bigint - $3::bigint)
  FOR NO KEY UPDATE SKIP LOCKED)
RETURNING ",
    without_waiting_for_the_disk!()
);

const END: &str = "DELETE FROM sessions WHERE token_hash = $1::bytea";

const LIST: &str = "
SELECT substr(encode(s.token_hash, 'hex'), 1, 16), s.user_agent,
       extract(epoch FROM s.created_at)::bigint, extract(epoch FROM s.last_seen_at)::bigint
FROM sessions s JOIN users u ON u.id = s.user_id AND u.password_version = s.password_version
WHERE s.user_id = $1::text::uuid
  AND s.expires_at > to_timestamp($2::bigint)
  AND s.last_seen_at > to_timestamp($2::bigint - $3::bigint)
ORDER BY s.token_hash = $5::bytea DESC, s.last_seen_at DESC, s.created_at DESC, s.token_hash
LIMIT $4::bigint";

const END_OF: &str = "
DELETE FROM sessions
WHERE user_id = $1::text::uuid AND substr(encode(token_hash, 'hex'), 1, 16) = $2::text";

const END_OTHERS: &str = "DELETE FROM sessions WHERE user_id = $1::text::uuid AND token_hash <> $2::bytea";

impl<D: Database> SessionStore for PostgresStore<D> {
    async fn start_session(
        &self,
        user: &StoredUser,
        session: &NewSession,
        former: Option<&TokenHash>,
    ) -> Result<bool, StoreError> {
        let parameters = [
            user.id.as_str().into(),
            user.password_version.into(),
            session.token_hash.as_bytes().into(),
            session.started.0.into(),
            session.expires().0.into(),
            session.user_agent.as_str().into(),
            former.map(TokenHash::as_bytes).into(),
        ];
        Ok(self.first(START, &parameters).await?.is_some())
    }

    async fn use_session(&self, token: &TokenHash, now: UnixTime) -> Result<Option<LiveSession>, StoreError> {
        let parameters = [
            token.as_bytes().into(),
            now.0.into(),
            IDLE_SECONDS_MAX.into(),
            USE_RECORDED_EVERY_SECONDS.into(),
            Day::of(now).number().into(),
        ];
        let Some(mut row) = self.first(LIVE, &parameters).await? else { return Ok(None) };
        if row.int(4)? != 0 {
            let record = [token.as_bytes().into(), now.0.into(), USE_RECORDED_EVERY_SECONDS.into()];
            self.query(RECORD_USE, &record).await?;
        }
        let user_id = UserId::from_stored(row.text(0)?);
        let spent = Spent { llm: row.int(2)?, ocr: row.int(3)? };
        Ok(Some(LiveSession { user_id, username: row.text(1)?, token_hash: *token, spent }))
    }

    async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError> {
        self.query(END, &[token.as_bytes().into()]).await?;
        Ok(())
    }

    async fn list_sessions(
        &self,
        current: &LiveSession,
        now: UnixTime,
    ) -> Result<Vec<SessionLine>, StoreError> {
        let parameters = [
            current.user_id.as_str().into(),
            now.0.into(),
            IDLE_SECONDS_MAX.into(),
            SESSIONS_LISTED_MAX.into(),
            current.token_hash.as_bytes().into(),
        ];
        let rows = self.query(LIST, &parameters).await?;
        Ok(rows.into_iter().map(session_line).collect::<Result<_, _>>()?)
    }

    async fn end_session_of(&self, user: &UserId, handle: &SessionHandle) -> Result<(), StoreError> {
        self.query(END_OF, &[user.as_str().into(), handle.as_str().into()]).await?;
        Ok(())
    }

    async fn end_other_sessions(&self, user: &UserId, kept: &TokenHash) -> Result<(), StoreError> {
        self.query(END_OTHERS, &[user.as_str().into(), kept.as_bytes().into()]).await?;
        Ok(())
    }
}

fn session_line(mut row: Row) -> Result<SessionLine, DatabaseError> {
    let handle = row.text(0)?;
    Ok(SessionLine {
        handle: SessionHandle::parse(&handle)
            .ok_or_else(|| DatabaseError::Undecodable("a session's handle is not 16 digits".to_owned()))?,
        user_agent: row.text(1)?,
        started: UnixTime(row.int(2)?),
        last_seen: UnixTime(row.int(3)?),
    })
}
