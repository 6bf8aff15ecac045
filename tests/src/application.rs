//! A running application: database, mocks, runtime. A test changes what it needs before the start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mocks::{GeminiMock, MakeMock};
use test_support::Database;

use crate::client::Client;
use crate::manifest::Manifest;
use crate::runtime::Runtime;
use crate::tcp_proxy::TcpProxy;
use crate::user_actions::PASSWORD;

const READY_LIMIT: Duration = Duration::from_secs(30);
const SERVICE_KEY: &str = "a service key of this test run, not a secret";

/// What a test may change.
#[derive(Debug)]
pub struct Setup {
    pub manifest: Manifest,
    /// Spin variables, by their name in `spin.toml`.
    pub variables: BTreeMap<String, String>,
    /// Wait until `/auth/readyz` answers 200; otherwise only until the runtime serves.
    pub wait_until_ready: bool,
}

impl Setup {
    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.to_owned(), value.to_owned());
    }

    /// Uses this database, without the proxy.
    pub fn connect_to(&mut self, database: &Database) {
        self.set("db_host", &database.host);
        self.set("db_port", &database.port.to_string());
        self.set("db_name", &database.name);
        self.set("db_user", &database.user);
        self.set("db_password", &database.password);
    }
}

/// A running application; dropping it stops its parts.
#[derive(Debug)]
pub struct App {
    pub make: MakeMock,
    pub gemini: GeminiMock,
    pub database: Database,
    /// Between the runtime and the database.
    pub database_proxy: TcpProxy,
    pub runtime: Runtime,
    pub service_key: String,
}

impl App {
    /// Everything as delivered, with the mocks as upstreams.
    ///
    /// # Panics
    /// When a part does not start; the message holds the runtime's log.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same after `change`.
    ///
    /// # Panics
    /// When a part does not start; the message holds the runtime's log.
    #[must_use]
    pub fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        let database = Database::create();
        let make = MakeMock::start().expect("a mock for Make.com");
        let gemini = GeminiMock::start().expect("a mock for Gemini");
        let database_proxy = TcpProxy::to(&database.host, database.port);
        let mut setup = Setup {
            manifest: Manifest::load(),
            variables: variables(&database, &database_proxy, &make, &gemini),
            wait_until_ready: true,
        };
        change(&mut setup);
        let manifest = setup.manifest.write(&temporary_folder());
        let runtime = Runtime::start(&manifest, &setup.variables).unwrap_or_else(|error| panic!("{error}"));
        let app =
            Self { make, gemini, database, database_proxy, runtime, service_key: SERVICE_KEY.to_owned() };
        if setup.wait_until_ready {
            app.wait_until_ready();
        }
        app
    }

    /// A browser without a session.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.runtime.origin, self.runtime.log.clone())
    }

    /// The browser of a new user, signed in.
    ///
    /// # Panics
    /// When registering or signing in fails.
    #[must_use]
    #[track_caller]
    pub fn user(&self) -> Client {
        let mut client = self.client();
        client.name = unique_name("élève");
        client.register(&client.name, PASSWORD).expect_see_other("/auth");
        client.sign_in(&client.name, PASSWORD).expect_see_other("/home");
        client
    }

    fn wait_until_ready(&self) {
        let client = self.client();
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let reply = client.get_json("/auth/readyz");
            if reply.status == 200 {
                return;
            }
            let late = Instant::now() > deadline;
            assert!(!late, "not ready: {} {}\n{}", reply.status, reply.text(), self.runtime.log.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A name that no other test of this process uses.
fn unique_name(stem: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{stem}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

fn variables(
    database: &Database,
    proxy: &TcpProxy,
    make: &MakeMock,
    gemini: &GeminiMock,
) -> BTreeMap<String, String> {
    [
        ("db_host", proxy.address.ip().to_string()),
        ("db_port", proxy.address.port().to_string()),
        ("db_name", database.name.clone()),
        ("db_user", database.user.clone()),
        ("db_password", database.password.clone()),
        ("db_sslmode", "disable".into()),
        // Each client has an address of its own, which it gives as a proxy would.
        ("trusted_proxies", "127.0.0.1".into()),
        ("service_key", SERVICE_KEY.into()),
        ("webhook_url", make.webhook_url()),
        ("webhook_origin", make.origin()),
        ("gemini_origin", gemini.origin()),
        ("gemini_ai_api_key", "any key that the mock accepts".into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn temporary_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("{}-{}", unique_name("atelier-app"), std::process::id()));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}
