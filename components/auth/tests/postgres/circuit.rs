//! The circuit breaker in PostgreSQL.

use auth::metering::{
    circuit::{
        FAILURES_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX, RETRY_WHILE_PROBING_SECONDS, WINDOW_SECONDS,
        probe_seconds,
    },
    store::ReserveOutcome,
};
use auth_api::{Reason, Service};

use crate::{metering::User, parallel::race, server};

const PAUSE: i64 = PAUSE_SECONDS as i64;
const WINDOW: i64 = WINDOW_SECONDS as i64;
const PROBING: ReserveOutcome = open(RETRY_WHILE_PROBING_SECONDS);

const fn open(retry_after_seconds: u32) -> ReserveOutcome {
    ReserveOutcome::CircuitOpen { retry_after_seconds }
}

impl User {
    /// Whether one more passes; if so it is settled in a way that the circuit does not count.
    async fn is_closed(&self, seconds: i64) -> bool {
        let passed = self.passes(200, seconds).await;
        passed && self.fail(200, Reason::Other, seconds).await
    }

    async fn passes(&self, seed: u8, seconds: i64) -> bool {
        matches!(self.take(seed, 1, seconds).await, ReserveOutcome::Reserved { .. })
    }

    /// Some failures of the upstream at the same time.
    async fn failures(&self, count: u32, seconds: i64) {
        for _ in 0..count {
            assert!(self.passes(201, seconds).await && self.fail(201, Reason::UpstreamFailed, seconds).await);
        }
    }

    /// With an open circuit.
    async fn opened() -> Self {
        let user = Self::new().await;
        user.failures(FAILURES_MAX, 0).await;
        user
    }
}

#[tokio::test]
async fn it_opens_at_the_last_failure_of_a_row_and_closes_when_its_probe_succeeds() {
    let mut user = User::new().await;
    user.failures(FAILURES_MAX - 1, 0).await;
    assert!(user.is_closed(0).await);
    // Begun before it opens.
    assert!(user.passes(1, 1).await && user.passes(2, 1).await && user.passes(6, 1).await);
    user.failures(1, 2).await;
    assert_eq!(user.take(3, 1, 2).await, open(PAUSE_SECONDS));
    assert_eq!(user.take(3, 1, 1 + PAUSE).await, open(1));
    assert!(user.deliver(1, None, 3).await && user.fail(2, Reason::UpstreamFailed, 3).await);
    assert_eq!(user.take(3, 1, 3).await, open(PAUSE_SECONDS - 1), "not the probe's settlements");
    assert_eq!(user.spent(0).await, 2, "a refused reservation costs nothing");
    assert!(user.passes(4, 2 + PAUSE).await);
    assert!(user.fail(6, Reason::Other, 2 + PAUSE).await);
    assert_eq!(user.take(5, 1, 2 + PAUSE).await, PROBING, "not the probe's settlement");
    assert!(user.deliver(4, None, 3 + PAUSE).await);
    assert!(user.is_closed(3 + PAUSE).await);
    user.service = Service::Ocr;
    assert!(user.is_closed(2).await);
}

#[tokio::test]
async fn a_success_or_a_long_time_ends_the_row() {
    let user = User::new().await;
    user.failures(FAILURES_MAX - 1, 0).await;
    assert!(user.passes(1, 0).await && user.deliver(1, None, 0).await);
    user.failures(FAILURES_MAX - 1, 0).await;
    assert!(user.is_closed(0).await);
    user.failures(FAILURES_MAX - 1, WINDOW).await;
    user.failures(1, 2 * WINDOW).await;
    assert!(user.is_closed(2 * WINDOW).await);
    user.failures(FAILURES_MAX - 1, 3 * WINDOW - 1).await;
    assert_eq!(user.take(1, 1, 3 * WINDOW - 1).await, open(PAUSE_SECONDS));
}

#[tokio::test]
async fn each_failed_probe_doubles_the_pause_up_to_the_limit() {
    let user = User::opened().await;
    let mut now = 0;
    let mut pause = PAUSE_SECONDS;
    for _ in 0..6 {
        assert_eq!(user.take(1, 1, now).await, open(pause));
        now += i64::from(pause);
        user.failures(1, now).await;
        pause = (2 * pause).min(PAUSE_SECONDS_MAX);
    }
    assert_eq!(pause, PAUSE_SECONDS_MAX);
}

#[tokio::test]
async fn a_probe_that_never_settles_is_replaced_and_does_not_decide_later() {
    let mut user = User::new().await;
    user.service = Service::Ocr;
    user.failures(FAILURES_MAX, 0).await;
    let end = PAUSE + i64::from(probe_seconds(Service::Ocr));
    assert!(user.passes(1, PAUSE).await);
    assert_eq!(user.take(2, 1, end - 1).await, PROBING);
    assert!(user.passes(2, end).await);
    assert!(user.fail(1, Reason::UpstreamFailed, end).await);
    assert_eq!(user.take(3, 1, end).await, PROBING);
    assert!(user.fail(2, Reason::Other, end).await, "without a result");
    assert!(user.passes(3, end).await && user.deliver(3, None, end).await);
    assert!(user.is_closed(end).await);
}

#[tokio::test]
async fn an_exhausted_quota_leaves_the_circuit_half_open() {
    let user = User::opened().await;
    assert_eq!(user.take(1, 11, PAUSE).await, ReserveOutcome::QuotaExhausted { spent: 0 });
    assert!(user.passes(2, PAUSE).await);
}

#[tokio::test]
async fn a_probe_that_loses_the_last_of_the_quota_leaves_the_circuit_half_open() {
    let config = server::empty_database().await;
    let owner = User::create(&config).await;
    assert!(owner.passes(1, 0).await);
    owner.failures(FAILURES_MAX, 0).await;
    let taking = std::iter::once((config.clone(), owner.user.clone()))
        .map(async |(config, user)| User::again(&config, user).await.take(2, 9, PAUSE).await);
    let meanwhile = ("UPDATE daily_spending SET spent = spent + 1", "COMMIT");
    assert_eq!(race(&config, meanwhile, taking).await, [ReserveOutcome::QuotaExhausted { spent: 2 }]);
    assert!(owner.passes(3, PAUSE).await);
}

#[tokio::test]
async fn of_parallel_reservations_at_a_half_open_circuit_exactly_one_is_the_probe() {
    let config = server::empty_database().await;
    let owner = User::create(&config).await;
    owner.failures(FAILURES_MAX, 0).await;
    let asking = (0..12).map(|seed| {
        let (config, user) = (config.clone(), owner.user.clone());
        async move { User::again(&config, user).await.take(seed, 1, PAUSE).await }
    });
    let outcomes = race(&config, ("SELECT FROM breakers FOR UPDATE", "ROLLBACK"), asking).await;
    let reserved = ReserveOutcome::Reserved { spent: 1 };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == reserved).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == PROBING).count(), 11, "{outcomes:?}");
    assert_eq!(owner.spent(0).await, 1);
}

#[tokio::test]
async fn parallel_failures_are_all_counted() {
    let config = server::empty_database().await;
    let owner = User::create(&config).await;
    let seeds = 0..u8::try_from(FAILURES_MAX).unwrap();
    for seed in seeds.clone() {
        assert!(owner.passes(seed, 0).await);
    }
    let failing = seeds.map(|seed| {
        let (config, user) = (config.clone(), owner.user.clone());
        async move { User::again(&config, user).await.fail(seed, Reason::UpstreamFailed, 0).await }
    });
    let lock =
        "INSERT INTO breakers (service, failures, failed_at, pause_seconds) VALUES ('llm', 1, now(), 1)";
    assert!(race(&config, (lock, "ROLLBACK"), failing).await.into_iter().all(|settled| settled));
    assert_eq!(owner.take(100, 1, 0).await, open(PAUSE_SECONDS));
}
