use std::{
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use auth::store::HashingStore;

use crate::{client, parallel::join_all, server};

/// The rows of the migration.
const AT_ONCE: usize = 4;

#[tokio::test]
async fn many_instances_compute_few_hashes_at_once_and_each_gets_its_turn() {
    let config = server::empty_database().await;
    client::open(&config).await.take_hashing_turn().await.unwrap().expect("a turn");
    server::connect(&config)
        .await
        .batch_execute("UPDATE hashing_turns SET taken_until = '-infinity'")
        .await
        .unwrap();
    let (now, most) = (Rc::new(AtomicUsize::new(0)), Rc::new(AtomicUsize::new(0)));
    let instances = (0..24).map(|_| {
        let (config, now, most) = (config.clone(), Rc::clone(&now), Rc::clone(&most));
        async move {
            let store = client::open(&config).await;
            let turn = store.take_hashing_turn().await.unwrap().expect("a turn within the limit");
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            store.end_hashing_turn(turn).await.unwrap();
        }
    });
    assert_eq!(join_all(instances).await.len(), 24);
    assert!(most.load(Ordering::SeqCst) <= AT_ONCE, "{most:?} at once");
    let left = "SELECT count(*) FROM hashing_turns WHERE taken_until > clock_timestamp()";
    let left: i64 = server::connect(&config).await.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0, "all turns and places are given back");
}

#[tokio::test]
async fn an_instance_has_one_turn_at_a_time_and_a_lost_one_ends_by_itself() {
    let config = server::empty_database().await;
    let operator = server::connect(&config).await;
    let store = client::open(&config).await;
    let lost = store.take_hashing_turn().await.unwrap().expect("a turn");
    operator
        .batch_execute("UPDATE hashing_turns SET taken_until = 'infinity' WHERE kind = 'wait'")
        .await
        .unwrap();
    assert_eq!(store.take_hashing_turn().await.unwrap(), None, "it has one, and nobody else may wait");
    operator
        .batch_execute(
            "UPDATE hashing_turns SET taken_until = now() - interval '1 second' WHERE kind = 'hash'",
        )
        .await
        .unwrap();
    let next = store.take_hashing_turn().await.unwrap().expect("the lost one is over");
    let other = client::open(&config).await.take_hashing_turn().await.unwrap().expect("another instance");
    assert_ne!(next, other);
    assert_eq!(next, lost, "the same row");
}

#[tokio::test]
async fn when_too_many_wait_a_request_is_turned_away_at_once() {
    let config = server::empty_database().await;
    let operator = server::connect(&config).await;
    let store = client::open(&config).await;
    let turn = store.take_hashing_turn().await.unwrap().expect("a turn");
    store.end_hashing_turn(turn).await.unwrap();
    operator.batch_execute("UPDATE hashing_turns SET taken_until = 'infinity'").await.unwrap();
    assert_eq!(store.take_hashing_turn().await.unwrap(), None);
    operator
        .batch_execute(
            "UPDATE hashing_turns SET taken_until = '-infinity' WHERE kind = 'wait' AND number = 1",
        )
        .await
        .unwrap();
    let (waiting, free) = tokio::join!(store.take_hashing_turn(), async {
        let taken = "SELECT count(*) FROM hashing_turns WHERE kind = 'wait' AND taken_until < 'infinity'
            AND taken_until > clock_timestamp()";
        while operator.query_one(taken, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        operator.batch_execute("UPDATE hashing_turns SET taken_until = '-infinity' WHERE kind = 'hash'").await
    });
    free.unwrap();
    assert!(waiting.unwrap().is_some(), "whoever waits gets the turn that becomes free");
}
