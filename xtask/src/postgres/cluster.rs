//! A running PostgreSQL: started, given its passwords, stopped.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::{ExposeSecret as _, SecretString};

use super::files::{ADMIN, APPLICATION, Files, Purpose};
use crate::child::RunningChild;
use crate::{console, process, secrets};

const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A running cluster. Dropping it stops it.
pub(crate) struct Cluster {
    pub(crate) server: RunningChild,
    pub(crate) port: u16,
    /// The folder of `initdb` and `postgres`.
    pub(crate) programs: PathBuf,
    /// Of the application's role, kept with the data.
    pub(crate) password: SecretString,
    /// Of the superuser, for this run only.
    admin_password: SecretString,
}

impl Cluster {
    /// Starts the cluster that belongs to the folder `data`, made the first time.
    ///
    /// # Errors
    /// When there is no PostgreSQL to be had or it does not start.
    pub(crate) fn start(data: &Path, purpose: Purpose) -> Result<Self> {
        let files = Files::find(data)?;
        if !files.data.join("PG_VERSION").exists() {
            files.initialise(purpose)?;
        }
        end_leftover(&files.data)?;
        let password = secrets::load_or_generate(&data.join("secrets"), "postgres-application")?;
        let admin_password = secrets::generate()?;
        files.set_passwords(&password, &admin_password)?;
        let port = free_port()?;
        let mut server = files.server(port, purpose, data.join("logs/postgres.log")).start()?;
        files.wait_until_ready(&mut server)?;
        let programs = files.programs.folder.clone();
        Ok(Self { server, port, programs, password, admin_password })
    }

    /// The superuser's address, for tests, which make databases of their own.
    pub(crate) fn admin_url(&self) -> String {
        self.url(ADMIN, &self.admin_password, "postgres")
    }

    /// The application's address.
    pub(crate) fn application_url(&self) -> String {
        self.url(APPLICATION, &self.password, APPLICATION)
    }

    fn url(&self, role: &str, password: &SecretString, database: &str) -> String {
        format!(
            "postgres://{role}:{}@127.0.0.1:{}/{database}?sslmode=disable",
            password.expose_secret(),
            self.port
        )
    }
}

/// A port that was free a moment ago. When another program takes it meanwhile, PostgreSQL says so and xtask stops.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?.local_addr()?.port())
}

/// Stops the server that a killed run left behind, and removes the status file of one that has ended.
///
/// The caller holds the lock of the data folder, so no other run of ours uses the files.
fn end_leftover(files: &Path) -> Result<()> {
    let status_file = files.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&status_file) else { return Ok(()) };
    let pid = text.lines().next().and_then(|line| line.trim().parse::<i32>().ok());
    let Some(pid) = pid.filter(|pid| is_server_of(*pid, files)) else {
        // The number may belong to another program by now, which would make PostgreSQL refuse to start.
        return fs::remove_file(&status_file)
            .with_context(|| format!("cannot remove {}", status_file.display()));
    };
    console::step("Stopping the PostgreSQL that an earlier run left behind.");
    kill(Pid::from_raw(pid), Signal::SIGINT).context("cannot stop it")?;
    let start = Instant::now();
    while is_server_of(pid, files) {
        if start.elapsed() > STOP_TIMEOUT {
            bail!(
                "the PostgreSQL with process number {pid} does not stop: end it with `kill -QUIT {pid}` and call again"
            );
        }
        sleep(Duration::from_millis(100));
    }
    Ok(())
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
