//! PostgreSQL for the tests: the server that xtask names, or a private one started once per process from
//! installed binaries. Each test application gets a fresh database and a role that owns nothing else.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use postgres::config::Host;
use postgres::{Config, NoTls};

use crate::guard::{Ending, Guard};
use crate::settings;

const START_LIMIT: Duration = Duration::from_secs(30);

/// A server on which databases can be made.
#[derive(Debug)]
pub struct Cluster {
    admin: Config,
    // Held for its drop.
    _server: Option<Guard>,
}

/// A fresh database with its own role.
#[derive(Clone, Debug)]
pub struct Database {
    pub host: String,
    pub port: u16,
    pub name: String,
    pub user: String,
    pub password: String,
}

impl Cluster {
    /// The server shared by the tests of this process.
    ///
    /// # Panics
    /// When there is none and none can be started: without it no test can say anything.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| match settings::database_url() {
            Some(url) => {
                Self { admin: url.parse().expect("ATELIER_TEST_DATABASE_URL is a URL"), _server: None }
            }
            None => Self::start().unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}")),
        })
    }

    /// A new empty database.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn database(&self) -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("atelier_test_{}_{number}", std::process::id());
        let mut admin = self.admin.connect(NoTls).expect("the test server answers");
        let password = name.clone();
        for statement in [
            format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"),
            format!("CREATE DATABASE {name} OWNER {name}"),
        ] {
            admin.batch_execute(&statement).expect("the test role may create roles and databases");
        }
        let host = match self.admin.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            _ => "127.0.0.1".into(),
        };
        let port = self.admin.get_ports().first().copied().unwrap_or(5432);
        Database { host, port, user: name.clone(), name, password }
    }

    fn start() -> Result<Self, String> {
        let binaries = binaries().ok_or(
            "neither ATELIER_TEST_DATABASE_URL nor an installed server (initdb and postgres); \
             run the tests with `cargo xtask test`",
        )?;
        let folder = std::env::temp_dir().join(format!("atelier-tests-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let owner = unprivileged(&folder)?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let data = folder.join("data");
        let password = folder.join("password");
        fs::write(&password, "superuser").map_err(|error| error.to_string())?;
        let made = as_user(
            Command::new(binaries.join("initdb")).args([
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
                "--username=postgres",
                "--auth=scram-sha-256",
                &format!("--pwfile={}", text(&password)),
                &format!("--pgdata={}", text(&data)),
            ]),
            owner,
        )
        .output()
        .map_err(|error| format!("initdb: {error}"))?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let port = free_port()?;
        let arguments: Vec<String> = [
            "-D",
            &text(&data),
            "-p",
            &port.to_string(),
            "-k",
            &text(&folder),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=500",
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "log_min_messages=fatal",
        ]
        .map(str::to_owned)
        .to_vec();
        let ending = Ending { signal: "QUIT", folder: &text(&folder) };
        let server = Guard::spawn(&text(&binaries.join("postgres")), &arguments, ending, |command| {
            as_user(command, owner).current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::null());
        })
        .map_err(|error| format!("postgres: {error}"))?;
        let mut admin = Config::new();
        admin.host("127.0.0.1").port(port).user("postgres").password("superuser").dbname("postgres");
        wait_for(&admin)?;
        Ok(Self { admin, _server: Some(server) })
    }
}

fn wait_for(admin: &Config) -> Result<(), String> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        match admin.connect(NoTls) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(format!("postgres does not answer: {error}"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The folder of `initdb` and `postgres`: on the PATH, or the newest that Debian keeps aside.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.flatten().map(|folder| folder.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let mut candidates = settings::search_path().into_iter().chain(versions.into_iter().rev());
    candidates.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: gives the folder to `postgres` or `nobody` and says who that is.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    let mine = fs::metadata(folder).map_err(|error| error.to_string())?;
    if mine.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let account = |wanted: &str| {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(wanted)).then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        })
    };
    let owner: (u32, u32) =
        account("postgres").or_else(|| account("nobody")).ok_or("no unprivileged account in /etc/passwd")?;
    chown(folder, Some(owner.0), Some(owner.1)).map_err(|error| error.to_string())?;
    Ok(Some(owner))
}

fn as_user(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    match owner {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn free_port() -> Result<u16, String> {
    let socket = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    socket.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

impl Database {
    /// Runs SQL as the owner of the database: a test looks at what is stored, or prepares it.
    ///
    /// # Panics
    /// When the statement fails.
    pub fn query(&self, sql: &str) -> Vec<postgres::SimpleQueryMessage> {
        self.connect().simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The first column of the first row.
    ///
    /// # Panics
    /// When the statement fails.
    #[must_use]
    pub fn value(&self, sql: &str) -> Option<String> {
        self.query(sql).into_iter().find_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
    }

    /// A connection of its own, for a test that holds one open.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn connect(&self) -> postgres::Client {
        Config::new()
            .host(&self.host)
            .port(self.port)
            .user(&self.user)
            .password(&self.password)
            .dbname(&self.name)
            .connect(NoTls)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}
