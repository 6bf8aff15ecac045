use auth::{
    postgres::PostgresStore,
    store::ThrottleStore,
    throttle::{
        Bucket, SIGN_IN_ACCOUNT, SIGN_IN_ACCOUNT_FROM_ADDRESS, SIGN_IN_ADDRESS, SIGNED_IN_FROM, Subject,
        Subjects, WRONG_PASSWORD,
    },
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
async fn attempts_are_returned() {
    let store = client::fresh().await;
    for _ in 0..3 {
        assert!(allowed(&store, "alice", 0).await);
    }
    store.return_attempt(&BUCKET, &subject("alice")).await.unwrap();
    assert!(allowed(&store, "alice", 0).await);
    assert!(!allowed(&store, "alice", 0).await);
    for _ in 0..10 {
        store.return_attempt(&BUCKET, &subject("alice")).await.unwrap();
    }
    assert!(allowed(&store, "alice", 0).await, "returned attempts never make room for more than the size");
}

#[tokio::test]
async fn a_right_password_empties_what_its_account_has_counted_and_is_remembered() {
    let store = client::fresh().await;
    let subjects = Subjects {
        account: subject("account"),
        address: subject("address"),
        account_from_address: subject("account from address"),
    };
    let counted = [
        (SIGN_IN_ACCOUNT, subjects.account),
        (SIGN_IN_ACCOUNT_FROM_ADDRESS, subjects.account_from_address),
        (WRONG_PASSWORD, subjects.account_from_address),
        (SIGN_IN_ADDRESS, subjects.address),
    ];
    let later = |seconds: i64| UnixTime(NOW.0 + seconds);
    for (bucket, subject) in &counted {
        while store.count_attempt(bucket, subject, NOW).await.unwrap() {}
    }
    let is_known = async |seconds| {
        !store.has_room(&SIGNED_IN_FROM, &subjects.account_from_address, later(seconds)).await.unwrap()
    };
    assert!(!is_known(0).await);
    store.record_right_password(&subjects, NOW).await.unwrap();
    for (bucket, subject) in &counted {
        let mut room = 0;
        while store.count_attempt(bucket, subject, NOW).await.unwrap() {
            room += 1;
        }
        assert_eq!(room, if *bucket == SIGN_IN_ADDRESS { 1 } else { bucket.size }, "{}", bucket.scope);
    }
    let week = i64::from(SIGNED_IN_FROM.seconds_per_attempt);
    assert!(is_known(week - 1).await && !is_known(week).await);
    store.record_right_password(&subjects, later(week - 1)).await.unwrap();
    assert!(is_known(week + 1).await, "a week after the last one");
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
