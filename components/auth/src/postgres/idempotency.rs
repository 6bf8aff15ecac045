//! Idempotency keys in PostgreSQL: the primary key lets one of many claim.

use web::UnixTime;

use super::{Database, PostgresStore, Value};
use crate::{
    idempotency::{Found, KEPT_SECONDS, RUNNING_SECONDS_MAX, RequestKey},
    store::{IdempotencyStore, StoreError},
    ticket::Ticket,
};

/// Takes a key that is new or has ended; no row when somebody holds it. Takes out some of what has ended on the way
/// (not the key itself: a statement may touch a row once).
const CLAIM: &str = "
WITH swept AS (
  DELETE FROM idempotency_keys WHERE (user_id, service, key_hash) IN (
    SELECT user_id, service, key_hash FROM idempotency_keys
    WHERE ends_at <= to_timestamp($6::bigint)
      AND (user_id, service, key_hash) <> ($1::text::uuid, $2::text, $3::bytea)
    LIMIT 100 FOR UPDATE SKIP LOCKED)
)
INSERT INTO idempotency_keys AS k (user_id, service, key_hash, request_hash, ticket, ends_at)
VALUES ($1::text::uuid, $2::text, $3::bytea, $4::bytea, $5::bytea, to_timestamp($6::bigint + $7::bigint))
ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE SET
  request_hash = EXCLUDED.request_hash, ticket = EXCLUDED.ticket, answer = NULL, ends_at = EXCLUDED.ends_at
WHERE k.ends_at <= to_timestamp($6::bigint)
RETURNING 1::bigint";

const RECALL: &str = "
SELECT CASE WHEN request_hash <> $4::bytea THEN 'another' WHEN answer IS NULL THEN 'running' ELSE 'answered' END,
  coalesce(answer, '')
FROM idempotency_keys
WHERE user_id = $1::text::uuid AND service = $2::text AND key_hash = $3::bytea
  AND ends_at > to_timestamp($5::bigint)";

const KEEP: &str = "
UPDATE idempotency_keys SET answer = $2::text, ends_at = to_timestamp($3::bigint + $4::bigint)
WHERE ticket = $1::bytea AND answer IS NULL";

const FREE: &str = "DELETE FROM idempotency_keys WHERE ticket = $1::bytea AND answer IS NULL";

/// Never waits for a row: whoever holds one that has ended is about to delete or to take it.
const FORGET: &str = "
DELETE FROM idempotency_keys WHERE ticket IN (
  SELECT ticket FROM idempotency_keys WHERE ends_at <= to_timestamp($1::bigint) FOR UPDATE SKIP LOCKED)";

impl<D: Database> IdempotencyStore for PostgresStore<D> {
    async fn claim(&self, key: &RequestKey<'_>, ticket: &Ticket, now: UnixTime) -> Result<bool, StoreError> {
        let mut parameters = named(key);
        parameters.extend([ticket.as_bytes().into(), now.0.into(), RUNNING_SECONDS_MAX.into()]);
        Ok(self.first(CLAIM, parameters).await?.is_some())
    }

    async fn recall(&self, key: &RequestKey<'_>, now: UnixTime) -> Result<Found, StoreError> {
        let mut parameters = named(key);
        parameters.push(now.0.into());
        let Some(mut row) = self.first(RECALL, parameters).await? else { return Ok(Found::Nothing) };
        Ok(match row.text(0)?.as_str() {
            "answered" => Found::Answered(row.text(1)?),
            "running" => Found::Running,
            _ => Found::AnotherRequest,
        })
    }

    async fn keep_answer(&self, ticket: &Ticket, answer: &str, now: UnixTime) -> Result<(), StoreError> {
        let parameters = vec![ticket.as_bytes().into(), answer.into(), now.0.into(), KEPT_SECONDS.into()];
        self.query(KEEP, parameters).await?;
        Ok(())
    }

    async fn free_key(&self, ticket: &Ticket) -> Result<(), StoreError> {
        self.query(FREE, vec![ticket.as_bytes().into()]).await?;
        Ok(())
    }

    async fn forget_answers(&self, now: UnixTime) -> Result<(), StoreError> {
        self.query(FORGET, vec![now.0.into()]).await?;
        Ok(())
    }
}

fn named(key: &RequestKey<'_>) -> Vec<Value> {
    let (user, service) = (key.user.as_str().into(), key.service.as_str().into());
    vec![user, service, (&key.key_hash).into(), (&key.request_hash).into()]
}
