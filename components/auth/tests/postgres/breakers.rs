use auth::{
    breaker::{Admission, Policy, RETRY_WHILE_PROBING_SECONDS},
    postgres::PostgresStore,
    service::Service,
    store::BreakerStore,
    ticket::Ticket,
};
use web::UnixTime;

use crate::{
    client::{self, Native},
    server,
    users::{NOW, join_all},
};

const POLICY: Policy =
    Policy { failures: 3, window_seconds: 100, pause_seconds: 10, pause_seconds_max: 35, probe_seconds: 20 };

const fn ticket(seed: u8) -> Ticket {
    Ticket::from_random([seed; 16])
}

const fn open(retry_after_seconds: u32) -> Admission {
    Admission::Open { retry_after_seconds }
}

/// A store and a clock.
struct Breaker(PostgresStore<Native>);

impl Breaker {
    async fn admit(&self, seed: u8, seconds: i64) -> Admission {
        self.0.admit(Service::Llm, &ticket(seed), &POLICY, UnixTime(NOW.0 + seconds)).await.unwrap()
    }

    async fn fails(&self, seed: u8, seconds: i64) {
        let now = UnixTime(NOW.0 + seconds);
        self.0.upstream_failed(Service::Llm, &ticket(seed), &POLICY, now).await.unwrap();
    }

    async fn answers(&self, seed: u8) {
        self.0.upstream_answered(Service::Llm, &ticket(seed)).await.unwrap();
    }
}

#[tokio::test]
async fn it_opens_at_the_last_failure_of_a_row_and_closes_when_its_probe_succeeds() {
    let breaker = Breaker(client::fresh().await);
    assert_eq!(breaker.admit(1, 0).await, Admission::Closed);
    for second in 0..2 {
        breaker.fails(1, second).await;
        assert_eq!(breaker.admit(1, second).await, Admission::Closed);
    }
    breaker.fails(1, 2).await;
    assert_eq!(breaker.admit(1, 2).await, open(10));
    assert_eq!(breaker.admit(1, 11).await, open(1));
    assert_eq!(breaker.admit(1, 12).await, Admission::Probe);
    assert_eq!(breaker.admit(2, 12).await, open(RETRY_WHILE_PROBING_SECONDS));
    breaker.answers(2).await;
    assert_eq!(breaker.admit(2, 13).await, open(RETRY_WHILE_PROBING_SECONDS), "not the probe's word");
    breaker.answers(1).await;
    assert_eq!(breaker.admit(2, 13).await, Admission::Closed);
    let ocr = breaker.0.admit(Service::Ocr, &ticket(1), &POLICY, NOW).await.unwrap();
    assert_eq!(ocr, Admission::Closed);
}

#[tokio::test]
async fn a_success_or_a_long_time_ends_the_row() {
    let breaker = Breaker(client::fresh().await);
    breaker.fails(1, 0).await;
    breaker.fails(1, 0).await;
    breaker.answers(2).await;
    breaker.fails(1, 0).await;
    breaker.fails(1, 0).await;
    assert_eq!(breaker.admit(1, 0).await, Admission::Closed);
    breaker.fails(1, 100).await;
    breaker.fails(1, 199).await;
    assert_eq!(breaker.admit(1, 199).await, Admission::Closed);
    breaker.fails(1, 298).await;
    assert_eq!(breaker.admit(1, 298).await, open(10));
}

#[tokio::test]
async fn each_failed_probe_doubles_the_pause_up_to_the_limit() {
    let breaker = Breaker(client::fresh().await);
    for _ in 0..3 {
        breaker.fails(1, 0).await;
    }
    let mut now = 0;
    for (seed, pause) in (2..).zip([10, 20, 35, 35]) {
        assert_eq!(breaker.admit(seed, now).await, open(pause));
        now += i64::from(pause);
        assert_eq!(breaker.admit(seed, now).await, Admission::Probe);
        breaker.fails(99, now).await;
        breaker.fails(seed, now).await;
    }
}

#[tokio::test]
async fn a_probe_that_never_reports_loses_its_leave_and_its_say() {
    let breaker = Breaker(client::fresh().await);
    for _ in 0..3 {
        breaker.fails(1, 0).await;
    }
    assert_eq!(breaker.admit(2, 10).await, Admission::Probe);
    assert_eq!(breaker.admit(3, 29).await, open(RETRY_WHILE_PROBING_SECONDS));
    assert_eq!(breaker.admit(3, 30).await, Admission::Probe);
    breaker.answers(2).await;
    breaker.fails(2, 30).await;
    breaker.0.release_probe(Service::Llm, &ticket(2)).await.unwrap();
    assert_eq!(breaker.admit(4, 30).await, open(RETRY_WHILE_PROBING_SECONDS));
    breaker.0.release_probe(Service::Llm, &ticket(3)).await.unwrap();
    assert_eq!(breaker.admit(4, 30).await, Admission::Probe);
}

#[tokio::test]
async fn of_many_who_ask_at_once_exactly_one_is_the_probe() {
    let config = server::empty_database().await;
    let breaker = Breaker(PostgresStore::new(Native(server::connect(&config).await)));
    for _ in 0..3 {
        breaker.fails(1, 0).await;
    }
    let asking =
        (0..24).map(|seed| {
            let config = config.clone();
            async move {
                Breaker(PostgresStore::new(Native(server::connect(&config).await))).admit(seed, 10).await
            }
        });
    let admissions = join_all(asking).await;
    assert_eq!(admissions.iter().filter(|admission| **admission == Admission::Probe).count(), 1);
    let refused = open(RETRY_WHILE_PROBING_SECONDS);
    assert_eq!(admissions.iter().filter(|admission| **admission == refused).count(), 23, "{admissions:?}");
}

#[tokio::test]
async fn failures_reported_at_once_are_all_counted() {
    let config = server::empty_database().await;
    let breaker = Breaker(PostgresStore::new(Native(server::connect(&config).await)));
    assert_eq!(breaker.admit(1, 0).await, Admission::Closed);
    let failing = (0..3).map(|seed| {
        let config = config.clone();
        async move { Breaker(PostgresStore::new(Native(server::connect(&config).await))).fails(seed, 0).await }
    });
    join_all(failing).await;
    assert_eq!(breaker.admit(1, 0).await, open(10));
}
