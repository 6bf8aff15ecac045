//! Reservations, daily quotas and circuit breakers in PostgreSQL.
//!
//! All statements lock rows in the same order, so that none waits for another in a circle: the reservation, its
//! service's circuit breaker, its user's spending of the day, the total of the day.

mod reserve;
mod settle;

use auth_api::{
    ReservationId, Settlement,
    wire::{Extend, Lookup},
};
use web::UnixTime;

use super::{Database, DatabaseError, PostgresStore, Row};
use crate::{
    metering::{
        day::Day,
        quota::Limits,
        store::{
            EarlierRequest, ExtendOutcome, MeteringStore, NewReservation, ReserveOutcome, SettleOutcome,
        },
    },
    store_error::StoreError,
    user::UserId,
};

const LOOKUP: &str = "
SELECT CASE WHEN r.request_hash <> $4::bytea THEN 'different' WHEN r.response IS NULL THEN 'in_progress'
    ELSE 'delivered' END,
  r.response, coalesce(d.spent, 0)
FROM reservations r
LEFT JOIN daily_spending d
  ON (d.user_id, d.service, d.day) = (r.user_id, r.service, date '1970-01-01' + $6::bigint::int)
WHERE r.user_id = $1::text::uuid AND r.service = $2::text AND r.key_hash = $3::bytea
  AND r.expires_at > to_timestamp($5::bigint)";

/// Locks the first two rows first, so that the sum it returns is the one that the limit was compared with. A total that
/// the ceiling does not allow changes nothing.
const EXTEND: &str = "
WITH live AS (
  SELECT r.user_id, r.service, r.day, d.spent
  FROM reservations r JOIN daily_spending d USING (user_id, service, day)
  WHERE r.id = $1::bytea AND r.service = $2::text AND r.response IS NULL AND r.expires_at > to_timestamp($3::bigint)
  FOR UPDATE
), totalled AS (
  INSERT INTO daily_totals AS t (service, day, spent)
  SELECT service, day, $4::bigint FROM live WHERE spent + $4::bigint <= $5::bigint AND $4::bigint <= $6::bigint
  ON CONFLICT ON CONSTRAINT daily_totals_pkey DO UPDATE SET spent = t.spent + EXCLUDED.spent
  WHERE t.spent + EXCLUDED.spent <= $6::bigint
  RETURNING 1
), extended AS (
  UPDATE reservations r SET amount = r.amount + $4::bigint FROM totalled WHERE r.id = $1::bytea
), charged AS (
  UPDATE daily_spending d SET spent = d.spent + $4::bigint
  FROM live l, totalled WHERE (d.user_id, d.service, d.day) = (l.user_id, l.service, l.day)
)
SELECT spent, (SELECT count(*) FROM totalled) FROM live";

/// Skips locked rows: another statement is about to delete or to replace them.
const PURGE: &str = "
DELETE FROM reservations WHERE id IN (
  SELECT id FROM reservations WHERE expires_at <= to_timestamp($1::bigint) FOR UPDATE SKIP LOCKED)";

impl<D: Database> MeteringStore for PostgresStore<D> {
    async fn reserve(&self, new: &NewReservation<'_>, now: UnixTime) -> Result<ReserveOutcome, StoreError> {
        Ok(self.reserve_or_undo(new, now).await?)
    }

    async fn lookup(
        &self,
        user: &UserId,
        lookup: &Lookup,
        now: UnixTime,
    ) -> Result<Option<EarlierRequest>, StoreError> {
        let key = &lookup.idempotency_key;
        let parameters = [
            user.as_str().into(),
            lookup.service.as_str().into(),
            (&key.key_hash).into(),
            (&key.request_hash).into(),
            now.0.into(),
            Day::of(now).number().into(),
        ];
        let Some(mut row) = self.first(LOOKUP, &parameters).await? else { return Ok(None) };
        let (state, spent) = (row.text(0)?, row.int(2)?);
        Ok(Some(earlier(&state, &mut row, spent)?))
    }

    async fn extend(
        &self,
        id: &ReservationId,
        Extend { service, amount }: Extend,
        limits: Limits,
        now: UnixTime,
    ) -> Result<ExtendOutcome, StoreError> {
        let parameters = [
            id.as_bytes().into(),
            service.as_str().into(),
            now.0.into(),
            amount.into(),
            limits.user.into(),
            limits.all_users.into(),
        ];
        let Some(mut row) = self.first(EXTEND, &parameters).await? else { return Ok(ExtendOutcome::Unknown) };
        let (before, extended) = (row.int(0)?, row.int(1)? == 1);
        let spent = before + i64::from(amount);
        Ok(match extended {
            true => ExtendOutcome::Extended { spent },
            false if spent > i64::from(limits.user) => ExtendOutcome::QuotaExhausted { spent: before },
            false => ExtendOutcome::CeilingReached,
        })
    }

    async fn settle(
        &self,
        id: &ReservationId,
        settlement: &Settlement,
        now: UnixTime,
    ) -> Result<SettleOutcome, StoreError> {
        Ok(self.settle_once(id, settlement, now).await?)
    }

    async fn purge_reservations(&self, now: UnixTime) -> Result<(), StoreError> {
        self.query(PURGE, &[now.0.into()]).await?;
        Ok(())
    }
}

/// The earlier request in a row of [`LOOKUP`] or of a reservation; its response is the cell 1.
fn earlier(state: &str, row: &mut Row, spent: i64) -> Result<EarlierRequest, DatabaseError> {
    match state {
        "in_progress" => Ok(EarlierRequest::InProgress),
        "different" => Ok(EarlierRequest::Different),
        "delivered" => Ok(EarlierRequest::Delivered { response: row.text(1)?, spent }),
        _ => Err(DatabaseError::Undecodable(format!("unknown state {state}"))),
    }
}
