//! Daily quotas in PostgreSQL: one row per user, service and day; the row lock of the upsert makes it atomic.

use super::{Database, PostgresStore, Value};
use crate::{
    service::{Day, Service},
    store::{QuotaStore, Spending, StoreError},
    user::UserId,
};

/// Returns the new sum, or no row when it would exceed the limit; then nothing was spent.
const SPEND: &str = "
INSERT INTO daily_spending AS d (user_id, service, day, spent)
SELECT $1::text::uuid, $2::text, date '1970-01-01' + $3::bigint::int, $4::bigint
WHERE $4::bigint <= $5::bigint
ON CONFLICT ON CONSTRAINT daily_spending_pkey DO UPDATE SET spent = d.spent + EXCLUDED.spent
WHERE d.spent + EXCLUDED.spent <= $5::bigint
RETURNING spent";

const REFUND: &str = "
UPDATE daily_spending SET spent = greatest(0, spent - $4::bigint)
WHERE user_id = $1::text::uuid AND service = $2::text AND day = date '1970-01-01' + $3::bigint::int
RETURNING spent";

const SPENT: &str = "
SELECT spent FROM daily_spending
WHERE user_id = $1::text::uuid AND service = $2::text AND day = date '1970-01-01' + $3::bigint::int";

impl<D: Database> QuotaStore for PostgresStore<D> {
    async fn spend(&self, spending: Spending<'_>, limit: i64) -> Result<Option<i64>, StoreError> {
        let mut parameters = key(spending.user, spending.service, spending.day);
        parameters.push(spending.amount.into());
        parameters.push(limit.into());
        let row = self.first(SPEND, parameters).await?;
        Ok(row.map(|mut row| row.int(0)).transpose()?)
    }

    async fn refund(&self, spending: Spending<'_>) -> Result<i64, StoreError> {
        let mut parameters = key(spending.user, spending.service, spending.day);
        parameters.push(spending.amount.into());
        let row = self.first(REFUND, parameters).await?;
        Ok(row.map(|mut row| row.int(0)).transpose()?.unwrap_or_default())
    }

    async fn spent(&self, user: &UserId, service: Service, day: Day) -> Result<i64, StoreError> {
        let row = self.first(SPENT, key(user, service, day)).await?;
        Ok(row.map(|mut row| row.int(0)).transpose()?.unwrap_or_default())
    }
}

fn key(user: &UserId, service: Service, day: Day) -> Vec<Value> {
    vec![user.as_str().into(), service.as_str().into(), day.number().into()]
}
