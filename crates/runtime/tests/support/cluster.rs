//! A PostgreSQL server of the tests' own. It needs no crate: a development dependency that turns on a feature of a
//! shared crate would make `cargo test` compile wasmtime a second time.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::PATIENCE;

pub struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    port: u16,
    _server: Child,
}

/// A fresh database with its own role.
pub struct Database {
    pub port: u16,
    pub name: String,
    pub user: String,
    pub password: String,
}

impl Cluster {
    /// The server of this process's tests. It ends with them, see `watched`.
    ///
    /// # Panics
    /// When there is no PostgreSQL: a test that cannot run must not pass.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub fn database(&self) -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.psql(&format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'"));
        self.psql(&format!("CREATE DATABASE {name} OWNER {name}"));
        Database { port: self.port, user: name.clone(), password: name.clone(), name }
    }

    fn psql(&self, statement: &str) {
        let port = self.port.to_string();
        let done = Command::new(self.binaries.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", "postgres", "-qc", statement])
            .env("PGPASSWORD", "superuser")
            .output()
            .expect("psql runs");
        assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn start() -> Self {
        let binaries =
            binaries().expect("install PostgreSQL for the tests: no initdb, postgres and psql were found");
        let folder = std::env::temp_dir().join(format!("atelier-runtime-postgres-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let owner = unprivileged(&folder);
        let password = folder.join("password");
        fs::write(&password, "superuser").unwrap();
        let data = folder.join("data");
        let mut initdb = Command::new(binaries.join("initdb"));
        initdb.args([
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--username=postgres",
            "--auth=scram-sha-256",
        ]);
        initdb.arg(format!("--pwfile={}", password.display())).arg("-D").arg(&data);
        let made = as_user(&mut initdb, owner).output().expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = watched(&binaries, &data, &folder, port, owner);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let cluster = Self { binaries, folder, port, _server: server };
        while !cluster.answers() {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        cluster
    }

    fn answers(&self) -> bool {
        let port = self.port.to_string();
        let ready = Command::new(self.binaries.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .current_dir(&self.folder)
            .status();
        ready.is_ok_and(|status| status.success())
    }
}

/// Statics are never dropped, so a shell waits for the end of its input, which comes when this process ends in
/// whatever way, and then stops the server and removes its folder.
fn watched(binaries: &Path, data: &Path, folder: &Path, port: u16, owner: Option<(u32, u32)>) -> Child {
    let script = r#"
        "$1/postgres" -D "$2" -p "$4" -k "$3" -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off \
            </dev/null >"$3/log" 2>&1 &
        read -r _; kill -QUIT $!; wait; rm -rf "$3"
    "#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(binaries).arg(data).arg(folder).arg(port.to_string());
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(folder);
    as_user(&mut shell, owner).spawn().expect("sh runs")
}

/// On the PATH, or the newest that Debian keeps aside.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.flatten().map(|folder| folder.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).chain(versions.into_iter().rev());
    places.find(|place| {
        ["initdb", "postgres", "psql", "pg_isready"].iter().all(|name| place.join(name).is_file())
    })
}

/// PostgreSQL refuses to run as root: then the folder belongs to `postgres`, or to `nobody`.
fn unprivileged(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let account = |wanted: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(wanted))?;
        let mut numbers = line.split(':').skip(2).map_while(|field| field.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    let owner: (u32, u32) =
        account("postgres").or_else(|| account("nobody")).expect("an unprivileged account");
    chown(folder, Some(owner.0), Some(owner.1)).unwrap();
    Some(owner)
}

fn as_user(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    match owner {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}
