//! An empty database for each test, with a role that owns nothing else.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::server::{OwnServer, Server};

/// A database on the server of this process. It goes with the server.
#[derive(Clone, Debug)]
pub struct Database {
    pub host: String,
    pub port: u16,
    pub name: String,
    pub user: String,
    pub password: String,
}

impl Database {
    /// A new, empty database.
    ///
    /// # Panics
    /// When there is no server and none can be started, or it refuses: a test that cannot run must not pass.
    #[must_use]
    pub fn create() -> Self {
        // On a thread of its own, because `postgres` refuses to block within an asynchronous test.
        let created = thread::scope(|scope| scope.spawn(|| Self::create_on(Server::shared())).join());
        created.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// A new, empty database on a server of the test's own.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn on(server: &OwnServer) -> Self {
        Self::create_on(&server.server)
    }

    fn create_on(server: &Server) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("atelier_test_{}_{number}", std::process::id());
        let password = format!("{name}_password");
        let mut administrator = server.connect().expect("the test server answers");
        for statement in [
            format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"),
            format!("CREATE DATABASE {name} OWNER {name}"),
        ] {
            administrator.batch_execute(&statement).expect("the test role may create roles and databases");
        }
        Self { host: server.host(), port: server.port(), user: name.clone(), name, password }
    }

    /// The connection string.
    #[must_use]
    pub fn url(&self) -> String {
        let Self { host, port, name, user, password } = self;
        format!("postgres://{user}:{password}@{host}:{port}/{name}?sslmode=disable")
    }

    /// Runs statements as the owner.
    ///
    /// # Panics
    /// When one fails.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The first column of the first row as text.
    ///
    /// # Panics
    /// When the statement fails.
    #[must_use]
    #[track_caller]
    pub fn value(&self, sql: &str) -> Option<String> {
        let rows = self.connect().simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
    }

    /// A connection, for a test that keeps one open.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    #[track_caller]
    pub fn connect(&self) -> Client {
        self.try_connect().unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The same where the server may refuse.
    ///
    /// # Errors
    /// When it does.
    pub fn try_connect(&self) -> Result<Client, postgres::Error> {
        self.url().parse::<Config>()?.connect(NoTls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_is_empty_and_owned_by_its_own_role() {
        let (one, two) = (Database::create(), Database::create());
        one.execute("CREATE TABLE kept (id int)");
        let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'";
        assert_eq!(one.value(tables).as_deref(), Some("1"));
        assert_eq!(two.value(tables).as_deref(), Some("0"));
        assert_eq!(one.value("SELECT current_user::text"), Some(one.user));
    }
}
