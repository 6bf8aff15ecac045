//! What remains to be done, from what the database says was done.

use crate::migration::Migration;

/// One row of [`crate::APPLIED`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub version: i64,
    pub checksum: String,
}

/// Why a database must not be migrated by this version of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The file was edited after it had been applied; restore it and put the change into a new one.
    Edited { name: &'static str },
}

/// The migrations that were not applied yet, in order.
///
/// Versions in the database that this program does not know are fine: a newer program ran its expanding
/// migrations already, and the schema still serves us (expand, then contract).
///
/// # Errors
/// [`Problem::Edited`] for a file whose text is no longer what was applied.
pub fn pending<'a>(all: &'a [Migration], applied: &[Applied]) -> Result<Vec<&'a Migration>, Problem> {
    let mut missing = Vec::new();
    for migration in all {
        match applied.iter().find(|row| row.version == i64::from(migration.version())) {
            None => missing.push(migration),
            Some(row) if row.checksum != migration.checksum() => {
                return Err(Problem::Edited { name: migration.name() });
            }
            Some(_) => {}
        }
    }
    missing.sort_by_key(|migration| migration.version());
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Migration; 2] =
        [Migration::new("0001_create_users.sql", "one"), Migration::new("0002_create_sessions.sql", "two")];

    fn applied(version: i64, checksum: &str) -> Applied {
        Applied { version, checksum: checksum.to_owned() }
    }

    #[test]
    fn an_empty_database_needs_everything_in_order() {
        assert_eq!(pending(&ALL, &[]), Ok(vec![&ALL[0], &ALL[1]]));
    }

    #[test]
    fn what_was_applied_is_not_pending() {
        let rows = [applied(1, &ALL[0].checksum())];
        assert_eq!(pending(&ALL, &rows), Ok(vec![&ALL[1]]));
    }

    #[test]
    fn a_newer_program_may_have_gone_ahead() {
        let rows = [applied(1, &ALL[0].checksum()), applied(2, &ALL[1].checksum()), applied(3, "unknown")];
        assert_eq!(pending(&ALL, &rows), Ok(vec![]));
    }

    #[test]
    fn an_edited_file_is_named() {
        let rows = [applied(1, "other")];
        assert_eq!(pending(&ALL, &rows), Err(Problem::Edited { name: "0001_create_users.sql" }));
    }
}
