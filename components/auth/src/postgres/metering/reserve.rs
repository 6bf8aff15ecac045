//! Making a reservation: one statement, and a second one only to undo the first when it lost a race.

use web::UnixTime;

use super::earlier;
use crate::{
    metering::{
        circuit::{RETRY_WHILE_PROBING_SECONDS, probe_seconds},
        day::Day,
        store::{NewReservation, ReserveOutcome},
    },
    postgres::{Database, DatabaseError, PostgresStore},
};

/// Locks the user first, as the deletion of an account does, so that neither waits for the other in a circle. Then
/// checks what is visible (`earlier`, `circuit`, `used`), then inserts the reservation, which the unique key lets one of
/// several requests do, then becomes the probe of a half-open circuit, which the row lock lets one of several do, then
/// adds to the user's spending of the day and to the total of all users, unless that exceeds a limit. Each step depends
/// on the one before.
///
/// `circuit` has a row only while the circuit is open, with 0 seconds when it is half-open without a probe; for a user
/// for whom the upstream has failed it is half-open one pause later. A key that
/// is neither visible nor free was taken by a request that has just begun. `purged` runs last and skips locked rows and
/// the key itself, because a statement may change a row only once.
const RESERVE: &str = "
WITH given (id, user_id, service, day, amount, now, expires_at, probe_until, key_hash, request_hash) AS (
  VALUES ($1::bytea, $2::text::uuid, $3::text, date '1970-01-01' + $4::bigint::int, $5::bigint,
    to_timestamp($7::bigint), to_timestamp($7::bigint + $8::bigint), to_timestamp($7::bigint + $9::bigint),
    $10::bytea, $11::bytea)
), owner AS (
  SELECT u.id FROM users u WHERE u.id = (SELECT user_id FROM given) FOR KEY SHARE
), earlier AS (
  SELECT CASE WHEN r.request_hash <> g.request_hash THEN 'different' WHEN r.response IS NULL THEN 'in_progress'
      ELSE 'delivered' END AS state,
    r.response
  FROM given g JOIN reservations r USING (user_id, service, key_hash) WHERE r.expires_at > g.now
), circuit AS (
  SELECT CASE WHEN own.open_until > g.now THEN greatest(1, ceil(extract(epoch FROM own.open_until - g.now)))::bigint
    WHEN b.probe_until > g.now THEN $12::bigint ELSE 0 END AS seconds
  FROM given g JOIN breakers b USING (service), LATERAL (
    SELECT b.open_until + CASE WHEN g.user_id = ANY (b.failed_users) THEN b.pause_seconds ELSE 0 END
      * interval '1 second' AS open_until) own
  WHERE b.open_until IS NOT NULL
), total AS (
  SELECT coalesce(max(t.spent), 0) AS spent FROM given g JOIN daily_totals t USING (service, day)
), used AS (
  SELECT coalesce(max(d.spent), 0) AS spent FROM given g JOIN daily_spending d USING (user_id, service, day)
), claimed AS (
  INSERT INTO reservations AS r (id, user_id, service, day, amount, key_hash, request_hash, expires_at)
  SELECT g.id, g.user_id, g.service, g.day, g.amount, g.key_hash, g.request_hash, g.expires_at
  FROM given g JOIN owner o ON o.id = g.user_id, used u, total t
  WHERE NOT EXISTS (SELECT FROM earlier) AND NOT EXISTS (SELECT FROM circuit WHERE seconds > 0)
    AND u.spent + g.amount <= $6::bigint AND t.spent + g.amount <= $13::bigint
  ON CONFLICT ON CONSTRAINT reservations_key_once DO UPDATE SET
    id = EXCLUDED.id, day = EXCLUDED.day, amount = EXCLUDED.amount, request_hash = EXCLUDED.request_hash,
    response = NULL, expires_at = EXCLUDED.expires_at
  WHERE r.expires_at <= to_timestamp($7::bigint)
  RETURNING id
), probing AS (
  UPDATE breakers b SET probe = c.id, probe_until = g.probe_until
  FROM claimed c, given g
  WHERE b.service = g.service AND b.open_until <= g.now AND (b.probe IS NULL OR b.probe_until <= g.now)
  RETURNING 1
), charged AS (
  INSERT INTO daily_spending AS d (user_id, service, day, spent)
  SELECT g.user_id, g.service, g.day, g.amount FROM claimed c, given g
  WHERE NOT EXISTS (SELECT FROM circuit) OR EXISTS (SELECT FROM probing)
  ON CONFLICT ON CONSTRAINT daily_spending_pkey DO UPDATE SET spent = d.spent + EXCLUDED.spent
  WHERE d.spent + EXCLUDED.spent <= $6::bigint
  RETURNING d.spent
), totalled AS (
  INSERT INTO daily_totals AS t (service, day, spent)
  SELECT g.service, g.day, g.amount FROM charged c, given g
  ON CONFLICT ON CONSTRAINT daily_totals_pkey DO UPDATE SET spent = t.spent + EXCLUDED.spent
  WHERE t.spent + EXCLUDED.spent <= $13::bigint
  RETURNING 1
), purged AS (
  DELETE FROM reservations WHERE id IN (
    SELECT r.id FROM reservations r, given g
    WHERE r.expires_at <= g.now AND (r.key_hash = g.key_hash) IS NOT TRUE
    LIMIT 100 FOR UPDATE OF r SKIP LOCKED)
)
SELECT CASE
    WHEN EXISTS (SELECT FROM totalled) THEN 'reserved'
    WHEN EXISTS (SELECT FROM charged) THEN 'lost_ceiling'
    WHEN EXISTS (SELECT FROM claimed) THEN
      CASE WHEN EXISTS (SELECT FROM circuit) AND NOT EXISTS (SELECT FROM probing)
        THEN 'lost_probe' ELSE 'lost_quota' END
    WHEN EXISTS (SELECT FROM earlier) THEN (SELECT state FROM earlier)
    WHEN EXISTS (SELECT FROM circuit WHERE seconds > 0) THEN 'circuit_open'
    WHEN (SELECT spent FROM used) + $5::bigint > $6::bigint THEN 'quota_exhausted'
    WHEN (SELECT spent FROM total) + $5::bigint > $13::bigint THEN 'ceiling_reached'
    WHEN NOT EXISTS (SELECT FROM owner) THEN 'no_user'
    ELSE 'in_progress' END,
  (SELECT response FROM earlier),
  coalesce((SELECT spent FROM charged), (SELECT spent FROM used)),
  coalesce((SELECT seconds FROM circuit), 0)";

/// Returns what the user has spent now, if the reservation had not been charged: only then it is asked for.
const UNDO: &str = "
WITH released AS (
  DELETE FROM reservations WHERE id = $1::bytea RETURNING user_id, service, day
), circuit AS (
  UPDATE breakers b SET probe = NULL, probe_until = NULL
  FROM released r WHERE b.service = r.service AND b.probe = $1::bytea
  RETURNING 1
), refunded AS (
  UPDATE daily_spending d SET spent = greatest(0, d.spent - $2::bigint)
  FROM released r, (SELECT count(*) FROM circuit) undone
  WHERE $2::bigint > 0 AND (d.user_id, d.service, d.day) = (r.user_id, r.service, r.day)
)
SELECT coalesce(max(d.spent), 0) FROM released JOIN daily_spending d USING (user_id, service, day)";

impl<D: Database> PostgresStore<D> {
    pub(super) async fn reserve_or_undo(
        &self,
        new: &NewReservation<'_>,
        now: UnixTime,
    ) -> Result<ReserveOutcome, DatabaseError> {
        let (service, key) = (new.request.service, new.request.idempotency_key.as_ref());
        let parameters = [
            new.id.as_bytes().into(),
            new.user.as_str().into(),
            service.as_str().into(),
            Day::of(now).number().into(),
            new.request.amount.into(),
            new.limits.user.into(),
            now.0.into(),
            service.reservation_seconds_max().into(),
            probe_seconds(service).into(),
            key.map(|key| &key.key_hash).into(),
            key.map(|key| &key.request_hash).into(),
            RETRY_WHILE_PROBING_SECONDS.into(),
            new.limits.all_users.into(),
        ];
        let row = self.first(RESERVE, &parameters).await?;
        let mut row = row.ok_or_else(|| DatabaseError::Undecodable("no row".to_owned()))?;
        let (state, spent, seconds) = (row.text(0)?, row.int(2)?, row.int(3)?);
        let retry_after_seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        Ok(match state.as_str() {
            "reserved" => ReserveOutcome::Reserved { spent },
            "circuit_open" => ReserveOutcome::CircuitOpen { retry_after_seconds },
            "quota_exhausted" => ReserveOutcome::QuotaExhausted { spent },
            "ceiling_reached" => ReserveOutcome::CeilingReached,
            "lost_ceiling" => {
                self.undo(new, new.request.amount).await?;
                ReserveOutcome::CeilingReached
            }
            "lost_probe" => {
                self.undo(new, 0).await?;
                ReserveOutcome::CircuitOpen { retry_after_seconds: RETRY_WHILE_PROBING_SECONDS }
            }
            "lost_quota" => ReserveOutcome::QuotaExhausted { spent: self.undo(new, 0).await? },
            "no_user" => return Err(DatabaseError::Undecodable("the user has just been deleted".to_owned())),
            state => ReserveOutcome::Earlier(earlier(state, &mut row, spent)?),
        })
    }

    /// `charged`: what was added to the user's spending.
    async fn undo(&self, new: &NewReservation<'_>, charged: u32) -> Result<i64, DatabaseError> {
        let row = self.first(UNDO, &[new.id.as_bytes().into(), charged.into()]).await?;
        row.map_or(Ok(0), |mut row| row.int(0))
    }
}
