//! The text of the statements, and the table that records what was applied.

use crate::migration::Migration;

/// Lists what was applied: columns `version` (bigint) and `checksum` (text). Fails with SQLSTATE 42P01
/// (undefined table) on a database that has never been migrated.
pub const APPLIED: &str = "SELECT version, checksum FROM schema_migrations ORDER BY version";

/// The SQLSTATE raised when a migration was edited after it had been applied (a user-defined class, so that
/// it cannot be confused with PostgreSQL's own).
pub const CHECKSUM_MISMATCH: &str = "AT001";

/// The advisory lock's key: "atelier" in ASCII. One transaction holds it at a time; it is released with the
/// transaction, also when the connection ends.
const LOCK_KEY: i64 = 0x0061_7465_6c69_6572;

impl Migration {
    /// One statement, a `DO` block, that applies this migration unless that was done before.
    ///
    /// `EXECUTE` takes the file's text as it is, several commands included, and parses each only when the ones
    /// before it have run. The lock is taken first: under READ COMMITTED each later statement then sees what the
    /// previous holder committed, so of many instances one applies and the others find nothing to do.
    #[must_use]
    pub fn statement(&self) -> String {
        let Self { sql, .. } = self;
        let (block, text) = (free_tag(sql, "atelier_block"), free_tag(sql, "atelier_sql"));
        let (version, name, checksum) = (self.version(), self.name(), self.checksum());
        format!(
            "DO ${block}$
BEGIN
  PERFORM pg_advisory_xact_lock({LOCK_KEY});
  IF to_regclass('schema_migrations') IS NULL THEN
    CREATE TABLE schema_migrations (
      version bigint CONSTRAINT schema_migrations_pkey PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE schema_migrations IS
      'Which migration files were applied, and the SHA-256 of their text, so that an edited file is refused.';
  END IF;
  IF EXISTS (SELECT FROM schema_migrations WHERE version = {version} AND checksum <> '{checksum}') THEN
    RAISE EXCEPTION 'migration {name} was edited after it had been applied'
      USING ERRCODE = '{CHECKSUM_MISMATCH}', HINT = 'Restore the file and put the change into a new one.';
  END IF;
  IF NOT EXISTS (SELECT FROM schema_migrations WHERE version = {version}) THEN
    EXECUTE ${text}${sql}${text}$;
    INSERT INTO schema_migrations (version, name, checksum) VALUES ({version}, '{name}', '{checksum}');
  END IF;
END
${block}$"
        )
    }
}

/// A dollar-quote tag that the text does not contain, so that nothing in a file can end the quotation.
fn free_tag(sql: &str, wanted: &str) -> String {
    let mut tag = wanted.to_owned();
    while sql.contains(&tag) {
        tag.push('x');
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_end_the_quotation_it_stands_in() {
        let sql = "SELECT $atelier_sql$; SELECT $atelier_block$";
        let statement = Migration::new("0001_a_b.sql", sql).statement();
        assert!(statement.contains(&format!("EXECUTE $atelier_sqlx${sql}$atelier_sqlx$;")), "{statement}");
        assert!(statement.starts_with("DO $atelier_blockx$") && statement.ends_with("$atelier_blockx$"));
    }

    #[test]
    fn the_lock_comes_before_anything_is_read() {
        let statement = Migration::new("0001_a_b.sql", "SELECT 1").statement();
        let lock = statement.find("pg_advisory_xact_lock").unwrap();
        assert!(lock < statement.find("to_regclass").unwrap());
    }
}
