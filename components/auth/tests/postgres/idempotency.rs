//! Idempotency keys in PostgreSQL.

use auth::{
    metering::{
        RESPONSE_SECONDS,
        store::{EarlierRequest, MeteringStore, ReserveOutcome},
    },
    store::{Maintenance, UserStore},
};
use auth_api::{Reason, Service};

use crate::{
    client,
    metering::{User, after, key},
    parallel::race,
    server,
};

const RESERVATION: i64 = Service::Llm.reservation_seconds_max() as i64;
const RESPONSE: i64 = RESPONSE_SECONDS as i64;

fn is_reserved(outcome: &ReserveOutcome) -> bool {
    matches!(outcome, ReserveOutcome::Reserved { .. })
}

fn delivered(response: &str, spent: i64) -> EarlierRequest {
    EarlierRequest::Delivered { response: response.to_owned(), spent }
}

#[tokio::test]
async fn a_key_is_reserved_once_and_its_response_is_replayed_until_it_expires() {
    let mut user = User::new().await;
    assert_eq!(user.lookup(key(1, 1), 0).await, None);
    assert!(is_reserved(&user.claim(1, key(1, 1), 0).await));
    let again = user.claim(2, key(1, 1), 0).await;
    assert_eq!(again, ReserveOutcome::Earlier(EarlierRequest::InProgress));
    assert_eq!(user.lookup(key(1, 1), 0).await, Some(EarlierRequest::InProgress));
    assert_eq!(user.lookup(key(1, 2), 0).await, Some(EarlierRequest::Different));
    assert_eq!(user.lookup(key(2, 1), 0).await, None);
    user.service = Service::Ocr;
    assert_eq!(user.lookup(key(1, 1), 0).await, None, "another service's key");
    user.service = Service::Llm;

    let response = "{\"text\":\"é \\u0000 '; DROP TABLE users; --\"}";
    assert!(!user.deliver(2, Some("of no reservation"), 50).await);
    assert!(user.deliver(1, Some(response), 50).await);
    assert!(!user.deliver(1, Some("a second one"), 50).await);
    assert!(!user.fail(1, Reason::Other, 50).await);
    let last = 50 + RESPONSE - 1;
    assert_eq!(user.lookup(key(1, 1), last).await, Some(delivered(response, 1)));
    assert_eq!(user.claim(3, key(1, 1), last).await, ReserveOutcome::Earlier(delivered(response, 1)));
    assert_eq!(user.claim(3, key(1, 2), last).await, ReserveOutcome::Earlier(EarlierRequest::Different));
    let over = 50 + RESPONSE;
    assert_eq!(user.lookup(key(1, 1), over).await, None);
    assert!(is_reserved(&user.claim(3, key(1, 2), over).await));
    let fresh = user.lookup(key(1, 2), over).await;
    assert_eq!(fresh, Some(EarlierRequest::InProgress), "without the old response");
}

#[tokio::test]
async fn a_failure_and_an_expiry_free_the_key_and_a_late_settlement_changes_nothing() {
    let user = User::new().await;
    user.claim(1, key(1, 1), 0).await;
    assert!(user.fail(1, Reason::Other, 0).await);
    assert!(is_reserved(&user.claim(2, key(1, 1), 0).await));
    assert!(!is_reserved(&user.claim(3, key(1, 1), RESERVATION - 1).await));
    assert!(is_reserved(&user.claim(3, key(1, 1), RESERVATION).await));
    assert!(
        !user.deliver(2, Some("late"), RESERVATION).await && !user.fail(2, Reason::Other, RESERVATION).await
    );
    assert_eq!(user.lookup(key(1, 1), RESERVATION).await, Some(EarlierRequest::InProgress));
    assert!(user.deliver(3, None, RESERVATION).await);
    assert_eq!(user.lookup(key(1, 1), RESERVATION).await, None, "no response to store");
}

/// A row with the key of the next test.
const SAME_KEY: &str = "
INSERT INTO reservations (id, user_id, service, day, amount, key_hash, request_hash, expires_at)
SELECT decode(repeat('ff', 16), 'hex'), id, 'llm', current_date, 1, decode(repeat('01', 32), 'hex'),
  decode(repeat('01', 32), 'hex'), now()
FROM users";

#[tokio::test]
async fn of_parallel_requests_with_one_key_exactly_one_reserves() {
    for first_has_expired in [false, true] {
        let config = server::empty_database().await;
        let owner = User::create(&config).await;
        if first_has_expired {
            owner.claim(99, key(1, 1), -1000).await;
        }
        let before = owner.spent(0).await;
        let claiming = (0..12).map(|seed| {
            let (config, user) = (config.clone(), owner.user.clone());
            async move { User::again(&config, user).await.claim(seed, key(1, 1), 0).await }
        });
        let lock = if first_has_expired { "SELECT FROM reservations FOR UPDATE" } else { SAME_KEY };
        let outcomes = race(&config, (lock, "ROLLBACK"), claiming).await;
        assert_eq!(outcomes.iter().filter(|outcome| is_reserved(outcome)).count(), 1, "{outcomes:?}");
        let waiting = ReserveOutcome::Earlier(EarlierRequest::InProgress);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == waiting).count(), 11, "{outcomes:?}");
        assert_eq!(owner.spent(0).await, before + 1);
    }
}

#[tokio::test]
async fn expired_rows_are_purged_by_the_next_reservation_and_by_maintenance() {
    let config = server::empty_database().await;
    let user = User::create(&config).await;
    let client = server::connect(&config).await;
    let rows =
        async || -> i64 { client.query_one("SELECT count(*) FROM reservations", &[]).await.unwrap().get(0) };
    user.claim(1, key(1, 1), 0).await;
    user.claim(2, key(2, 1), 0).await;
    user.take(3, 1, 0).await;
    user.deliver(1, Some("x"), 0).await;
    // The next reservation purges them, settled or not, with a key or without.
    user.claim(4, key(4, 1), RESPONSE).await;
    assert_eq!(rows().await, 1);
    // So does maintenance, and only what has expired.
    user.store.purge_reservations(after(RESPONSE + RESERVATION - 1)).await.unwrap();
    assert_eq!(rows().await, 1);
    user.store.purge_reservations(after(RESPONSE + RESERVATION)).await.unwrap();
    assert_eq!(rows().await, 0);
    user.take(5, 1, 0).await;
    user.store.purge_expired(after(RESERVATION)).await.unwrap();
    assert_eq!(rows().await, 0);
    // A deleted account's responses are deleted with it.
    user.claim(6, key(6, 1), 0).await;
    assert!(user.store.delete_user(&user.user, 1).await.unwrap());
    assert_eq!(rows().await, 0);
}

#[tokio::test]
async fn responses_are_in_no_write_ahead_log() {
    let config = server::empty_database().await;
    client::open(&config).await.make_ready().await.unwrap();
    let client = server::connect(&config).await;
    let unlogged = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relpersistence = 'u'";
    let rows = client.query(unlogged, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["reservations"]);
}
