use auth::{
    postgres::PostgresStore,
    service::{Day, Service},
    store::{QuotaStore, Spending},
    user::{StoredUser, UserId},
};
use web::UnixTime;

use crate::{
    client::{self, Native},
    server,
    users::{NOW, join_all, registered},
};

const fn spending(user: &UserId, amount: i64) -> Spending<'_> {
    Spending { user, service: Service::Ocr, day: Day::of(NOW), amount }
}

#[tokio::test]
async fn spending_stops_at_the_limit_and_takes_all_or_nothing() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    assert_eq!(store.spend(spending(&user.id, 11), 10).await, Ok(None));
    assert_eq!(store.spend(spending(&user.id, 7), 10).await, Ok(Some(7)));
    assert_eq!(store.spend(spending(&user.id, 4), 10).await, Ok(None));
    assert_eq!(store.spend(spending(&user.id, 3), 10).await, Ok(Some(10)));
    assert_eq!(store.spent(&user.id, Service::Ocr, Day::of(NOW)).await, Ok(10));
    assert_eq!(store.spent(&user.id, Service::Llm, Day::of(NOW)).await, Ok(0));
}

#[tokio::test]
async fn no_more_is_given_back_than_was_spent() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    assert_eq!(store.refund(spending(&user.id, 5)).await, Ok(0));
    assert_eq!(store.spend(spending(&user.id, 4), 10).await, Ok(Some(4)));
    assert_eq!(store.refund(spending(&user.id, 1)).await, Ok(3));
    assert_eq!(store.refund(spending(&user.id, 9)).await, Ok(0));
    assert_eq!(store.spend(spending(&user.id, 10), 10).await, Ok(Some(10)));
}

#[tokio::test]
async fn midnight_utc_starts_a_new_quota() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    assert_eq!(store.spend(spending(&user.id, 10), 10).await, Ok(Some(10)));
    let tomorrow = Day::of(UnixTime(NOW.0 + Day::seconds_left(NOW)));
    let next = Spending { day: tomorrow, ..spending(&user.id, 10) };
    assert_eq!(store.spend(next, 10).await, Ok(Some(10)));
}

#[tokio::test]
async fn parallel_spending_never_exceeds_the_limit() {
    let config = server::empty_database().await;
    let store = PostgresStore::new(Native(server::connect(&config).await));
    let StoredUser { id, .. } = registered(&store, 1, "alice").await;
    let spends = (0..20).map(|_| {
        let (config, id) = (config.clone(), id.clone());
        async move {
            let store = PostgresStore::new(Native(server::connect(&config).await));
            store.spend(spending(&id, 3), 10).await.unwrap()
        }
    });
    let mut sums: Vec<i64> = join_all(spends).await.into_iter().flatten().collect();
    sums.sort_unstable();
    assert_eq!(sums, [3, 6, 9]);
}
