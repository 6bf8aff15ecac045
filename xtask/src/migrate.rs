//! `cargo xtask migrate`: brings a database up to date with the SQL files of auth, and reports what it did.
//!
//! auth does the same when it finds the schema behind; this does it before. A program of its own (xtask/migrate) speaks
//! to PostgreSQL, so that only this task compiles a client.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::paths::Tree;
use crate::postgres::{Cluster, Purpose};
use crate::{process, up};

pub(crate) fn command() -> Command {
    Command::new("migrate")
        .about("Bring a database up to date with the SQL files of auth")
        .long_about(
            "Bring a database up to date with components/auth/migrations.\n\n\
             Safe to call at any time and from many machines at once: each file is applied once, under a lock, as one\n\
             transaction. auth does the same by itself when it starts with a schema that is behind.",
        )
        .args([
            Arg::new("database-url")
                .long("database-url")
                .value_name("URL")
                .help("The database to migrate [default: the private one of `cargo xtask up`]"),
            Arg::new("data-dir")
                .long("data-dir")
                .value_name("FOLDER")
                .conflicts_with("database-url")
                .value_parser(value_parser!(PathBuf))
                .help("Where the private database is [default: .atelier]"),
        ])
}

pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    if let Some(url) = matches.get_one::<String>("database-url") {
        let database = up::Database::parse(url)?;
        if database.uses_tls() {
            bail!(
                "this command speaks to PostgreSQL without TLS, and that database asks for it: start the app with the same database instead, auth applies the migrations by itself over TLS; or add ?sslmode=disable on a network you trust"
            );
        }
        database.check()?;
        return apply(&tree, url);
    }
    let data = tree.data(matches.get_one("data-dir").map(PathBuf::as_path))?;
    let _lock = up::lock(&data)?;
    // As the application's own role: it must own the tables.
    apply(&tree, &Cluster::start(&data, Purpose::Keep)?.application_url())
}

fn apply(tree: &Tree, url: &str) -> Result<()> {
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args(["run", "--quiet", "--package=atelier-migrate", "--target-dir"]);
    // The URL holds a password, and the arguments of a process are public.
    cargo.arg(&tree.target).arg("--").arg("components/auth/migrations").env("DATABASE_URL", url);
    process::run(&mut cargo)
}
