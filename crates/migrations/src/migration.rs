//! One migration: its number, its name, its text.

use sha2::{Digest, Sha256};

/// One SQL file: `NNNN_verb_noun.sql`, never edited once merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    version: u32,
    name: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// Takes a file's name and text, as a constant: a malformed name stops the build.
    ///
    /// # Panics
    /// When the name is not four digits, `_`, then lower-case letters, digits and `_`, then `.sql`. Meant for
    /// `const` tables, where this is a compile error.
    #[must_use]
    #[expect(clippy::panic, clippy::indexing_slicing, reason = "evaluated at compile time in const tables")]
    pub const fn new(file_name: &'static str, sql: &'static str) -> Self {
        let bytes = file_name.as_bytes();
        let Some((stem, suffix)) = bytes.split_last_chunk::<4>() else {
            panic!("a migration is named NNNN_verb_noun.sql");
        };
        assert!(matches!(suffix, b".sql"), "a migration's name ends in .sql");
        assert!(stem.len() > 5 && stem[4] == b'_', "a migration is named NNNN_verb_noun.sql");
        let mut version = 0;
        let mut at = 0;
        while at < stem.len() {
            let byte = stem[at];
            if at < 4 {
                assert!(byte.is_ascii_digit(), "a migration's name starts with four digits");
                version = version * 10 + (byte - b'0') as u32;
            } else {
                let harmless = byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                assert!(harmless, "a migration's name is lower-case letters, digits and _");
            }
            at += 1;
        }
        Self { version, name: file_name, sql }
    }

    /// The number the file's name starts with; migrations are applied in this order.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The file's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// SHA-256 of the file's text, in lower-case hexadecimal. A changed file is noticed by it.
    #[must_use]
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_file_name() {
        let migration = Migration::new("0012_add_sessions.sql", "SELECT 1");
        assert_eq!((migration.version(), migration.name()), (12, "0012_add_sessions.sql"));
    }

    #[test]
    fn a_malformed_name_is_refused() {
        for name in
            ["12_add.sql", "0012.sql", "0012_Add.sql", "0012_add.txt", "0012-add.sql", "00a2_add.sql", ""]
        {
            let made = std::panic::catch_unwind(|| Migration::new(name, ""));
            assert!(made.is_err(), "{name} was accepted");
        }
    }

    #[test]
    fn the_checksum_is_the_sha256_of_the_text() {
        let expected = "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5";
        assert_eq!(Migration::new("0001_a_b.sql", "SELECT 1").checksum(), expected);
    }
}
