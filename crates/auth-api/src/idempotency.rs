//! What makes a request a repetition of an earlier one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 of the client's key and of the request under it. Only hashes leave the tool, so neither can be read in
/// auth's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    #[serde(with = "hex::serde")]
    pub key_hash: [u8; 32],
    #[serde(with = "hex::serde")]
    pub request_hash: [u8; 32],
}

impl IdempotencyKey {
    /// `key` as the client chose it, `request` everything that must be equal for the response to be equal.
    #[must_use]
    pub fn new(key: &str, request: &str) -> Self {
        let hash = |text: &str| Sha256::digest(text.as_bytes()).into();
        Self { key_hash: hash(key), request_hash: hash(request) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_requests_have_equal_keys_and_only_hashes_are_visible() {
        let key = IdempotencyKey::new("abc", "Trier une liste ?");
        assert_eq!(key, IdempotencyKey::new("abc", "Trier une liste ?"));
        assert_ne!(key.request_hash, IdempotencyKey::new("abc", "Trier une liste").request_hash);
        // SHA-256 of "abc", the example of FIPS 180-4.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(serde_json::to_value(&key).unwrap()["key_hash"], abc);
    }
}
