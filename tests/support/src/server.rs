//! The PostgreSQL server of a test process: the one that `ATELIER_TEST_DATABASE_URL` names (xtask sets it), or a private
//! one that is started once from installed programs and ends with the process.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use postgres::config::Host;
use postgres::{Client, Config, NoTls};

use crate::child::{ChildProcess, Ending};

const START_LIMIT: Duration = Duration::from_secs(60);
const PASSWORD: &str = "superuser";
/// Fast, and for many connections; a crash may lose everything.
const FAST: [&str; 4] =
    ["max_connections=500", "fsync=off", "synchronous_commit=off", "full_page_writes=off"];
/// As it is delivered, but that what has reached the kernel need not reach the disk: a test ends processes, not machines.
const DURABLE: [&str; 2] = ["max_connections=40", "fsync=off"];

#[derive(Debug)]
pub(crate) struct Server {
    administrator: Config,
    // Held for its drop; a static has none, and then the end of this process stops the server.
    process: Option<ChildProcess>,
}

/// A server that a test may kill, pause or fill. Dropping it stops it and removes its folder, in which nothing else is
/// kept.
#[derive(Debug)]
pub struct OwnServer {
    installed: Installed,
    pub(crate) server: Server,
}

impl OwnServer {
    /// Starts one whose data are in `folder`, which is empty or not there. What it has acknowledged outlives its
    /// processes.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        // Of a run that was killed.
        let _ = fs::remove_dir_all(folder);
        let installed = Installed::new(folder.to_owned());
        let server = installed.start(&DURABLE, "");
        server.wait_until_it_answers();
        Self { installed, server }
    }

    /// A connection of the server's administrator.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn administrator(&self) -> Client {
        self.server.connect().expect("it runs")
    }

    /// Sends the signal of this name, such as `KILL`, to the first process and then to all that it has started.
    ///
    /// # Panics
    /// When it does not run.
    pub fn signal(&self, name: &str) {
        let first = fs::read_to_string(self.installed.folder.join("data/postmaster.pid")).expect("it runs");
        let first = first.lines().next().unwrap_or_default().to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &first]).output().expect("ps runs");
        let _ = Command::new("kill").args(["-s", name, &first]).status();
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        // One may have ended meanwhile.
        let _ = Command::new("kill")
            .args(["-s", name])
            .args(children.split_whitespace())
            .stderr(Stdio::null())
            .status();
    }

    /// Whether it takes connections.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.server.connect().is_ok()
    }

    /// Starts it again after it was ended, and waits until it answers.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        // First the rest of the old one ends: it has the port.
        self.server.process = None;
        self.server = self.installed.start(&DURABLE, "");
        self.server.wait_until_it_answers();
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.server.process = None;
        let _ = fs::remove_dir_all(&self.installed.folder);
    }
}

/// A folder with a new cluster of databases, and what is needed to start its server.
#[derive(Debug)]
struct Installed {
    programs: PathBuf,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
    port: u16,
}

impl Installed {
    fn new(folder: PathBuf) -> Self {
        let programs = programs().expect(
            "these tests need PostgreSQL: install the server (Debian: apt-get install postgresql), set \
             ATELIER_TEST_DATABASE_URL to a role that may create databases, or run `cargo xtask test`",
        );
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let owner = unprivileged_owner(&folder);
        initialise(&programs, &folder, owner);
        Self { programs, folder, owner, port: free_port() }
    }

    /// Starts the server; `removes` is a folder that goes with it.
    fn start(&self, settings: &[&str], removes: &str) -> Server {
        let (data, socket) = (text(&self.folder.join("data")), text(&self.folder));
        let number = self.port.to_string();
        let mut arguments = vec!["-D", &data, "-p", &number, "-k", &socket];
        let common = ["listen_addresses=127.0.0.1", "log_min_messages=fatal"];
        arguments.extend(common.iter().chain(settings).flat_map(|setting| ["-c", setting]));
        let ending = Ending { signal: "QUIT", folder: removes };
        let program = text(&self.programs.join("postgres"));
        let process = ChildProcess::spawn(&program, &arguments, ending, |command| {
            as_user(command, self.owner)
                .current_dir(&self.folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
        });
        let mut administrator = Config::new();
        administrator
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .password(PASSWORD)
            .dbname("postgres");
        Server { administrator, process: Some(process.expect("a shell")) }
    }
}

impl Server {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| match variable("ATELIER_TEST_DATABASE_URL") {
            Some(url) => {
                let administrator = url.parse().expect("ATELIER_TEST_DATABASE_URL is a connection string");
                Self { administrator, process: None }
            }
            None => Self::start(),
        })
    }

    pub(crate) fn connect(&self) -> Result<Client, postgres::Error> {
        self.administrator.connect(NoTls)
    }

    pub(crate) fn host(&self) -> String {
        match self.administrator.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            _ => "127.0.0.1".to_owned(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.administrator.get_ports().first().copied().unwrap_or(5432)
    }

    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("atelier-tests-postgres-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let server = Installed::new(folder.clone()).start(&FAST, &text(&folder));
        server.wait_until_it_answers();
        server
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + START_LIMIT;
        while let Err(error) = self.connect() {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer: {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn initialise(programs: &Path, folder: &Path, owner: Option<(u32, u32)>) {
    let password = folder.join("password");
    fs::write(&password, PASSWORD).expect("the folder was just made");
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.args([
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
        "--username=postgres",
        "--auth=scram-sha-256",
    ]);
    initdb
        .arg(format!("--pwfile={}", text(&password)))
        .arg(format!("--pgdata={}", text(&folder.join("data"))));
    let done = as_user(&mut initdb, owner).output().expect("initdb runs");
    assert!(done.status.success(), "initdb: {}", String::from_utf8_lossy(&done.stderr));
}

/// The folder of `initdb` and `postgres`: on the PATH, or the newest that Debian keeps beside it.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.flatten().map(|folder| folder.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let path = variable("PATH").unwrap_or_default();
    // Those that xtask has found or brought.
    let given = variable("ATELIER_TEST_POSTGRES").map(PathBuf::from);
    let mut folders = given.into_iter().chain(std::env::split_paths(&path)).chain(versions.into_iter().rev());
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then the folder is given to `postgres` or `nobody`, whose user and group are
/// returned.
fn unprivileged_owner(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).expect("the folder was just made").uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let account = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map_while(|field| field.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    let owner: (u32, u32) =
        account("postgres").or_else(|| account("nobody")).expect("an unprivileged account");
    chown(folder, Some(owner.0), Some(owner.1)).expect("root may give the folder away");
    Some(owner)
}

fn as_user(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    match owner {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("a bound socket").port()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
