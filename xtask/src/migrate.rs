//! `cargo xtask migrate`: brings a database up to date with the SQL files of auth, and says what it did.
//!
//! auth does the same by itself when it finds the schema behind; this is for whoever wants it done before.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use migrations::{APPLIED, Applied, Migration, Problem, pending};
use postgres::error::SqlState;
use postgres::{Client, NoTls};

use crate::paths::Tree;
use crate::postgres::{Cluster, Purpose};
use crate::{process, say, up};

/// Bring a database up to date with components/auth/migrations.
///
/// Safe to call at any time and from many machines at once: each file is applied once, under a lock, as one
/// transaction. auth does the same by itself when it starts with a schema that is behind.
#[derive(Args)]
pub(crate) struct Options {
    /// The database to migrate [default: the private one of `cargo xtask up`]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the private database is [default: .atelier]
    #[arg(long, conflicts_with = "database_url")]
    data_dir: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let migrations = read(&tree.root.join("components/auth/migrations"))?;
    match &options.database_url {
        Some(url) => report(&apply(&mut caller(url)?, &migrations)?, migrations.len()),
        None => {
            let data = tree.data(options.data_dir.as_deref())?;
            let _lock = up::lock(&data)?;
            let cluster = Cluster::start(&data, Purpose::Keep)?;
            let password = cluster.application(&data)?;
            // As the application's own role: a table of somebody else's would be closed to it.
            let mut client = cluster.connect(crate::postgres::roles::NAME, &password)?;
            report(&apply(&mut client, &migrations)?, migrations.len());
        }
    }
    Ok(())
}

fn report(applied: &[&Migration], known: usize) {
    for migration in applied {
        println!("applied {}", migration.name());
    }
    if applied.is_empty() {
        println!("nothing to do: all {known} migrations were applied before");
    }
}

fn caller(url: &str) -> Result<Client> {
    // Parsed first, because its messages never repeat the password.
    let database = up::Database::parse(url)?;
    if database.wants_tls() {
        bail!(
            "this command speaks to PostgreSQL without TLS, and that database asks for it: start the app with the same database instead, auth applies the migrations by itself over TLS; or add ?sslmode=disable on a network you trust"
        );
    }
    database.check()?;
    Client::connect(url, NoTls).context("the database refuses")
}

fn apply<'a>(client: &mut Client, migrations: &'a [Migration]) -> Result<Vec<&'a Migration>> {
    let applied = applied(client)?;
    let missing = pending(migrations, &applied).map_err(|Problem::Edited { name }| {
        anyhow::anyhow!(
            "{name} was edited after it had been applied: restore it and put the change into a new file"
        )
    })?;
    for migration in &missing {
        client
            .batch_execute(&migration.statement())
            .with_context(|| format!("cannot apply {}", migration.name()))?;
    }
    Ok(missing)
}

fn applied(client: &mut Client) -> Result<Vec<Applied>> {
    match client.query(APPLIED, &[]) {
        Ok(rows) => rows
            .iter()
            .map(|row| Ok(Applied { version: row.try_get("version")?, checksum: row.try_get("checksum")? }))
            .collect(),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(vec![]),
        Err(error) => Err(error).context("cannot read which migrations were applied"),
    }
}

/// The SQL files in order.
fn read(folder: &Path) -> Result<Vec<Migration>> {
    let what = || format!("cannot read {}", folder.display());
    let mut files =
        fs::read_dir(folder).with_context(what)?.collect::<Result<Vec<_>, _>>().with_context(what)?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut found = vec![];
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".sql") {
            continue;
        }
        if !well_named(&name) {
            bail!(
                "{name} is no name of a migration: four digits, `_`, lower-case letters, digits and `_`, then `.sql`"
            );
        }
        let sql = fs::read_to_string(file.path()).with_context(|| format!("cannot read {name}"))?;
        // `Migration` holds constants, because auth embeds its files; a handful of leaked texts ends with us.
        found.push(Migration::new(name.leak(), sql.leak()));
    }
    if found.is_empty() {
        bail!("there is no SQL file in {}", folder.display());
    }
    say::detail(&format!("{} migrations in {}", found.len(), folder.display()));
    Ok(found)
}

/// What `Migration::new` insists on: there a malformed name stops the build, here it gets a sentence.
fn well_named(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".sql") else { return false };
    let Some((version, words)) = stem.split_once('_') else { return false };
    let harmless = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    version.len() == 4
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && !words.is_empty()
        && words.bytes().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_migration_would_panic_at_are_refused_before() {
        assert!(well_named("0001_create_users.sql"));
        for name in
            ["1_a.sql", "0001.sql", "0001_.sql", "0001_A.sql", "0001-a.sql", "00x1_a.sql", "0001_a.txt"]
        {
            assert!(!well_named(name), "{name}");
        }
    }

    #[test]
    fn files_are_read_in_order_and_others_are_left_alone() {
        let folder = std::env::temp_dir().join(format!("atelier-xtask-migrations-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(read(&folder).unwrap_err().to_string().contains("no SQL file"));
        for name in ["0002_b.sql", "0001_a.sql", "README.md"] {
            fs::write(folder.join(name), "SELECT 1").unwrap();
        }
        let names: Vec<_> = read(&folder).unwrap().iter().map(Migration::name).collect();
        assert_eq!(names, ["0001_a.sql", "0002_b.sql"]);
        fs::write(folder.join("3_c.sql"), "SELECT 1").unwrap();
        assert!(read(&folder).unwrap_err().to_string().contains("3_c.sql"));
        fs::remove_dir_all(folder).unwrap();
    }
}
