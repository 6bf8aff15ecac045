//! The circuit breaker in PostgreSQL.

use std::cell::Cell;

use auth::metering::{
    circuit::{
        FAILED_USERS_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX, RETRY_WHILE_PROBING_SECONDS, WINDOW_SECONDS,
        probe_seconds,
    },
    store::ReserveOutcome,
};
use auth_api::{Reason, Service};
use tokio_postgres::Config;

use crate::{
    metering::{User, after},
    parallel::race,
    server,
};

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

    /// The upstream fails once for this user.
    async fn fails(&self, seconds: i64) {
        assert!(self.passes(201, seconds).await && self.fail(201, Reason::UpstreamFailed, seconds).await);
    }
}

/// A user for whom nothing fails, and others for whom the upstream does.
struct Site {
    config: Config,
    user: User,
    others: Cell<u8>,
}

impl Site {
    async fn new(service: Service) -> Self {
        let config = server::empty_database().await;
        let user = User { service, ..User::create(&config).await };
        Self { config, user, others: Cell::new(1) }
    }

    /// A new user.
    async fn another(&self) -> User {
        self.others.set(self.others.get() + 1);
        self.user.other(&self.config, self.others.get()).await
    }

    /// The upstream fails once for each of some new users.
    async fn failures(&self, users: u32, seconds: i64) {
        for _ in 0..users {
            self.another().await.fails(seconds).await;
        }
    }

    /// With an open circuit.
    async fn opened() -> Self {
        let site = Self::new(Service::Llm).await;
        site.failures(FAILED_USERS_MAX, 0).await;
        site
    }
}

#[tokio::test]
async fn failures_for_one_user_open_it_for_nobody() {
    let site = Site::new(Service::Llm).await;
    for _ in 0..4 * FAILED_USERS_MAX {
        site.user.fails(0).await;
    }
    site.failures(FAILED_USERS_MAX - 2, 1).await;
    site.user.fails(1).await;
    assert!(site.another().await.is_closed(1).await);
    site.failures(1, 1).await;
    assert_eq!(site.another().await.take(1, 1, 1).await, open(PAUSE_SECONDS));
}

#[tokio::test]
async fn a_user_whose_failure_opened_it_probes_after_everybody_else() {
    let site = Site::new(Service::Llm).await;
    site.user.fails(0).await;
    site.failures(FAILED_USERS_MAX - 1, 0).await;
    assert_eq!(site.user.take(1, 1, PAUSE).await, open(PAUSE_SECONDS));
    let other = site.another().await;
    other.fails(PAUSE).await;
    assert_eq!(other.take(1, 1, PAUSE).await, open(4 * PAUSE_SECONDS), "a failed probe is a failure, too");
    let later = 5 * PAUSE;
    assert!(site.user.passes(1, later).await && site.user.deliver(1, None, later).await);
    assert!(other.is_closed(later).await);
}

#[tokio::test]
async fn a_row_of_failures_that_an_older_version_wrote_is_counted_anew() {
    let site = Site::new(Service::Llm).await;
    let client = server::connect(&site.config).await;
    let older = "INSERT INTO breakers (service, failures, failed_at, pause_seconds)
        VALUES ('llm', 4, to_timestamp($1::bigint::double precision), 30)";
    client.execute(older, &[&after(0).0]).await.unwrap();
    site.failures(FAILED_USERS_MAX - 1, 1).await;
    assert!(site.user.is_closed(1).await);
    let failures: i64 = client.query_one("SELECT failures FROM breakers", &[]).await.unwrap().get(0);
    assert_eq!(failures, i64::from(FAILED_USERS_MAX) - 1, "for the older version");
    site.failures(1, 1).await;
    assert_eq!(site.user.take(1, 1, 1).await, open(PAUSE_SECONDS));
}

#[tokio::test]
async fn it_opens_at_the_last_failure_of_a_row_and_closes_when_its_probe_succeeds() {
    let site = Site::new(Service::Llm).await;
    let user = &site.user;
    site.failures(FAILED_USERS_MAX - 1, 0).await;
    assert!(user.is_closed(0).await);
    // Begun before it opens.
    assert!(user.passes(1, 1).await && user.passes(2, 1).await && user.passes(6, 1).await);
    site.failures(1, 2).await;
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
    let other_tool = User { service: Service::Ocr, ..site.another().await };
    assert!(other_tool.is_closed(2).await);
}

#[tokio::test]
async fn a_success_or_a_long_time_ends_the_row() {
    let site = Site::new(Service::Llm).await;
    let user = &site.user;
    site.failures(FAILED_USERS_MAX - 1, 0).await;
    assert!(user.passes(1, 0).await && user.deliver(1, None, 0).await);
    site.failures(FAILED_USERS_MAX - 1, 0).await;
    assert!(user.is_closed(0).await);
    site.failures(FAILED_USERS_MAX - 1, WINDOW).await;
    site.failures(1, 2 * WINDOW).await;
    assert!(user.is_closed(2 * WINDOW).await);
    site.failures(FAILED_USERS_MAX - 1, 3 * WINDOW - 1).await;
    assert_eq!(user.take(1, 1, 3 * WINDOW - 1).await, open(PAUSE_SECONDS));
}

#[tokio::test]
async fn each_failed_probe_doubles_the_pause_up_to_the_limit() {
    let site = Site::opened().await;
    let mut now = 0;
    let mut pause = PAUSE_SECONDS;
    for _ in 0..6 {
        assert_eq!(site.user.take(1, 1, now).await, open(pause));
        now += i64::from(pause);
        site.failures(1, now).await;
        pause = (2 * pause).min(PAUSE_SECONDS_MAX);
    }
    assert_eq!(pause, PAUSE_SECONDS_MAX);
}

#[tokio::test]
async fn a_probe_that_never_settles_is_replaced_and_does_not_decide_later() {
    let site = Site::new(Service::Ocr).await;
    let user = &site.user;
    site.failures(FAILED_USERS_MAX, 0).await;
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
    let site = Site::opened().await;
    let user = &site.user;
    assert_eq!(user.take(1, 11, PAUSE).await, ReserveOutcome::QuotaExhausted { spent: 0 });
    assert!(user.passes(2, PAUSE).await);
}

#[tokio::test]
async fn a_probe_that_loses_the_last_of_the_quota_leaves_the_circuit_half_open() {
    let site = Site::new(Service::Llm).await;
    let (config, owner) = (&site.config, &site.user);
    assert!(owner.passes(1, 0).await);
    site.failures(FAILED_USERS_MAX, 0).await;
    let taking = std::iter::once((config.clone(), owner.user.clone()))
        .map(async |(config, user)| User::again(&config, user).await.take(2, 9, PAUSE).await);
    let meanwhile = ("UPDATE daily_spending SET spent = spent + 1", "COMMIT");
    assert_eq!(race(config, meanwhile, taking).await, [ReserveOutcome::QuotaExhausted { spent: 2 }]);
    assert!(owner.passes(3, PAUSE).await);
}

#[tokio::test]
async fn of_parallel_reservations_at_a_half_open_circuit_exactly_one_is_the_probe() {
    let site = Site::opened().await;
    let (config, owner) = (&site.config, &site.user);
    let asking = (0..12).map(|seed| {
        let (config, user) = (config.clone(), owner.user.clone());
        async move { User::again(&config, user).await.take(seed, 1, PAUSE).await }
    });
    let outcomes = race(config, ("SELECT FROM breakers FOR UPDATE", "ROLLBACK"), asking).await;
    let reserved = ReserveOutcome::Reserved { spent: 1 };
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == reserved).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == PROBING).count(), 11, "{outcomes:?}");
    assert_eq!(owner.spent(0).await, 1);
}

#[tokio::test]
async fn parallel_failures_are_all_counted() {
    let site = Site::new(Service::Llm).await;
    let mut users = Vec::new();
    for seed in 0..u8::try_from(FAILED_USERS_MAX).unwrap() {
        let user = site.another().await;
        assert!(user.passes(seed, 0).await);
        users.push((seed, user));
    }
    let failing =
        users.into_iter().map(|(seed, user)| async move { user.fail(seed, Reason::UpstreamFailed, 0).await });
    let lock =
        "INSERT INTO breakers (service, failures, failed_at, pause_seconds) VALUES ('llm', 1, now(), 1)";
    assert!(race(&site.config, (lock, "ROLLBACK"), failing).await.into_iter().all(|settled| settled));
    assert_eq!(site.user.take(100, 1, 0).await, open(PAUSE_SECONDS));
}
