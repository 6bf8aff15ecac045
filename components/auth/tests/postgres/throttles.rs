use auth::{
    postgres::PostgresStore,
    store::ThrottleStore,
    throttle::{Bucket, Subject},
    username::Username,
};
use web::UnixTime;

use crate::{
    client::{self, Native},
    parallel::join_all,
    server,
    users::NOW,
};

const BUCKET: Bucket = Bucket { scope: "test", size: 3, seconds_per_attempt: 10 };

fn subject(name: &str) -> Subject {
    Subject::account(Username::parse(name).unwrap().key())
}

async fn allowed(store: &PostgresStore<Native>, name: &str, seconds: i64) -> bool {
    store.count_attempt(&BUCKET, &subject(name), UnixTime(NOW.0 + seconds)).await.unwrap()
}

#[tokio::test]
async fn a_full_bucket_refuses_until_time_has_emptied_it() {
    let store = client::fresh().await;
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 0).await);
    }
    for _ in 0..100 {
        assert!(!allowed(&store, "alice", 9).await, "refused attempts add nothing");
    }
    assert!(allowed(&store, "alice", 10).await);
    assert!(!allowed(&store, "alice", 10).await);
    assert!(allowed(&store, "bob", 10).await, "another account is not concerned");
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 3600).await, "an hour empties it, not more");
    }
    assert!(!allowed(&store, "alice", 3600).await);
}

#[tokio::test]
async fn a_check_for_room_counts_nothing() {
    let store = client::fresh().await;
    let room = async |seconds: i64| {
        store.has_room(&BUCKET, &subject("alice"), UnixTime(NOW.0 + seconds)).await.unwrap()
    };
    for _ in 0..10 {
        assert!(room(0).await);
    }
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 0).await);
    }
    assert!(!room(9).await);
    assert!(room(10).await);
}

#[tokio::test]
async fn attempts_are_returned_and_reset() {
    let store = client::fresh().await;
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 0).await);
    }
    store.return_attempt(&BUCKET, &subject("alice")).await.unwrap();
    assert!(allowed(&store, "alice", 0).await);
    assert!(!allowed(&store, "alice", 0).await);
    store.reset_attempts(&BUCKET, &subject("alice")).await.unwrap();
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 0).await);
    }
    for _ in 0..10 {
        store.return_attempt(&BUCKET, &subject("alice")).await.unwrap();
    }
    assert!(allowed(&store, "alice", 0).await, "returned attempts never make room for more than the size");
}

#[tokio::test]
async fn a_clock_that_is_behind_changes_no_level() {
    let store = client::fresh().await;
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 100).await);
    }
    assert!(!allowed(&store, "alice", 0).await);
    assert!(!allowed(&store, "alice", 109).await, "the refused try did not turn the clock back");
    assert!(allowed(&store, "alice", 110).await);
}

#[tokio::test]
async fn parallel_attempts_do_not_overtake_the_count() {
    let config = server::empty_database().await;
    let attempts = (0..24).map(|_| {
        let config = config.clone();
        async move {
            let store = client::open(&config).await;
            allowed(&store, "alice", 0).await
        }
    });
    assert_eq!(join_all(attempts).await.into_iter().filter(|allowed| *allowed).count(), 3);
}
