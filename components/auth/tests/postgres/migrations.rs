use auth::{
    postgres::MIGRATIONS,
    store::{Maintenance, UserStore},
    store_error::StoreError,
    username::Username,
};

use crate::{
    client,
    parallel::join_all,
    server,
    users::{NOW, registered, user},
};

#[tokio::test]
async fn the_first_query_on_an_empty_database_applies_all() {
    let store = client::fresh().await;
    assert_eq!(registered(&store, 1, "alice").await.username, "alice");
}

#[tokio::test]
async fn many_instances_at_once_apply_each_file_once() {
    let config = server::empty_database().await;
    let instances = (0..16_u8).map(|seed| {
        let config = config.clone();
        async move {
            let store = client::open(&config).await;
            if seed % 2 == 0 {
                store.make_ready().await.unwrap();
            } else {
                store.insert_user(&user(seed, &format!("user {seed}")), NOW).await.unwrap();
            }
        }
    });
    join_all(instances).await;
    let client = server::connect(&config).await;
    let rows = client.query("SELECT name FROM schema_migrations ORDER BY version", &[]).await.unwrap();
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected: Vec<&str> = MIGRATIONS.iter().map(migrations::Migration::name).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn an_edited_file_is_refused_by_name_and_by_the_statement_itself() {
    let config = server::empty_database().await;
    let store = client::open(&config).await;
    store.make_ready().await.unwrap();
    let client = server::connect(&config).await;
    client.execute("UPDATE schema_migrations SET checksum = 'other' WHERE version = 2", &[]).await.unwrap();
    let expected = "migration 0002_create_sessions.sql was edited after it had been applied".to_owned();
    assert_eq!(store.make_ready().await, Err(StoreError::SchemaBehind(expected)));
    let error = client.execute(&MIGRATIONS[1].statement(), &[]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), migrations::CHECKSUM_MISMATCH);
}

#[tokio::test]
async fn a_file_that_fails_changes_nothing() {
    let config = server::empty_database().await;
    let client = server::connect(&config).await;
    // A table of the same name makes the second file fail.
    client.batch_execute("CREATE TABLE sessions (id int)").await.unwrap();
    let store = client::open(&config).await;
    let error = store.make_ready().await.unwrap_err();
    assert!(matches!(&error, StoreError::SchemaBehind(cause) if cause.contains("0002")), "{error:?}");
    client.batch_execute("DROP TABLE sessions").await.unwrap();
    store.make_ready().await.unwrap();
    let nobody = Username::parse("nobody").unwrap();
    assert!(store.find_by_username(nobody.key()).await.unwrap().is_none());
}

#[tokio::test]
async fn every_table_has_a_comment() {
    let config = server::empty_database().await;
    let store = client::open(&config).await;
    store.make_ready().await.unwrap();
    let client = server::connect(&config).await;
    let silent = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
                  AND obj_description(oid, 'pg_class') IS NULL";
    let rows = client.query(silent, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), Vec::<String>::new());
}
