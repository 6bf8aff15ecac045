//! An empty database for each test, and connections to it.

use test_support::Database;
use tokio_postgres::{Client, Config, NoTls};

pub(crate) async fn empty_database() -> Config {
    Database::create().url().parse().unwrap()
}

pub(crate) async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
