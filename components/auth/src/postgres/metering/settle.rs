//! Settling a reservation: one statement for each outcome. Only a live reservation is settled: not expired, and without
//! a stored response.

use auth_api::{Reason, ReservationId, Settlement};
use web::UnixTime;

use crate::{
    metering::{
        RESPONSE_SECONDS,
        circuit::{FAILED_USERS_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX, WINDOW_SECONDS},
        quota::REFUNDS_PER_DAY,
        store::SettleOutcome,
    },
    postgres::{Database, DatabaseError, PostgresStore},
};

/// Stores the response under the key, or deletes the reservation when it has no key or there is no response to store.
/// Then ends the row of failures; while the circuit is open only the probe closes it: other requests began before. Then
/// gives back what was reserved and not used.
const DELIVERED: &str = "
WITH stored AS (
  UPDATE reservations SET response = $3::text, expires_at = to_timestamp($2::bigint + $4::bigint)
  WHERE id = $1::bytea AND response IS NULL AND expires_at > to_timestamp($2::bigint)
    AND key_hash IS NOT NULL AND $3::text IS NOT NULL
  RETURNING user_id, service, day, amount
), removed AS (
  DELETE FROM reservations
  WHERE id = $1::bytea AND response IS NULL AND expires_at > to_timestamp($2::bigint)
    AND (key_hash IS NULL OR $3::text IS NULL)
  RETURNING user_id, service, day, amount
), settled AS (
  SELECT *, amount - $5::bigint AS unused FROM (SELECT * FROM stored UNION ALL SELECT * FROM removed) s
), circuit AS (
  DELETE FROM breakers b USING settled s
  WHERE b.service = s.service AND (b.open_until IS NULL OR b.probe = $1::bytea)
  RETURNING 1
), corrected AS (
  UPDATE daily_spending d SET spent = greatest(0, d.spent - s.unused)
  FROM settled s, (SELECT count(*) FROM circuit) reported
  WHERE s.unused > 0 AND (d.user_id, d.service, d.day) = (s.user_id, s.service, s.day)
  RETURNING 1
), total AS (
  UPDATE daily_totals t SET spent = greatest(0, t.spent - s.unused)
  FROM settled s, (SELECT count(*) FROM corrected) before
  WHERE s.unused > 0 AND (t.service, t.day) = (s.service, s.day)
)
SELECT 1::bigint FROM settled";

/// Deletes the reservation and gives the amount back, if the upstream was not called ($3 is 0) or the user has had fewer
/// than $4 refunds of the day. The total of all users is lowered only when the upstream was not called. `$circuit`
/// returns a row or none; counting its rows makes it run before the refund. Returns whether the amount was given back.
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
  UPDATE daily_spending d SET
    spent = CASE WHEN $3::bigint = 0 OR d.undelivered < $4::bigint THEN greatest(0, d.spent - s.amount)
      ELSE d.spent END,
    undelivered = d.undelivered + $3::bigint
  FROM settled s, (SELECT count(*) FROM circuit) reported
  WHERE (d.user_id, d.service, d.day) = (s.user_id, s.service, s.day)
  RETURNING CASE WHEN $3::bigint = 0 OR d.undelivered <= $4::bigint THEN 1 ELSE 0 END AS refunded
), total AS (
  UPDATE daily_totals t SET spent = greatest(0, t.spent - s.amount)
  FROM settled s, (SELECT count(*) FROM refunded) before
  WHERE $3::bigint = 0 AND (t.service, t.day) = (s.service, s.day)
)
SELECT coalesce((SELECT refunded FROM refunded), 1)::bigint FROM settled"
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

/// Closed: adds the user to those of the row or starts a new row, and opens at the last; a second failure for one user
/// changes nothing. Open: a failed probe opens it for twice as long, and any other failure changes nothing, because its
/// request began before.
const UPSTREAM_FAILED: &str = not_delivered!(
    "
  INSERT INTO breakers AS b (service, failures, failed_at, open_until, pause_seconds, failed_users)
  SELECT service, 1, to_timestamp($2::bigint),
    CASE WHEN $5::bigint <= 1 THEN to_timestamp($2::bigint + $7::bigint) END, $7::bigint, ARRAY[user_id]
  FROM settled
  ON CONFLICT ON CONSTRAINT breakers_pkey DO UPDATE SET
    (failed_users, failures, failed_at, open_until, pause_seconds) = (
      SELECT n.users, cardinality(n.users), greatest(b.failed_at, EXCLUDED.failed_at),
        CASE WHEN b.open_until IS NOT NULL THEN to_timestamp($2::bigint + least(2 * b.pause_seconds, $8::bigint))
          WHEN cardinality(n.users) >= $5::bigint THEN to_timestamp($2::bigint + $7::bigint) END,
        CASE WHEN b.open_until IS NOT NULL THEN least(2 * b.pause_seconds, $8::bigint) ELSE $7::bigint END
      FROM (SELECT CASE
          WHEN b.open_until IS NULL AND b.failed_at <= to_timestamp($2::bigint - $6::bigint)
            THEN EXCLUDED.failed_users
          WHEN b.failed_users @> EXCLUDED.failed_users THEN b.failed_users
          ELSE b.failed_users || EXCLUDED.failed_users END AS users) n),
    probe = NULL, probe_until = NULL
  WHERE b.probe = $1::bytea OR b.open_until IS NULL
    AND (b.failed_at <= to_timestamp($2::bigint - $6::bigint) OR NOT b.failed_users @> EXCLUDED.failed_users)
  RETURNING 1
"
);

impl<D: Database> PostgresStore<D> {
    pub(super) async fn settle_once(
        &self,
        id: &ReservationId,
        settlement: &Settlement,
        now: UnixTime,
    ) -> Result<SettleOutcome, DatabaseError> {
        let (id, now, refunds) = (id.as_bytes().into(), now.0.into(), REFUNDS_PER_DAY.into());
        let row = match settlement {
            Settlement::Delivered { response, amount } => {
                let parameters =
                    [id, now, response.as_deref().into(), RESPONSE_SECONDS.into(), (*amount).into()];
                self.first(DELIVERED, &parameters).await?
            }
            Settlement::NotDelivered { reason: Reason::UpstreamFailed, upstream_called } => {
                let policy = [FAILED_USERS_MAX, WINDOW_SECONDS, PAUSE_SECONDS, PAUSE_SECONDS_MAX];
                let [users, window, pause, pause_max] = policy.map(Into::into);
                let called = u32::from(*upstream_called).into();
                let parameters = [id, now, called, refunds, users, window, pause, pause_max];
                self.first(UPSTREAM_FAILED, &parameters).await?
            }
            Settlement::NotDelivered { reason: Reason::Other, upstream_called } => {
                let called = u32::from(*upstream_called).into();
                self.first(NOT_DELIVERED, &[id, now, called, refunds]).await?
            }
        };
        Ok(match row.map(|mut row| row.int(0)).transpose()? {
            None => SettleOutcome::Unknown,
            Some(0) => SettleOutcome::NotRefunded,
            Some(_) => SettleOutcome::Settled,
        })
    }
}
