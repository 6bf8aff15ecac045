use auth::{
    postgres::PostgresStore,
    session::{NewSession, SessionLine, SessionToken, TokenHash},
    store::{Maintenance, SESSIONS_LISTED_MAX, SessionStore},
    user::StoredUser,
};
use web::UnixTime;

use crate::{
    client::{self, Native},
    users::{NOW, registered},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

async fn signed_in(seed: u8, store: &PostgresStore<Native>, user: &StoredUser, at: UnixTime) -> TokenHash {
    let session = NewSession::new(&SessionToken::from_random([seed; 32]), &format!("Browser {seed}"), at);
    assert!(store.start_session(user, &session, None).await.unwrap());
    session.token_hash
}

async fn is_valid(store: &PostgresStore<Native>, token: &TokenHash, seconds: i64) -> bool {
    store.use_session(token, UnixTime(NOW.0 + seconds)).await.unwrap().is_some()
}

#[tokio::test]
async fn an_unused_session_ends_after_thirty_minutes() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let token = signed_in(1, &store, &user, NOW).await;
    assert!(is_valid(&store, &token, 0).await);
    assert!(!is_valid(&store, &token, 30 * MINUTE).await);
    assert!(is_valid(&store, &token, 30 * MINUTE - 1).await);
    assert!(is_valid(&store, &token, 59 * MINUTE).await, "use prolongs it");
}

#[tokio::test]
async fn a_used_session_ends_after_twelve_hours() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let token = signed_in(1, &store, &user, NOW).await;
    let mut at = 0;
    while at < 12 * HOUR {
        assert!(is_valid(&store, &token, at).await, "{at}");
        at += 29 * MINUTE;
    }
    assert!(is_valid(&store, &token, 12 * HOUR - 1).await);
    assert!(!is_valid(&store, &token, 12 * HOUR).await);
}

#[tokio::test]
async fn signing_in_again_ends_the_browsers_former_session() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let former = signed_in(1, &store, &user, NOW).await;
    let other_browser = signed_in(2, &store, &user, NOW).await;
    let session = NewSession::new(&SessionToken::from_random([3; 32]), "", NOW);
    assert!(store.start_session(&user, &session, Some(&former)).await.unwrap());
    assert!(!is_valid(&store, &former, 0).await);
    assert!(is_valid(&store, &other_browser, 0).await);
    assert!(is_valid(&store, &session.token_hash, 0).await);
}

#[tokio::test]
async fn users_see_and_end_their_own_sessions_only() {
    let store = client::fresh().await;
    let alice = registered(&store, 1, "alice").await;
    let bob = registered(&store, 2, "bob").await;
    let first = signed_in(1, &store, &alice, NOW).await;
    let second = signed_in(2, &store, &alice, UnixTime(NOW.0 + 10)).await;
    let of_bob = signed_in(3, &store, &bob, NOW).await;

    let lines = listed(&store, &first).await;
    let agents: Vec<&str> = lines.iter().map(|line| line.user_agent.as_str()).collect();
    assert_eq!(agents, ["Browser 1", "Browser 2"], "the present one first");
    assert_eq!(lines[0].started, NOW);

    store.end_session_of(&alice.id, &of_bob.handle()).await.unwrap();
    assert!(is_valid(&store, &of_bob, 0).await, "another user's session");
    store.end_session_of(&alice.id, &first.handle()).await.unwrap();
    assert!(!is_valid(&store, &first, 0).await);

    let third = signed_in(4, &store, &alice, NOW).await;
    store.end_other_sessions(&alice.id, &third).await.unwrap();
    assert!(!is_valid(&store, &second, 0).await);
    assert!(is_valid(&store, &third, 0).await && is_valid(&store, &of_bob, 0).await);
    store.end_session(&third).await.unwrap();
    assert!(!is_valid(&store, &third, 0).await);
}

async fn listed(store: &PostgresStore<Native>, current: &TokenHash) -> Vec<SessionLine> {
    let session = store.use_session(current, NOW).await.unwrap().unwrap();
    store.list_sessions(&session, NOW).await.unwrap()
}

#[tokio::test]
async fn of_more_sessions_than_are_listed_the_present_one_is_the_first() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let oldest = signed_in(1, &store, &user, UnixTime(NOW.0 - MINUTE)).await;
    let newer = SESSIONS_LISTED_MAX + 5;
    for seed in 0..newer {
        signed_in(u8::try_from(seed + 10).unwrap(), &store, &user, UnixTime(NOW.0 + seed)).await;
    }
    let lines = listed(&store, &oldest).await;
    assert_eq!(i64::try_from(lines.len()), Ok(SESSIONS_LISTED_MAX));
    assert_eq!(lines[0].handle, oldest.handle());
    assert_eq!(lines[1].user_agent, format!("Browser {}", newer + 9), "then the last used");
}

#[tokio::test]
async fn a_purge_deletes_ended_sessions_only() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let old = signed_in(1, &store, &user, UnixTime(NOW.0 - 13 * HOUR)).await;
    let current = signed_in(2, &store, &user, NOW).await;
    store.purge_expired(NOW).await.unwrap();
    assert!(is_valid(&store, &current, 0).await);
    // At an earlier time it would still be valid, if the row existed.
    assert!(!is_valid(&store, &old, -13 * HOUR).await);
}
