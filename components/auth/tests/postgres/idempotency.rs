use auth::{
    idempotency::{Found, KEPT_SECONDS, RUNNING_SECONDS_MAX, RequestKey},
    postgres::PostgresStore,
    service::Service,
    store::{IdempotencyStore, Maintenance, UserStore},
    ticket::Ticket,
    user::UserId,
};
use web::UnixTime;

use crate::{
    client::{self, Native},
    server,
    users::{NOW, join_all, registered},
};

const fn ticket(seed: u8) -> Ticket {
    Ticket::from_random([seed; 16])
}

const fn key(user: &UserId, key: u8, asked: u8) -> RequestKey<'_> {
    RequestKey { user, service: Service::Llm, key_hash: [key; 32], request_hash: [asked; 32] }
}

const fn after(seconds: i64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

#[tokio::test]
async fn a_key_is_claimed_once_answered_once_and_recalled_until_its_time() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await.id;
    let asked = key(&user, 1, 1);
    assert_eq!(store.recall(&asked, NOW).await, Ok(Found::Nothing));
    assert_eq!(store.claim(&asked, &ticket(1), NOW).await, Ok(true));
    assert_eq!(store.claim(&asked, &ticket(2), NOW).await, Ok(false));
    assert_eq!(store.recall(&asked, NOW).await, Ok(Found::Running));
    assert_eq!(store.recall(&key(&user, 1, 2), NOW).await, Ok(Found::AnotherRequest));
    assert_eq!(store.recall(&key(&user, 2, 1), NOW).await, Ok(Found::Nothing));
    let other_tool = RequestKey { service: Service::Ocr, ..asked };
    assert_eq!(store.recall(&other_tool, NOW).await, Ok(Found::Nothing));

    store.keep_answer(&ticket(2), "of nobody", NOW).await.unwrap();
    let answer = "{\"text\":\"é \\u0000 '; DROP TABLE users; --\"}";
    store.keep_answer(&ticket(1), answer, after(50)).await.unwrap();
    store.keep_answer(&ticket(1), "a second one", after(50)).await.unwrap();
    store.free_key(&ticket(1)).await.unwrap();
    let last = after(50 + KEPT_SECONDS - 1);
    assert_eq!(store.recall(&asked, last).await, Ok(Found::Answered(answer.to_owned())));
    assert_eq!(store.claim(&asked, &ticket(3), last).await, Ok(false));
    let over = after(50 + KEPT_SECONDS);
    assert_eq!(store.recall(&asked, over).await, Ok(Found::Nothing));
    assert_eq!(store.claim(&key(&user, 1, 2), &ticket(3), over).await, Ok(true));
    assert_eq!(store.recall(&key(&user, 1, 2), over).await, Ok(Found::Running), "nothing of the old answer");
}

#[tokio::test]
async fn a_failure_or_a_death_frees_the_key_and_the_late_are_not_heard() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await.id;
    let asked = key(&user, 1, 1);
    assert_eq!(store.claim(&asked, &ticket(1), NOW).await, Ok(true));
    store.free_key(&ticket(1)).await.unwrap();
    assert_eq!(store.claim(&asked, &ticket(2), NOW).await, Ok(true));
    assert_eq!(store.claim(&asked, &ticket(3), after(RUNNING_SECONDS_MAX - 1)).await, Ok(false));
    assert_eq!(store.claim(&asked, &ticket(3), after(RUNNING_SECONDS_MAX)).await, Ok(true));
    store.keep_answer(&ticket(2), "late", after(RUNNING_SECONDS_MAX)).await.unwrap();
    store.free_key(&ticket(2)).await.unwrap();
    assert_eq!(store.recall(&asked, after(RUNNING_SECONDS_MAX)).await, Ok(Found::Running));
}

#[tokio::test]
async fn of_many_who_send_it_at_once_exactly_one_claims() {
    for first_has_ended in [false, true] {
        let config = server::empty_database().await;
        let store = PostgresStore::new(Native(server::connect(&config).await));
        let user = registered(&store, 1, "alice").await.id;
        if first_has_ended {
            assert_eq!(store.claim(&key(&user, 1, 1), &ticket(99), after(-1000)).await, Ok(true));
        }
        let claiming = (0..24).map(|seed| {
            let (config, user) = (config.clone(), user.clone());
            async move {
                let store = PostgresStore::new(Native(server::connect(&config).await));
                store.claim(&key(&user, 1, 1), &ticket(seed), NOW).await.unwrap()
            }
        });
        let claims = join_all(claiming).await;
        assert_eq!(claims.iter().filter(|claimed| **claimed).count(), 1, "{first_has_ended}");
    }
}

#[tokio::test]
async fn what_is_over_is_deleted_by_whoever_comes_by() {
    let config = server::empty_database().await;
    let store = PostgresStore::new(Native(server::connect(&config).await));
    let user = registered(&store, 1, "alice").await.id;
    let client = server::connect(&config).await;
    let held = async || -> i64 {
        client.query_one("SELECT count(*) FROM idempotency_keys", &[]).await.unwrap().get(0)
    };
    let claim = async |seed: u8, now| store.claim(&key(&user, seed, 1), &ticket(seed), now).await.unwrap();
    assert!(claim(1, NOW).await && claim(2, NOW).await);
    store.keep_answer(&ticket(1), "x", NOW).await.unwrap();
    // The next question takes them out, one that runs as well as one that is answered.
    let over = after(KEPT_SECONDS);
    assert!(claim(3, over).await);
    assert_eq!(held().await, 1);
    // So do the readiness check and the sweep, and none takes what is not over.
    store.forget_answers(after(KEPT_SECONDS + RUNNING_SECONDS_MAX - 1)).await.unwrap();
    assert_eq!(held().await, 1);
    store.forget_answers(after(KEPT_SECONDS + RUNNING_SECONDS_MAX)).await.unwrap();
    assert_eq!(held().await, 0);
    assert!(claim(4, NOW).await);
    store.purge_expired(after(RUNNING_SECONDS_MAX)).await.unwrap();
    assert_eq!(held().await, 0);
    // And an account takes its answers with it.
    assert!(claim(5, NOW).await);
    assert!(store.delete_user(&user, 1).await.unwrap());
    assert_eq!(held().await, 0);
}

#[tokio::test]
async fn answers_are_in_no_log_of_the_server() {
    let config = server::empty_database().await;
    let store = PostgresStore::new(Native(server::connect(&config).await));
    store.make_ready().await.unwrap();
    let client = server::connect(&config).await;
    let unlogged = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relpersistence = 'u'";
    let rows = client.query(unlogged, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["idempotency_keys"]);
}
