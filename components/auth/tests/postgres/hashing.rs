use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use auth::{postgres::PostgresStore, store::HashingStore};
use tokio_postgres::Client;

use crate::{client, client::Native, server};

/// The rows of the migration.
const AT_ONCE: usize = 4;

async fn free(operator: &Client, kind: &str) {
    set(operator, kind, "'-infinity'").await;
}

async fn take(operator: &Client, kind: &str) {
    set(operator, kind, "clock_timestamp() + interval '9 seconds'").await;
}

async fn set(operator: &Client, kind: &str, until: &str) {
    let all = format!("UPDATE hashing_turns SET taken_until = {until} WHERE kind = '{kind}'");
    operator.batch_execute(&all).await.unwrap();
}

async fn taken(operator: &Client) -> i64 {
    let taken = "SELECT count(*) FROM hashing_turns WHERE taken_until > clock_timestamp()";
    operator.query_one(taken, &[]).await.unwrap().get(0)
}

async fn turn(store: &PostgresStore<Native>) -> Option<()> {
    store.in_hashing_turn(|| ()).await.unwrap()
}

/// A store that has had a turn, and its database.
async fn opened() -> (Client, PostgresStore<Native>) {
    let config = server::empty_database().await;
    let store = client::open(&config).await;
    turn(&store).await.expect("a turn");
    (server::connect(&config).await, store)
}

#[tokio::test]
async fn many_instances_compute_few_hashes_at_once_and_each_request_gets_its_turn() {
    let config = server::empty_database().await;
    turn(&client::open(&config).await).await.expect("a turn");
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let hash = || {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(10));
        now.fetch_sub(1, Ordering::SeqCst);
    };
    let instance = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = client::open(&config).await;
            let one = || async { store.in_hashing_turn(hash).await.unwrap().expect("a turn in time") };
            tokio::join!(one(), one(), one(), one());
        });
    };
    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(instance))));
    assert!((2..=AT_ONCE).contains(&most.load(Ordering::SeqCst)), "{most:?} at once");
    assert_eq!(taken(&server::connect(&config).await).await, 0, "all turns and places are given back");
}

#[tokio::test]
async fn the_requests_of_an_instance_share_a_turn() {
    let config = server::empty_database().await;
    turn(&client::open(&config).await).await.expect("a turn");
    let native = Native::connect(&config).await;
    let statements = native.statements();
    let store = PostgresStore::new(native);
    let turns = tokio::join!(turn(&store), turn(&store), turn(&store), turn(&store), turn(&store));
    assert_eq!(turns, (Some(()), Some(()), Some(()), Some(()), Some(())));
    assert_eq!(statements.get(), 2, "one that takes it and one that ends it");
}

#[tokio::test]
async fn who_leaves_the_queue_keeps_nobody_waiting() {
    let (operator, store) = opened().await;
    take(&operator, "hash").await;
    let (left, next) = tokio::join!(tokio::time::timeout(Duration::from_millis(200), turn(&store)), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (next, ()) = tokio::join!(turn(&store), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            free(&operator, "hash").await;
        });
        next
    });
    assert!(left.is_err());
    assert_eq!(next, Some(()));
}

#[tokio::test]
async fn a_lost_turn_ends_by_itself() {
    let (operator, store) = opened().await;
    set(&operator, "hash", "clock_timestamp() + interval '300 milliseconds'").await;
    assert_eq!(turn(&store).await, Some(()));
    assert_eq!(taken(&operator).await, 0, "and the place is given back with it");
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nobody_from_a_turn() {
    let (operator, store) = opened().await;
    for kind in ["hash", "wait"] {
        set(&operator, kind, "clock_timestamp() + interval '1 hour'").await;
    }
    // More often than there are turns: each of them has been this instance's then.
    for _ in 0..=AT_ONCE {
        let at_once = tokio::time::timeout(Duration::from_secs(5), turn(&store)).await;
        assert_eq!(at_once, Ok(Some(())));
    }
}

#[tokio::test]
async fn a_turn_that_was_handed_on_to_who_has_left_is_ended_by_the_next_who_comes() {
    let (operator, store) = opened().await;
    tokio::select! {
        biased;
        first = turn(&store) => assert_eq!(first, Some(())),
        _ = turn(&store) => panic!("the second came first"),
    }
    assert_eq!(taken(&operator).await, 1);
    tokio::time::sleep(Duration::from_millis(5100)).await;
    assert_eq!(turn(&store).await, Some(()));
    assert_eq!(taken(&operator).await, 0);
}

#[tokio::test]
async fn while_others_wait_an_instance_does_not_get_its_turn_again() {
    let config = server::empty_database().await;
    let operator = server::connect(&config).await;
    let (store, other) = (client::open(&config).await, client::open(&config).await);
    turn(&store).await.expect("a turn");
    let used = "UPDATE hashing_turns SET taken_until = clock_timestamp() + interval '9 seconds'
         WHERE kind = 'hash' AND instance = '' OR kind = 'wait' AND number = 200";
    operator.batch_execute(used).await.unwrap();
    let again = tokio::time::timeout(Duration::from_millis(500), turn(&store)).await;
    assert!(again.is_err(), "before those who wait");
    assert_eq!(turn(&other).await, Some(()));
    free(&operator, "wait").await;
    assert_eq!(turn(&other).await, Some(()), "nobody else waits");
}

#[tokio::test]
async fn when_too_many_wait_a_request_is_turned_away_at_once() {
    let (operator, store) = opened().await;
    take(&operator, "hash").await;
    take(&operator, "wait").await;
    let at_once = tokio::time::timeout(Duration::from_secs(5), turn(&store)).await;
    assert_eq!(at_once, Ok(None));
    free(&operator, "wait").await;
    let (waited, ()) = tokio::join!(turn(&store), async {
        while taken(&operator).await == i64::try_from(AT_ONCE).unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        free(&operator, "hash").await;
    });
    assert_eq!(waited, Some(()), "whoever waits gets the turn that becomes free");
}
