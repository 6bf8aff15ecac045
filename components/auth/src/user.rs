//! Accounts as they are stored. Knows no storage.

use crate::{password_hash::PasswordHash, session::hex_encode, username::Username};

/// Names an account for ever, also in llm and ocr: a random UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

/// An account to be stored.
pub struct NewUser {
    pub id: UserId,
    pub username: Username,
    pub password_hash: PasswordHash,
}

/// An account as found.
#[derive(Clone)]
pub struct StoredUser {
    pub id: UserId,
    /// As shown.
    pub username: String,
    pub password_hash: PasswordHash,
    /// Goes up with each change of the password; sessions are good for one version.
    pub password_version: i64,
}

impl UserId {
    /// A version 4 UUID (RFC 9562 §5.4) of random bytes.
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex_encode(&bytes);
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
        Self(format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)))
    }

    /// Takes what the database holds.
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
