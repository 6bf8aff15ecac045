//! Leaky buckets in PostgreSQL: the row lock of the upsert makes each count atomic.

use web::UnixTime;

use super::{Database, Parameter, PostgresStore};
use crate::{
    store::ThrottleStore,
    store_error::StoreError,
    throttle::{Bucket, Subject},
};

/// Subtracts what has leaked since `filled_at` and adds one; returns no row when that would overflow. `greatest(0, …)` of
/// the time passed: an instance whose clock is behind must not raise the level.
const COUNT: &str = "
INSERT INTO throttles AS t (scope, subject, level, filled_at)
VALUES ($1::text, $2::bytea, 1, to_timestamp($3::bigint))
ON CONFLICT ON CONSTRAINT throttles_pkey DO UPDATE SET
  level = greatest(0, t.level
    - greatest(0, extract(epoch FROM EXCLUDED.filled_at - t.filled_at)::float8) / $5::bigint) + 1,
  filled_at = greatest(t.filled_at, EXCLUDED.filled_at)
WHERE greatest(0, t.level
    - greatest(0, extract(epoch FROM EXCLUDED.filled_at - t.filled_at)::float8) / $5::bigint) + 1 <= $4::bigint
RETURNING 1::bigint";

const FULL: &str = "
SELECT 1::bigint FROM throttles
WHERE scope = $1::text AND subject = $2::bytea
  AND greatest(0, level
    - greatest(0, extract(epoch FROM to_timestamp($3::bigint) - filled_at)::float8) / $5::bigint) + 1 > $4::bigint";

const GIVE_BACK: &str = "
UPDATE throttles SET level = greatest(0, level - 1) WHERE scope = $1::text AND subject = $2::bytea";

const FORGET: &str = "DELETE FROM throttles WHERE scope = $1::text AND subject = $2::bytea";

impl<D: Database> ThrottleStore for PostgresStore<D> {
    async fn count_attempt(
        &self,
        bucket: &Bucket,
        subject: &Subject,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        Ok(self.first(COUNT, &level(bucket, subject, now)).await?.is_some())
    }

    async fn has_room(&self, bucket: &Bucket, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        Ok(self.first(FULL, &level(bucket, subject, now)).await?.is_none())
    }

    async fn return_attempt(&self, bucket: &Bucket, subject: &Subject) -> Result<(), StoreError> {
        self.query(GIVE_BACK, &key(bucket, subject)).await?;
        Ok(())
    }

    async fn reset_attempts(&self, bucket: &Bucket, subject: &Subject) -> Result<(), StoreError> {
        self.query(FORGET, &key(bucket, subject)).await?;
        Ok(())
    }
}

fn key<'a>(bucket: &Bucket, subject: &'a Subject) -> [Parameter<'a>; 2] {
    [bucket.scope.into(), subject.as_bytes().into()]
}

fn level<'a>(bucket: &Bucket, subject: &'a Subject, now: UnixTime) -> [Parameter<'a>; 5] {
    let [scope, subject] = key(bucket, subject);
    [scope, subject, now.0.into(), bucket.size.into(), bucket.seconds_per_attempt.into()]
}
