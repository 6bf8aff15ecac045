//! Leaky buckets in PostgreSQL: the row lock of the upsert makes each count atomic.

use web::UnixTime;

use super::{Database, Parameter, PostgresStore};
use crate::{
    store::ThrottleStore,
    store_error::StoreError,
    throttle::{
        Bucket, OWNER_ACCOUNT, SIGN_IN_ACCOUNT, SIGN_IN_ACCOUNT_FROM_ADDRESS, SIGN_IN_ADDRESS,
        SIGNED_IN_FROM, Subject, Subjects, WRONG_PASSWORD,
    },
};

/// Subtracts what has leaked since `filled_at` and adds one; returns no row when that would overflow. `greatest(0, …)` of
/// the time passed: an instance whose clock is behind must not raise the level.
const COUNT: &str = concat!(
    "
INSERT INTO throttles AS t (scope, subject, level, filled_at)
VALUES ($1::text, $2::bytea, 1, to_timestamp($3::bigint))
ON CONFLICT ON CONSTRAINT throttles_pkey DO UPDATE SET
  level = greatest(0, t.level
    - greatest(0, extract(epoch FROM EXCLUDED.filled_at - t.filled_at)::float8) / $5::bigint) + 1,
  filled_at = greatest(t.filled_at, EXCLUDED.filled_at)
WHERE greatest(0, t.level
    - greatest(0, extract(epoch FROM EXCLUDED.filled_at - t.filled_at)::float8) / $5::bigint) + 1 <= $4::bigint
RETURNING 1::bigint, ",
    without_waiting_for_the_disk!()
);

const FULL: &str = "
SELECT 1::bigint FROM throttles
WHERE scope = $1::text AND subject = $2::bytea
  AND greatest(0, level
    - greatest(0, extract(epoch FROM to_timestamp($3::bigint) - filled_at)::float8) / $5::bigint) + 1 > $4::bigint";

const GIVE_BACK: &str = concat!(
    "
UPDATE throttles SET level = greatest(0, level - 1) WHERE scope = $1::text AND subject = $2::bytea
RETURNING ",
    without_waiting_for_the_disk!()
);

const RIGHT_PASSWORD: &str = concat!(
    "
WITH emptied AS (
  DELETE FROM throttles
  WHERE subject = $1::bytea AND scope IN ($2::text, $3::text) OR subject = $4::bytea AND scope IN ($5::text, $6::text)
), given_back AS (
  UPDATE throttles SET level = greatest(0, level - 1) WHERE subject = $7::bytea AND scope = $8::text
)
INSERT INTO throttles AS t (scope, subject, level, filled_at)
VALUES ($9::text, $1::bytea, 1, to_timestamp($10::bigint))
ON CONFLICT ON CONSTRAINT throttles_pkey DO UPDATE SET
  level = 1, filled_at = greatest(t.filled_at, EXCLUDED.filled_at)
RETURNING ",
    without_waiting_for_the_disk!()
);

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

    async fn record_right_password(&self, subjects: &Subjects, now: UnixTime) -> Result<(), StoreError> {
        let parameters = [
            subjects.account_from_address.as_bytes().into(),
            WRONG_PASSWORD.scope.into(),
            SIGN_IN_ACCOUNT_FROM_ADDRESS.scope.into(),
            subjects.account.as_bytes().into(),
            SIGN_IN_ACCOUNT.scope.into(),
            OWNER_ACCOUNT.scope.into(),
            subjects.address.as_bytes().into(),
            SIGN_IN_ADDRESS.scope.into(),
            SIGNED_IN_FROM.scope.into(),
            now.0.into(),
        ];
        self.query(RIGHT_PASSWORD, &parameters).await?;
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
