//! A private PostgreSQL: its own folder, port and passwords, on the loopback interface only.
//!
//! `up` keeps one in `.atelier`; `test` makes one and throws it away. It has no Unix socket: paths of sockets
//! are limited to about 100 bytes, and everything of ours speaks TCP.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::{Client, Config, NoTls};

use crate::children::{Plan, Running, Stop};
use crate::secrets::Secret;
use crate::{children, process, say};

mod binaries;
mod place;
pub(crate) mod roles;

use binaries::Binaries;
use place::Place;

const ADMIN: &str = "atelier_admin";
/// Recovery after a crash may take a while; an empty cluster starts in a fraction of a second.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How much a cluster is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Data are kept: every commit reaches the disk.
    Keep,
    /// Tests: fast, with many connections; a crash may lose everything.
    ThrowAway,
}

/// A running cluster. Dropping it stops it.
pub(crate) struct Cluster {
    pub(crate) server: Running,
    pub(crate) port: u16,
    admin_password: Secret,
}

impl Cluster {
    /// Starts the cluster that belongs to the folder `data`; makes it the first time.
    ///
    /// # Errors
    /// When there is no PostgreSQL to be had or it does not start; says what to do where we know it.
    pub(crate) fn start(data: &Path, purpose: Purpose) -> Result<Self> {
        let place = Place::below(data)?;
        let files = place.home.join("data");
        let programs = binaries::find(&files, &place.store()?)?;
        let admin_password = Secret::kept(&data.join("secrets"), "postgres-admin")?;
        if !files.join("PG_VERSION").exists() {
            say::step(&format!(
                "Making a PostgreSQL {} database in {}.",
                programs.major,
                place.home.display()
            ));
            initialise(&place, &programs, &admin_password, purpose)?;
        }
        end_leftover(&files)?;
        let port = free_port()?;
        let server = server(&place, &files, &programs, port, purpose, &data.join("logs/postgres.log"));
        let mut cluster = Self { server: server.start()?, port, admin_password };
        cluster.wait()?;
        Ok(cluster)
    }

    /// The address for whoever may do everything; for tests, which make databases of their own.
    pub(crate) fn admin_url(&self) -> String {
        format!(
            "postgres://{ADMIN}:{}@127.0.0.1:{}/postgres?sslmode=disable",
            self.admin_password.reveal(),
            self.port
        )
    }

    /// A connection as administrator.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub(crate) fn admin(&self, database: &str) -> Result<Client, postgres::Error> {
        self.client(ADMIN, &self.admin_password, database)
    }

    /// A connection as the application's role, to the application's database.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub(crate) fn connect(&self, role: &str, password: &Secret) -> Result<Client, postgres::Error> {
        self.client(role, password, roles::NAME)
    }

    fn client(&self, role: &str, password: &Secret, database: &str) -> Result<Client, postgres::Error> {
        Config::new()
            .host("127.0.0.1")
            .port(self.port)
            .user(role)
            .password(password.reveal())
            .dbname(database)
            .connect_timeout(Duration::from_secs(5))
            .connect(NoTls)
    }

    /// The application's database and role; gives the role's password, kept beside the administrator's.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn application(&self, data: &Path) -> Result<Secret> {
        let password = Secret::kept(&data.join("secrets"), "postgres-application")?;
        roles::ensure(&mut self.admin("postgres")?, &password)?;
        roles::open_schema(&mut self.admin(roles::NAME)?)?;
        Ok(password)
    }

    fn wait(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            let error = match self.admin("postgres") {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if let Some(status) = self.server.ended() {
                bail!("PostgreSQL did not start ({status}):\n{}", self.server.last_words());
            }
            if process::stopping() {
                bail!("stopped");
            }
            if error.as_db_error().is_some_and(|cause| cause.code().code().starts_with("28")) {
                bail!(
                    "PostgreSQL refuses the password kept in `secrets`: put the old file back, or move the database's folder away to start with an empty one"
                );
            }
            if start.elapsed() > START_LIMIT {
                bail!(
                    "PostgreSQL did not answer within {} s:\n{}",
                    START_LIMIT.as_secs(),
                    self.server.last_words()
                );
            }
            sleep(Duration::from_millis(50));
        }
    }
}

fn program(binaries: &Binaries, place: &Place, name: &'static str) -> Plan {
    let mut plan = Plan::new(name, binaries.folder.join(name)).env("LC_ALL", "C");
    plan.user = place.user;
    plan
}

/// Makes the cluster beside its place and renames it there, so that an interrupted start leaves nothing half made.
fn initialise(place: &Place, programs: &Binaries, password: &Secret, purpose: Purpose) -> Result<()> {
    let fresh = place.home.join("data.new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).with_context(|| format!("cannot remove {}", fresh.display()))?;
    }
    let password_file = place.home.join("password.new");
    write_private(&password_file, password.reveal(), place.user)?;
    let mut plan = program(programs, place, "initdb")
        .arg("--pgdata")
        .arg(&fresh)
        .arg("--pwfile")
        .arg(&password_file)
        .arg(format!("--username={ADMIN}"))
        .arg("--auth=scram-sha-256")
        .arg("--encoding=UTF8")
        .arg("--no-locale");
    if purpose == Purpose::ThrowAway {
        plan = plan.arg("--no-sync");
    }
    let outcome = children::finish(plan);
    fs::remove_file(&password_file).ok();
    outcome.context("cannot make a PostgreSQL database")?;
    fs::rename(&fresh, place.home.join("data")).context("cannot put the new database in its place")
}

fn write_private(path: &Path, text: &str, user: Option<(u32, u32)>) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{OpenOptionsExt, fchown};
    fs::remove_file(path).ok();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some((uid, gid)) = user {
        fchown(&file, Some(uid), Some(gid))?;
    }
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

fn server(place: &Place, files: &Path, programs: &Binaries, port: u16, purpose: Purpose, log: &Path) -> Plan {
    let mut plan = program(programs, place, "postgres").arg("-D").arg(files).arg("-p").arg(port.to_string());
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
        plan = plan.arg("-c").arg(*setting);
    }
    plan.stop = Stop::Interrupt;
    plan.log = Some(log.to_path_buf());
    plan
}

/// A port that nobody used a moment ago. Should somebody take it meanwhile, PostgreSQL says so and we stop.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?.local_addr()?.port())
}

/// Stops the server that a killed run left behind, and removes the note of one that is long gone.
///
/// The caller holds the lock of the data folder, so no other run of ours is using the files.
fn end_leftover(files: &Path) -> Result<()> {
    let note = files.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&note) else { return Ok(()) };
    let Some(pid) = text.lines().next().and_then(|line| line.trim().parse::<i32>().ok()) else {
        return remove(&note);
    };
    if !is_server_of(pid, files) {
        // The number may be another program's by now, which would make PostgreSQL refuse to start.
        return remove(&note);
    }
    say::step("Stopping the PostgreSQL that an earlier run left behind.");
    kill(Pid::from_raw(pid), Signal::SIGINT).context("cannot stop it")?;
    let start = Instant::now();
    while is_server_of(pid, files) {
        if start.elapsed() > Duration::from_secs(30) {
            bail!(
                "the PostgreSQL with process number {pid} does not stop: end it with `kill -QUIT {pid}` and call again"
            );
        }
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn remove(path: &PathBuf) -> Result<()> {
    fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))
}

/// Whether the process is a `postgres` that was started with these files.
fn is_server_of(pid: i32, files: &Path) -> bool {
    // A container may lack `ps`; other systems than Linux lack `/proc`.
    let line = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => process::output(Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]))
            .unwrap_or_default(),
    };
    line.contains("postgres") && line.contains(&*files.to_string_lossy())
}
