//! Applies the SQL files of a folder to the database at `DATABASE_URL`: `atelier-migrate FOLDER`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use migrations::{APPLIED, Applied, Migration, Problem, pending};
use postgres::error::SqlState;
use postgres::{Client, NoTls};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("call it with the folder of SQL files")?;
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let migrations = read(Path::new(&folder))?;
    let mut client = Client::connect(&url, NoTls).context("the database refuses")?;
    let applied = apply(&mut client, &migrations)?;
    for migration in &applied {
        println!("applied {}", migration.name());
    }
    if applied.is_empty() {
        println!("nothing to do: all {} migrations were applied before", migrations.len());
    }
    Ok(())
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
        // `Migration` holds constants, because auth embeds its files. A few leaked texts end with the program.
        found.push(Migration::new(name.leak(), sql.leak()));
    }
    if found.is_empty() {
        bail!("there is no SQL file in {}", folder.display());
    }
    eprintln!("  {} migrations in {}", found.len(), folder.display());
    Ok(found)
}

/// The names that `Migration::new` accepts. For any other it stops auth's build; here a person reads a message.
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
    fn names_that_a_migration_would_panic_at_are_not_accepted() {
        assert!(well_named("0001_create_users.sql"));
        for name in
            ["1_a.sql", "0001.sql", "0001_.sql", "0001_A.sql", "0001-a.sql", "00x1_a.sql", "0001_a.txt"]
        {
            assert!(!well_named(name), "{name}");
        }
    }

    #[test]
    fn sql_files_are_read_in_order_and_others_are_not() {
        let folder = std::env::temp_dir().join(format!("atelier-migrate-{}", std::process::id()));
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
