//! Migrations. The files are plain SQL in `components/auth/migrations`, embedded here; `crates/migrations` renders them.
//!
//! Two versions of the program run at once during a rollout, so a change of shape takes two releases: expand
//! (add what the new code needs, which the old code does not mind), then contract (drop what only the old code
//! used). A file is never edited after merge: its checksum is recorded.

use migrations::{Applied, Migration, Problem};

use super::{Database, DatabaseError};

macro_rules! migration {
    ($file:literal) => {
        Migration::new($file, include_str!(concat!("../../migrations/", $file)))
    };
}

/// In the order in which they are applied. A test compares this list with the folder.
pub const MIGRATIONS: &[Migration] = &[
    migration!("0001_create_users.sql"),
    migration!("0002_create_sessions.sql"),
    migration!("0003_create_throttles.sql"),
    migration!("0004_create_daily_spending.sql"),
    migration!("0005_create_breakers.sql"),
    migration!("0006_create_idempotency_keys.sql"),
    migration!("0007_create_reservations.sql"),
    migration!("0008_drop_idempotency_keys.sql"),
    migration!("0009_bound_costs.sql"),
    migration!("0010_create_hashing_turns.sql"),
];

/// Applies missing migrations. Many instances may do so at once: each statement takes a lock, checks again, then acts.
pub(super) async fn apply(database: &impl Database) -> Result<(), DatabaseError> {
    for migration in missing(database).await? {
        database.migrate(&migration.statement()).await.map_err(|error| failed(migration, error))?;
    }
    Ok(())
}

async fn missing(database: &impl Database) -> Result<Vec<&'static Migration>, DatabaseError> {
    let rows = match database.query(migrations::APPLIED, &[]).await {
        Err(error) if error.means_schema_behind() => Vec::new(),
        other => other?,
    };
    let applied = rows
        .into_iter()
        .map(|mut row| Ok(Applied { version: row.int(0)?, checksum: row.text(1)? }))
        .collect::<Result<Vec<_>, DatabaseError>>()?;
    migrations::pending(MIGRATIONS, &applied).map_err(|Problem::Edited { name }| {
        DatabaseError::SchemaBehind(format!("migration {name} was edited after it had been applied"))
    })
}

fn failed(migration: &Migration, error: DatabaseError) -> DatabaseError {
    if error.means_unavailable() {
        return error;
    }
    DatabaseError::SchemaBehind(format!("migration {} failed: {}", migration.name(), error.cause()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<&str> = MIGRATIONS.iter().map(Migration::name).collect();
        assert_eq!(listed, files);
    }

    #[test]
    fn versions_are_consecutive_from_one() {
        let versions: Vec<u32> = MIGRATIONS.iter().map(Migration::version).collect();
        assert_eq!(versions, (1..=u32::try_from(MIGRATIONS.len()).unwrap()).collect::<Vec<_>>());
    }
}
