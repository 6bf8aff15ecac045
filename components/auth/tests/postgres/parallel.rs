//! Running statements at the same time.

use std::time::Duration;

use tokio_postgres::Config;

use crate::server;

/// Runs all on one thread, each with the connection that it opens.
pub(crate) async fn join_all<F>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    join_all_and(futures, async |_| ()).await
}

/// Runs all while a transaction holds the rows that `locking` locks, and ends it with `ending` when all wait for a lock.
/// So every statement sees the rows as they were before the first one changes them.
pub(crate) async fn race<F>(
    config: &Config,
    (locking, ending): (&str, &str),
    futures: impl Iterator<Item = F>,
) -> Vec<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (holder, observer) = (server::connect(config).await, server::connect(config).await);
    holder.batch_execute(&format!("BEGIN; {locking}")).await.unwrap();
    join_all_and(futures, async |count| {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut looks = 0;
        while observer.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
            looks += 1;
            assert!(looks < 6000, "not all statements wait for the lock");
        }
        holder.batch_execute(ending).await.unwrap();
    })
    .await
}

async fn join_all_and<F>(futures: impl Iterator<Item = F>, meanwhile: impl AsyncFnOnce(i64)) -> Vec<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let local = tokio::task::LocalSet::new();
    let handles: Vec<_> = futures.map(|future| local.spawn_local(future)).collect();
    local
        .run_until(async {
            meanwhile(i64::try_from(handles.len()).unwrap()).await;
            let mut outputs = Vec::new();
            for handle in handles {
                outputs.push(handle.await.unwrap());
            }
            outputs
        })
        .await
}
