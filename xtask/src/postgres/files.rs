//! The files of a cluster: made by `initdb`, changed in single-user mode, served by `postgres`.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use secrecy::{ExposeSecret as _, SecretString};

use super::binaries::{self, Binaries};
use super::directory::ClusterDirectory;
use crate::child::{ChildSpec, RunningChild};
use crate::console;

/// Recovery after a crash may take a while; an empty cluster starts in a fraction of a second.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// The application's database and its role, as `spin.toml` names them by default.
pub(crate) const APPLICATION: &str = "atelier";
/// The superuser.
pub(super) const ADMIN: &str = "atelier_admin";

/// How much the data of a cluster are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Every commit reaches the disk.
    Keep,
    /// Tests: fast, with many connections; a crash may lose everything.
    ThrowAway,
}

pub(super) struct Files {
    directory: ClusterDirectory,
    pub(super) data: PathBuf,
    pub(super) programs: Binaries,
}

impl Files {
    pub(super) fn find(data: &Path) -> Result<Self> {
        let directory = ClusterDirectory::of(data)?;
        let data = directory.path.join("data");
        let programs = binaries::find(&data, &directory.downloads()?)?;
        Ok(Self { directory, data, programs })
    }

    fn program(&self, name: &'static str) -> ChildSpec {
        let mut spec = ChildSpec::new(name, self.programs.folder.join(name)).env("LC_ALL", "C");
        spec.user = self.directory.user;
        spec
    }

    /// Makes the cluster beside its place and renames it, so that an interrupted start leaves nothing half made.
    pub(super) fn initialise(&self, purpose: Purpose) -> Result<()> {
        console::step(&format!(
            "Making a PostgreSQL {} database in {}.",
            self.programs.major,
            self.directory.path.display()
        ));
        let new = self.directory.path.join("data.new");
        if new.exists() {
            fs::remove_dir_all(&new).with_context(|| format!("cannot remove {}", new.display()))?;
        }
        let mut initdb = self.program("initdb").arg("--pgdata").arg(&new);
        // Without a socket nobody connects locally; over TCP every role needs a password, and has none yet.
        for argument in ["--auth-local=reject", "--auth-host=scram-sha-256", "--encoding=UTF8", "--no-locale"]
        {
            initdb = initdb.arg(argument);
        }
        if purpose == Purpose::ThrowAway {
            initdb = initdb.arg("--no-sync");
        }
        initdb.arg(format!("--username={ADMIN}")).finish().context("cannot make a PostgreSQL database")?;
        let statements = [
            format!("CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"),
            format!("CREATE DATABASE {APPLICATION} OWNER {APPLICATION}"),
            format!("REVOKE ALL ON DATABASE {APPLICATION}, postgres FROM PUBLIC"),
        ];
        self.single_user(&new, &statements).context("cannot make the application's database")?;
        fs::rename(&new, &self.data).context("cannot put the new database in its place")
    }

    /// At each start: a lost or restored file of secrets is no failure.
    pub(super) fn set_passwords(&self, application: &SecretString, admin: &SecretString) -> Result<()> {
        // Both are hexadecimal, so they need no quoting.
        let statement = |role: &str, password: &SecretString| {
            format!("ALTER ROLE {role} PASSWORD '{}'", password.expose_secret())
        };
        let statements = [statement(APPLICATION, application), statement(ADMIN, admin)];
        self.single_user(&self.data, &statements).context("cannot set the passwords of the database")
    }

    /// Runs statements, one a line, while no server runs.
    fn single_user(&self, data: &Path, statements: &[String]) -> Result<()> {
        let mut postgres = self.program("postgres").arg("--single").arg("-D").arg(data);
        // A refused statement is logged by default, and some hold a password.
        for setting in ["exit_on_error=on", "log_min_error_statement=panic"] {
            postgres = postgres.arg("-c").arg(setting);
        }
        postgres.input = statements.join("\n") + "\n";
        postgres.arg("postgres").finish()
    }

    pub(super) fn server(&self, port: u16, purpose: Purpose, log: PathBuf) -> ChildSpec {
        let mut spec = self.program("postgres").arg("-D").arg(&self.data).arg("-p").arg(port.to_string());
        let common = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "logging_collector=off",
            "log_destination=stderr",
        ];
        // Each component instance may hold 64 connections, and the test suite runs several applications at once.
        let particular: &[&str] = match purpose {
            Purpose::Keep => &["max_connections=200"],
            Purpose::ThrowAway => {
                &["max_connections=600", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
            }
        };
        for setting in common.iter().chain(particular) {
            spec = spec.arg("-c").arg(*setting);
        }
        // PostgreSQL's "fast shutdown"; SIGTERM would wait until every client has left.
        spec.stop = Signal::SIGINT;
        spec.log = Some(log);
        spec
    }

    pub(super) fn wait_until_ready(&self, server: &mut RunningChild) -> Result<()> {
        let start = Instant::now();
        while !self.ready(server.pid()) {
            server.check()?;
            if start.elapsed() > START_TIMEOUT {
                let seconds = START_TIMEOUT.as_secs();
                bail!("PostgreSQL did not answer within {seconds} s:\n{}", server.log_tail());
            }
            sleep(Duration::from_millis(25));
        }
        Ok(())
    }

    /// Whether the server with this process number accepts connections. Its status file says so in line 8.
    fn ready(&self, pid: u32) -> bool {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.first() == Some(&pid.to_string().as_str()) && lines.get(7) == Some(&"ready")
    }
}
