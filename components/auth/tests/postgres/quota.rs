//! Daily quotas in PostgreSQL.

use auth::metering::{
    day::Day,
    store::{ExtendOutcome, ReserveOutcome},
};
use auth_api::{Reason, Service};

use crate::{
    metering::{LIMIT, User, key},
    parallel::race,
    server,
    users::NOW,
};

const fn reserved(spent: i64) -> ReserveOutcome {
    ReserveOutcome::Reserved { spent }
}

const fn exhausted(spent: i64) -> ReserveOutcome {
    ReserveOutcome::QuotaExhausted { spent }
}

#[tokio::test]
async fn reservations_stop_at_the_limit_and_are_whole_or_not_at_all() {
    let mut user = User::new().await;
    assert_eq!(user.take(1, 11, 0).await, exhausted(0));
    assert_eq!(user.take(2, 7, 0).await, reserved(7));
    assert_eq!(user.take(3, 4, 0).await, exhausted(7));
    assert_eq!(user.take(4, 3, 0).await, reserved(10));
    assert_eq!(user.spent(0).await, 10);
    user.service = Service::Ocr;
    assert_eq!(user.spent(0).await, 0);
}

#[tokio::test]
async fn a_settlement_gives_back_what_was_reserved_and_extended_once() {
    let user = User::new().await;
    user.take(1, 4, 0).await;
    user.take(2, 1, 0).await;
    assert_eq!(user.extend(1, 5, 0).await, ExtendOutcome::Extended { spent: 10 });
    assert!(user.fail(1, Reason::Other, 0).await);
    assert_eq!(user.spent(0).await, 1);
    assert!(!user.fail(1, Reason::UpstreamFailed, 0).await && !user.deliver(1, None, 0).await);
    assert!(!user.fail(9, Reason::Other, 0).await, "never reserved");
    assert_eq!(user.spent(0).await, 1);
    assert!(user.deliver(2, None, 0).await);
    assert!(!user.fail(2, Reason::Other, 0).await);
    assert_eq!(user.spent(0).await, 1);
}

#[tokio::test]
async fn an_extension_stops_at_the_limit_and_needs_a_live_reservation_of_the_service() {
    let mut user = User::new().await;
    user.service = Service::Ocr;
    user.take(1, 1, 0).await;
    assert_eq!(user.extend(1, 8, 0).await, ExtendOutcome::Extended { spent: 9 });
    assert_eq!(user.extend(1, 2, 0).await, ExtendOutcome::QuotaExhausted { spent: 9 });
    assert_eq!(user.extend(1, 1, 0).await, ExtendOutcome::Extended { spent: 10 });
    assert_eq!(user.extend(2, 1, 0).await, ExtendOutcome::Unknown);
    let end = i64::from(Service::Ocr.reservation_seconds_max());
    assert_eq!(user.extend(1, 1, end).await, ExtendOutcome::Unknown);
    user.service = Service::Llm;
    assert_eq!(user.extend(1, 1, 0).await, ExtendOutcome::Unknown);
}

#[tokio::test]
async fn an_expired_reservation_cannot_be_settled_and_stays_spent() {
    let user = User::new().await;
    user.take(1, 3, 0).await;
    let end = i64::from(Service::Llm.reservation_seconds_max());
    assert!(!user.fail(1, Reason::Other, end).await && !user.deliver(1, None, end).await);
    assert_eq!(user.spent(0).await, 3);
    assert!(user.fail(1, Reason::Other, end - 1).await);
}

#[tokio::test]
async fn midnight_utc_starts_a_new_quota_and_each_day_gets_its_own_back() {
    let user = User::new().await;
    let midnight = i64::from(Day::seconds_left(NOW));
    assert_eq!(user.take(1, 10, midnight - 1).await, reserved(10));
    assert_eq!(user.take(2, 6, midnight).await, reserved(6));
    assert!(user.fail(1, Reason::Other, midnight).await);
    assert_eq!((user.spent(0).await, user.spent(midnight).await), (0, 6));
}

#[tokio::test]
async fn parallel_reservations_and_extensions_never_exceed_the_limit() {
    let config = server::empty_database().await;
    let owner = User::create(&config).await;
    owner.take(100, 1, 0).await;
    let taking = (0..12).map(|seed| {
        let (config, user) = (config.clone(), owner.user.clone());
        async move {
            let user = User::again(&config, user).await;
            if seed % 3 == 0 {
                return matches!(user.extend(100, 2, 0).await, ExtendOutcome::Extended { .. });
            }
            matches!(user.take(seed, 2, 0).await, ReserveOutcome::Reserved { .. })
        }
    });
    let lock = ("SELECT FROM daily_spending FOR UPDATE", "ROLLBACK");
    let taken = race(&config, lock, taking).await.into_iter().filter(|taken| *taken).count();
    assert_eq!((taken, owner.spent(0).await), (4, 9), "of {LIMIT}");
    let client = server::connect(&config).await;
    let held: i64 =
        client.query_one("SELECT sum(amount)::bigint FROM reservations", &[]).await.unwrap().get(0);
    assert_eq!(held, 9, "a lost race leaves no reservation");
}

#[tokio::test]
async fn of_parallel_settlements_exactly_one_counts() {
    let config = server::empty_database().await;
    let owner = User::create(&config).await;
    owner.claim(1, key(1, 1), 0).await;
    owner.take(2, 4, 0).await;
    let settling = (0..12).map(|seed| {
        let (config, user) = (config.clone(), owner.user.clone());
        async move {
            let user = User::again(&config, user).await;
            let (delivered, settled) = match seed % 4 {
                0 => (false, user.fail(1, Reason::UpstreamFailed, 0).await),
                1 => (false, user.fail(1, Reason::Other, 0).await),
                2 => (true, user.deliver(1, Some("x"), 0).await),
                _ => (true, user.deliver(1, None, 0).await),
            };
            settled.then_some(delivered)
        }
    });
    let lock = ("SELECT FROM reservations FOR UPDATE", "ROLLBACK");
    let outcomes = race(&config, lock, settling).await;
    let settled: Vec<bool> = outcomes.into_iter().flatten().collect();
    let expected = if settled == [true] { 5 } else { 4 };
    assert_eq!((settled.len(), owner.spent(0).await), (1, expected));
}
