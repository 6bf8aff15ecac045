use auth::{
    password::TypedPassword,
    password_hash::PasswordHash,
    session::{NewSession, SessionToken},
    store::{InsertError, PasswordChange, SessionStore, UserStore},
    user::{NewUser, StoredUser, UserId},
    username::Username,
};
use web::UnixTime;

use crate::{client, parallel::join_all};

pub(crate) const NOW: UnixTime = UnixTime(1_795_000_000);

pub(crate) fn user(seed: u8, name: &str) -> NewUser {
    NewUser {
        id: UserId::from_random([seed; 16]),
        username: Username::parse(name).unwrap(),
        password_hash: PasswordHash::from_stored(format!("hash {seed}")),
    }
}

pub(crate) async fn registered(store: &impl UserStore, seed: u8, name: &str) -> StoredUser {
    let user = user(seed, name);
    store.insert_user(&user, NOW).await.unwrap();
    store.find_by_username(user.username.key()).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_account_is_found_under_every_spelling_of_its_name() {
    let store = client::fresh().await;
    let stored = registered(&store, 1, "Élodie Dupont").await;
    assert_eq!((stored.username.as_str(), stored.password_version), ("Élodie Dupont", 1));
    let other_spelling = Username::parse("e\u{301}LODIE  dupont").unwrap();
    assert_eq!(store.find_by_username(other_spelling.key()).await.unwrap().unwrap().id, stored.id);
    assert_eq!(store.find_by_id(&stored.id).await.unwrap().unwrap().username, "Élodie Dupont");
    let nobody = Username::parse("nobody").unwrap();
    assert!(store.find_by_username(nobody.key()).await.unwrap().is_none());
}

#[tokio::test]
async fn names_with_sql_or_html_are_stored_as_text() {
    let store = client::fresh().await;
    for (seed, name) in (1..).zip(["'; DROP TABLE users; --", "$1", "\\'", "<script>alert(1)</script>", "%_"])
    {
        assert_eq!(registered(&store, seed, name).await.username, name);
    }
}

#[tokio::test]
async fn of_many_who_register_one_name_at_once_exactly_one_wins() {
    let config = crate::server::empty_database().await;
    let attempts = (0..16_u8).map(|seed| {
        let config = config.clone();
        async move {
            let name = if seed % 2 == 0 { "Zoé" } else { "ZOÉ " };
            client::open(&config).await.insert_user(&user(seed, name), NOW).await
        }
    });
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let taken = outcomes.iter().filter(|outcome| **outcome == Err(InsertError::UsernameTaken)).count();
    assert_eq!(taken, 15, "{outcomes:?}");
}

#[tokio::test]
async fn a_changed_password_ends_every_session_and_starts_one() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let token = |seed: u8| SessionToken::from_random([seed; 32]);
    for seed in [1, 2] {
        let session = NewSession::new(&token(seed), "Firefox", NOW);
        assert!(store.start_session(&user, &session, None).await.unwrap());
    }
    let new_hash = PasswordHash::from_stored("new hash".to_owned());
    let session = NewSession::new(&token(3), "Firefox", NOW);
    let change =
        PasswordChange { user_id: &user.id, verified_version: 1, new_hash: &new_hash, session: &session };
    assert!(store.change_password(&change).await.unwrap());
    assert!(store.use_session(&token(1).hash(), NOW).await.unwrap().is_none());
    assert!(store.use_session(&token(2).hash(), NOW).await.unwrap().is_none());
    assert!(store.use_session(&token(3).hash(), NOW).await.unwrap().is_some());
    assert!(!store.change_password(&change).await.unwrap(), "the verified version is out of date");
    let late = NewSession::new(&token(4), "Firefox", NOW);
    assert!(!store.start_session(&user, &late, None).await.unwrap(), "verified against the old password");
    let now_stored = store.find_by_id(&user.id).await.unwrap().unwrap();
    assert_eq!((now_stored.password_hash.as_str(), now_stored.password_version), ("new hash", 2));
}

#[tokio::test]
async fn a_rehash_keeps_sessions_and_never_replaces_a_new_password() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let session = NewSession::new(&SessionToken::from_random([1; 32]), "", NOW);
    assert!(store.start_session(&user, &session, None).await.unwrap());
    let stronger = PasswordHash::of(&TypedPassword::parse(&"x".into()).unwrap(), [1; 16]).unwrap();
    store.replace_hash(&user.id, &user.password_hash, &stronger).await.unwrap();
    assert!(store.find_by_id(&user.id).await.unwrap().unwrap().password_hash == stronger);
    assert!(store.use_session(&session.token_hash, NOW).await.unwrap().is_some());
    let stale = PasswordHash::from_stored("stale".to_owned());
    store.replace_hash(&user.id, &user.password_hash, &stale).await.unwrap();
    assert!(store.find_by_id(&user.id).await.unwrap().unwrap().password_hash == stronger);
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_and_its_name_is_free() {
    let store = client::fresh().await;
    let user = registered(&store, 1, "alice").await;
    let session = NewSession::new(&SessionToken::from_random([1; 32]), "", NOW);
    assert!(store.start_session(&user, &session, None).await.unwrap());
    assert!(!store.delete_user(&user.id, 2).await.unwrap(), "another version of the password");
    assert!(store.delete_user(&user.id, 1).await.unwrap());
    assert!(store.use_session(&session.token_hash, NOW).await.unwrap().is_none());
    registered(&store, 2, "Alice").await;
}
