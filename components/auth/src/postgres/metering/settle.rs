//! Settling a reservation: one statement for each outcome. Only a live reservation is settled: not expired, and without
//! a stored response.

use auth_api::{Reason, ReservationId, Settlement};
use web::UnixTime;

use crate::{
    metering::{
        RESPONSE_SECONDS,
        circuit::{FAILURES_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX, WINDOW_SECONDS},
    },
    postgres::{Database, DatabaseError, PostgresStore},
};

/// Stores the response under the key, or deletes the reservation when it has no key or there is no response to store.
/// Then ends the row of failures. While the circuit is open only the probe closes it: other requests began before.
const DELIVERED: &str = "
WITH stored AS (
  UPDATE reservations SET response = $3::text, expires_at = to_timestamp($2::bigint + $4::bigint)
  WHERE id = $1::bytea AND response IS NULL AND expires_at > to_timestamp($2::bigint)
    AND key_hash IS NOT NULL AND $3::text IS NOT NULL
  RETURNING service
), removed AS (
  DELETE FROM reservations
  WHERE id = $1::bytea AND response IS NULL AND expires_at > to_timestamp($2::bigint)
    AND (key_hash IS NULL OR $3::text IS NULL)
  RETURNING service
), settled AS (
  SELECT service FROM stored UNION ALL SELECT service FROM removed
), circuit AS (
  DELETE FROM breakers b USING settled s
  WHERE b.service = s.service AND (b.open_until IS NULL OR b.probe = $1::bytea)
)
SELECT 1::bigint FROM settled";

/// Deletes the reservation and gives the amount back. `$circuit` returns a row or none; counting its rows makes it run
/// before the refund.
macro_rules! not_delivered {
    ($circuit:literal) => {
        concat!(
            "
WITH settled AS (
  DELETE FROM reservations
  WHERE id = $1::bytea AND response IS NULL AND expires_at > to_timestamp($2::bigint)
  RETURNING user_id, service, day, amount
), circuit AS (",
            $circuit,
            "), refunded AS (
  UPDATE daily_spending d SET spent = greatest(0, d.spent - s.amount)
  FROM settled s, (SELECT count(*) FROM circuit) reported
  WHERE (d.user_id, d.service, d.day) = (s.user_id, s.service, s.day)
)
SELECT 1::bigint FROM settled"
        )
    };
}

/// A probe without a result leaves the circuit half-open, and another reservation may probe.
const NOT_DELIVERED: &str = not_delivered!(
    "
  UPDATE breakers b SET probe = NULL, probe_until = NULL
  FROM settled s WHERE b.service = s.service AND b.probe = $1::bytea
  RETURNING 1
"
);

/// Closed: counts the failure in its row or starts a new row, and opens at the last. Open: a failed probe opens it for
/// twice as long, and any other failure changes nothing, because its request began before.
const UPSTREAM_FAILED: &str = not_delivered!(
    "
  INSERT INTO breakers AS b (service, failures, failed_at, open_until, pause_seconds)
  SELECT service, 1, to_timestamp($2::bigint),
    CASE WHEN $3::bigint <= 1 THEN to_timestamp($2::bigint + $5::bigint) END, $5::bigint
  FROM settled
  ON CONFLICT ON CONSTRAINT breakers_pkey DO UPDATE SET
    failures = CASE WHEN b.open_until IS NOT NULL THEN b.failures
      WHEN b.failed_at > to_timestamp($2::bigint - $4::bigint) THEN b.failures + 1 ELSE 1 END,
    failed_at = greatest(b.failed_at, EXCLUDED.failed_at),
    open_until = CASE
      WHEN b.open_until IS NOT NULL THEN to_timestamp($2::bigint + least(2 * b.pause_seconds, $6::bigint))
      WHEN b.failed_at > to_timestamp($2::bigint - $4::bigint) AND b.failures + 1 >= $3::bigint
        THEN to_timestamp($2::bigint + $5::bigint)
      ELSE EXCLUDED.open_until END,
    pause_seconds = CASE WHEN b.open_until IS NULL THEN EXCLUDED.pause_seconds
      ELSE least(2 * b.pause_seconds, $6::bigint) END,
    probe = NULL, probe_until = NULL
  WHERE b.open_until IS NULL OR b.probe = $1::bytea
  RETURNING 1
"
);

impl<D: Database> PostgresStore<D> {
    pub(super) async fn settle_once(
        &self,
        id: &ReservationId,
        settlement: &Settlement,
        now: UnixTime,
    ) -> Result<bool, DatabaseError> {
        let (id, now) = (id.as_bytes().into(), now.0.into());
        let row = match settlement {
            Settlement::Delivered { response } => {
                let parameters = [id, now, response.as_deref().into(), RESPONSE_SECONDS.into()];
                self.first(DELIVERED, &parameters).await?
            }
            Settlement::NotDelivered { reason: Reason::UpstreamFailed } => {
                let policy = [FAILURES_MAX, WINDOW_SECONDS, PAUSE_SECONDS, PAUSE_SECONDS_MAX];
                let [failures, window, pause, pause_max] = policy.map(Into::into);
                self.first(UPSTREAM_FAILED, &[id, now, failures, window, pause, pause_max]).await?
            }
            Settlement::NotDelivered { reason: Reason::Other } => {
                self.first(NOT_DELIVERED, &[id, now]).await?
            }
        };
        Ok(row.is_some())
    }
}
