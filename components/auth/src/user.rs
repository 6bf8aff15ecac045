//! Accounts. Knows no storage.

use crate::{password_hash::PasswordHash, username::Username};

/// The permanent id of an account, also in llm and ocr: a random UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

/// An account to be stored.
pub struct NewUser {
    pub id: UserId,
    pub username: Username,
    pub password_hash: PasswordHash,
}

/// An account as it is stored.
#[derive(Clone)]
pub struct StoredUser {
    pub id: UserId,
    /// As shown.
    pub username: String,
    pub password_hash: PasswordHash,
    /// Grows with each change of the password; a session is valid for one version.
    pub password_version: i64,
}

impl UserId {
    /// A version 4 UUID (RFC 9562 §5.4) of random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    /// The id as the database returns it.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_version_4_uuid() {
        assert_eq!(UserId::from_random([0xff; 16]).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(UserId::from_random([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
    }
}
