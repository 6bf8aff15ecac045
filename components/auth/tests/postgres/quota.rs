//! Daily quotas in PostgreSQL.

use auth::metering::{
    day::Day,
    quota::{Limits, REFUNDS_PER_DAY},
    store::{ExtendOutcome, ReserveOutcome, SettleOutcome},
};
use auth_api::{Reason, Service, Settlement};

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
async fn the_first_answers_that_were_not_delivered_are_given_back_and_further_ones_are_paid() {
    let user = User::new().await;
    let failed = Settlement::NotDelivered { reason: Reason::UpstreamFailed, upstream_called: true };
    for _ in 0..REFUNDS_PER_DAY {
        user.take(1, 2, 0).await;
        assert_eq!(user.settle(1, &failed, 0).await, SettleOutcome::Settled);
    }
    assert_eq!(user.spent(0).await, 0);
    user.take(1, 2, 0).await;
    assert_eq!(user.settle(1, &failed, 0).await, SettleOutcome::NotRefunded);
    assert_eq!(user.settle(1, &failed, 0).await, SettleOutcome::Unknown, "once");
    assert_eq!(user.spent(0).await, 2);
    user.take(1, 2, 0).await;
    assert!(user.fail(1, Reason::Other, 0).await);
    assert_eq!(user.spent(0).await, 2, "an upstream that was not called costs nobody anything");
    let midnight = i64::from(Day::seconds_left(NOW));
    user.take(1, 2, midnight).await;
    assert_eq!(user.settle(1, &failed, midnight).await, SettleOutcome::Settled);
}

#[tokio::test]
async fn a_user_pays_for_what_was_used_and_never_for_more_than_was_reserved() {
    let user = User::new().await;
    let delivered = |amount| Settlement::Delivered { response: None, amount: Some(amount) };
    user.take(1, 1, 0).await;
    user.extend(1, 6, 0).await;
    assert_eq!(user.settle(1, &delivered(3), 0).await, SettleOutcome::Settled);
    assert_eq!(user.spent(0).await, 3);
    user.take(1, 2, 0).await;
    assert_eq!(user.settle(1, &delivered(600), 0).await, SettleOutcome::Settled);
    assert_eq!(user.spent(0).await, 5);
    let capped = User { limits: Limits { user: LIMIT, all_users: 6 }, ..user };
    assert_eq!(capped.take(2, 2, 0).await, ReserveOutcome::CeilingReached, "the total is five");
    assert_eq!(capped.take(2, 1, 0).await, reserved(6));
}

#[tokio::test]
async fn all_users_together_stop_at_the_ceiling_and_calls_in_vain_count() {
    let config = server::empty_database().await;
    let mut alice = User::create(&config).await;
    alice.limits.all_users = 7;
    let bob = alice.other(&config, 2).await;
    let in_vain = Settlement::NotDelivered { reason: Reason::Other, upstream_called: true };
    alice.take(1, 1, 0).await;
    assert_eq!(alice.settle(1, &in_vain, 0).await, SettleOutcome::Settled);
    bob.take(2, 1, 0).await;
    assert!(bob.fail(2, Reason::Other, 0).await, "not called");
    assert_eq!(bob.take(2, 1, 0).await, reserved(1));
    assert_eq!(bob.extend(2, 4, 0).await, ExtendOutcome::Extended { spent: 5 });
    assert_eq!(bob.extend(2, 2, 0).await, ExtendOutcome::CeilingReached);
    assert_eq!(alice.take(3, 1, 0).await, reserved(1));
    assert_eq!(alice.take(4, 1, 0).await, ReserveOutcome::CeilingReached);
    assert_eq!(alice.take(4, 11, 0).await, exhausted(1), "the own quota is named first");
    assert_eq!((alice.spent(0).await, bob.spent(0).await), (1, 5), "a refusal costs nothing");
    let midnight = i64::from(Day::seconds_left(NOW));
    assert_eq!(alice.take(5, 7, midnight).await, reserved(7));
    assert_eq!(bob.take(6, 8, midnight).await, ReserveOutcome::CeilingReached);
    let other_tool = User { service: Service::Ocr, ..alice };
    assert_eq!(other_tool.take(7, 1, 0).await, reserved(1));
}

#[tokio::test]
async fn parallel_users_never_exceed_the_ceiling() {
    let config = server::empty_database().await;
    let mut owner = User::create(&config).await;
    owner.limits.all_users = 8;
    owner.take(100, 1, 0).await;
    let mut users = Vec::new();
    for seed in 1..=12 {
        users.push((seed, owner.other(&config, seed + 1).await));
    }
    let taking = users.into_iter().map(|(seed, user)| async move {
        let outcome = user.take(seed, 2, 0).await;
        (matches!(outcome, ReserveOutcome::Reserved { .. }), user.spent(0).await)
    });
    let lock = ("SELECT FROM daily_totals FOR UPDATE", "ROLLBACK");
    let outcomes = race(&config, lock, taking).await;
    assert!(outcomes.iter().all(|(taken, spent)| *spent == if *taken { 2 } else { 0 }), "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|(taken, _)| *taken).count(), 3, "of 8, with one taken before");
    let client = server::connect(&config).await;
    let sums = "SELECT (SELECT sum(amount)::bigint FROM reservations), (SELECT spent FROM daily_totals)";
    let row = client.query_one(sums, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (7, 7), "a lost race leaves nothing");
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
