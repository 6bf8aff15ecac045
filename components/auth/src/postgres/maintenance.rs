//! Readiness, and the deletion of expired rows.

use web::UnixTime;

use super::{Database, PostgresStore, migrate};
use crate::{
    metering::{day::Day, store::MeteringStore},
    store::Maintenance,
    store_error::StoreError,
    throttle::SIGNED_IN_FROM,
};

/// Every bucket is empty after this long, but for [`SIGNED_IN_FROM`].
const THROTTLE_SECONDS_KEPT: i64 = 24 * 60 * 60;
/// How many days of spending are stored, for questions about the last month.
const SPENDING_DAYS_KEPT: i64 = 31;

/// Bounded, because an attempt waits for it.
const PURGE: &str = "
WITH expired_sessions AS (
  DELETE FROM sessions WHERE token_hash IN (
    SELECT token_hash FROM sessions WHERE expires_at <= to_timestamp($1::bigint)
    LIMIT 1000 FOR UPDATE SKIP LOCKED)
), empty_throttles AS (
  DELETE FROM throttles WHERE (scope, subject) IN (
    SELECT scope, subject FROM throttles WHERE filled_at <= to_timestamp($1::bigint - $2::bigint)
      AND (scope <> $4::text OR filled_at <= to_timestamp($1::bigint - $5::bigint))
    LIMIT 2000 FOR UPDATE SKIP LOCKED)
), past_totals AS (
  DELETE FROM daily_totals WHERE day < date '1970-01-01' + $3::bigint::int
)
DELETE FROM daily_spending WHERE (user_id, service, day) IN (
  SELECT user_id, service, day FROM daily_spending WHERE day < date '1970-01-01' + $3::bigint::int
  LIMIT 1000 FOR UPDATE SKIP LOCKED)";

impl<D: Database> Maintenance for PostgresStore<D> {
    async fn make_ready(&self) -> Result<(), StoreError> {
        Ok(migrate::apply(&self.0).await?)
    }

    async fn purge_expired(&self, now: UnixTime) -> Result<(), StoreError> {
        let oldest_day = Day::of(now).number() - SPENDING_DAYS_KEPT;
        let known = SIGNED_IN_FROM;
        let parameters = [
            now.0.into(),
            THROTTLE_SECONDS_KEPT.into(),
            oldest_day.into(),
            known.scope.into(),
            known.seconds_per_attempt.into(),
        ];
        self.query(PURGE, &parameters).await?;
        self.purge_reservations(now).await
    }
}
