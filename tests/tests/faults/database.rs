//! A PostgreSQL of its own that is killed, restarted, paused, without connections or without space.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use atelier_tests::{App, Database, DatabaseConnection as Connection, OwnServer};

use crate::traffic::{Outcome, during};

const END_THE_APPLICATIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE usename = current_user AND application_name <> 'other'";

/// A folder for one server, short enough for the name of a socket.
fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("atelier-{name}-{}", std::process::id()))
}

fn app_on(server: &OwnServer) -> App {
    let database = Database::on(server);
    App::start_with(|setup| setup.connect_to(&database))
}

#[test]
fn a_killed_postgresql_loses_nothing_acknowledged() {
    let mut server = OwnServer::start(&folder("killed"));
    let app = app_on(&server);
    let Outcome { refused, .. } = during(&app, |more| {
        server.signal("KILL");
        more(8);
        server.start_again();
    });
    assert!(refused > 0, "the fault was seen");
}

#[test]
fn a_restarted_postgresql_loses_nothing_acknowledged() {
    let mut server = OwnServer::start(&folder("restarted"));
    let app = app_on(&server);
    during(&app, |_| {
        // A fast shutdown: sessions are ended, what is committed is written.
        server.signal("INT");
        server.start_again();
    });
}

#[test]
fn a_paused_postgresql_only_delays() {
    let server = OwnServer::start(&folder("paused"));
    let app = app_on(&server);
    let Outcome { refused, .. } = during(&app, |more| {
        server.signal("STOP");
        // Less than `lock_timeout`, which goes on meanwhile.
        thread::sleep(Duration::from_secs(1));
        server.signal("CONT");
        more(8);
    });
    assert_eq!(refused, 0, "a second is waited for");
}

#[test]
fn a_postgresql_without_free_connections_is_used_again_when_it_has_some() {
    let server = OwnServer::start(&folder("crowded"));
    let database = Database::on(&server);
    let app = App::start_with(|setup| setup.connect_to(&database));
    let Outcome { refused, .. } = during(&app, |more| {
        let mut others = Vec::new();
        for _ in 0..20 {
            // Those of the application end, and others take the places before it can connect again.
            if let Some(other) = others.last_mut() {
                let other: &mut Connection = other;
                other.batch_execute(END_THE_APPLICATIONS).expect("a connection of its own");
            }
            while let Ok(mut other) = database.try_connect() {
                other.batch_execute("SET application_name = 'other'").expect("a new connection");
                others.push(other);
            }
        }
        more(8);
        drop(others);
    });
    assert!(refused > 0, "the fault was seen");
}

#[test]
fn a_full_disk_refuses_and_loses_nothing_acknowledged() {
    let folder = folder("full");
    let Some(disk) = SmallDisk::mount(&folder) else {
        assert!(!is_ci(), "CI may mount a small file system");
        println!("LEFT OUT: only root may mount a small file system");
        return;
    };
    let mut server = OwnServer::start(&folder.join("server"));
    let app = app_on(&server);
    let mut administrator = server.administrator();
    let Outcome { refused, .. } = during(&app, |more| {
        let filler = folder.join("filler");
        // The log of changes has room left in its files: something is written until they are full.
        let _ = Command::new("dd").arg("if=/dev/zero").arg(format!("of={}", filler.display())).output();
        let written = administrator.batch_execute(
            "SELECT pg_logical_emit_message(false, 'full', repeat('x', 1000000)) FROM generate_series(1, 100)",
        );
        assert!(written.is_err(), "the disk is full");
        more(8);
        std::fs::remove_file(&filler).expect("it was just written");
        // A server that could not write its log of changes has ended.
        if !server.is_running() {
            server.start_again();
        }
    });
    assert!(refused > 0, "the fault was seen");
    drop((app, server, disk));
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false")
}

/// In CI with the rights of root, which a runner's own account has through sudo; elsewhere with those of the caller.
fn privileged(program: &str) -> Command {
    if !is_ci() || !Path::new("/usr/bin/sudo").exists() {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    sudo
}

/// A file system of 200 MB in memory, unmounted when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let options = ["-t", "tmpfs", "-o", "size=200m,mode=1777", "none"];
        let mounted = privileged("mount").args(options).arg(folder).output();
        let disk = Self(folder.to_owned());
        mounted.is_ok_and(|output| output.status.success()).then_some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = privileged("umount").arg("--lazy").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}
