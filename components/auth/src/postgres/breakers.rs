//! Breakers in PostgreSQL: one row per upstream that fails, none while all is well.

use web::UnixTime;

use super::{Database, PostgresStore, Value};
use crate::{
    breaker::{Admission, Policy, RETRY_WHILE_PROBING_SECONDS},
    service::Service,
    store::{BreakerStore, StoreError},
    ticket::Ticket,
};

/// No row: closed. 0: this ticket is the probe. Else: seconds to wait. Of many at once the row lock lets one
/// through, and the others look at the row again when it is released: there is a probe by then.
const ADMIT: &str = "
WITH probing AS (
  UPDATE breakers SET probe = $2::bytea, probe_until = to_timestamp($3::bigint + $4::bigint)
  WHERE service = $1::text AND open_until <= to_timestamp($3::bigint)
    AND (probe IS NULL OR probe_until <= to_timestamp($3::bigint))
  RETURNING 1
)
SELECT CASE
  WHEN EXISTS (SELECT FROM probing) THEN 0
  WHEN open_until > to_timestamp($3::bigint)
    THEN greatest(1, ceil(extract(epoch FROM open_until) - $3::bigint))::bigint
  ELSE $5::bigint END
FROM breakers WHERE service = $1::text AND open_until IS NOT NULL";

/// While open only the probe's word counts: what else is reported was asked before.
const ANSWERED: &str = "
DELETE FROM breakers WHERE service = $1::text AND (open_until IS NULL OR probe = $2::bytea)";

const PROBE_FAILED: &str = "
UPDATE breakers SET
  open_until = to_timestamp($3::bigint + least(2 * pause_seconds, $4::bigint)),
  pause_seconds = least(2 * pause_seconds, $4::bigint),
  failed_at = to_timestamp($3::bigint), probe = NULL, probe_until = NULL
WHERE service = $1::text AND probe = $2::bytea
RETURNING 1::bigint";

/// Counts on in the row of failures or starts a new one; opens at the last.
const FAILED: &str = "
INSERT INTO breakers AS b (service, failures, failed_at, open_until, pause_seconds)
VALUES ($1::text, 1, to_timestamp($2::bigint),
  CASE WHEN $3::bigint <= 1 THEN to_timestamp($2::bigint + $5::bigint) END, $5::bigint)
ON CONFLICT ON CONSTRAINT breakers_pkey DO UPDATE SET
  failures = CASE WHEN b.failed_at > to_timestamp($2::bigint - $4::bigint) THEN b.failures + 1 ELSE 1 END,
  failed_at = greatest(b.failed_at, EXCLUDED.failed_at),
  open_until = CASE WHEN b.failed_at > to_timestamp($2::bigint - $4::bigint) AND b.failures + 1 >= $3::bigint
    THEN to_timestamp($2::bigint + $5::bigint) ELSE EXCLUDED.open_until END
WHERE b.open_until IS NULL";

const RELEASE: &str = "
UPDATE breakers SET probe = NULL, probe_until = NULL WHERE service = $1::text AND probe = $2::bytea";

impl<D: Database> BreakerStore for PostgresStore<D> {
    async fn admit(
        &self,
        service: Service,
        ticket: &Ticket,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<Admission, StoreError> {
        let mut parameters = key(service, ticket);
        let numbers = [now.0, policy.probe_seconds.into(), RETRY_WHILE_PROBING_SECONDS.into()];
        parameters.extend(numbers.map(Value::Int));
        let Some(mut row) = self.first(ADMIT, parameters).await? else { return Ok(Admission::Closed) };
        Ok(match u32::try_from(row.int(0)?) {
            Ok(0) => Admission::Probe,
            Ok(retry_after_seconds) => Admission::Open { retry_after_seconds },
            Err(_) => Admission::Open { retry_after_seconds: policy.pause_seconds_max },
        })
    }

    async fn upstream_answered(&self, service: Service, ticket: &Ticket) -> Result<(), StoreError> {
        self.query(ANSWERED, key(service, ticket)).await?;
        Ok(())
    }

    async fn upstream_failed(
        &self,
        service: Service,
        ticket: &Ticket,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let mut parameters = key(service, ticket);
        parameters.extend([now.0, policy.pause_seconds_max.into()].map(Value::Int));
        if self.first(PROBE_FAILED, parameters).await?.is_none() {
            let numbers =
                [now.0, policy.failures.into(), policy.window_seconds.into(), policy.pause_seconds.into()];
            let parameters = std::iter::once(service.as_str().into()).chain(numbers.map(Value::Int));
            self.query(FAILED, parameters.collect()).await?;
        }
        Ok(())
    }

    async fn release_probe(&self, service: Service, ticket: &Ticket) -> Result<(), StoreError> {
        self.query(RELEASE, key(service, ticket)).await?;
        Ok(())
    }
}

fn key(service: Service, ticket: &Ticket) -> Vec<Value> {
    vec![service.as_str().into(), ticket.as_bytes().into()]
}
