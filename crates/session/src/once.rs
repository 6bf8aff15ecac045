//! What makes a request the same as one before. Only hashes leave the component that asks.

use sha2::{Digest, Sha256};

/// A user's key and what is asked under it, hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub(crate) key: String,
    pub(crate) request: String,
}

impl Once {
    /// `key` as the client chose it, `request` whatever must be the same for the answer to be the same.
    #[must_use]
    pub fn new(key: &str, request: &str) -> Self {
        Self { key: hash(key), request: hash(request) }
    }

    /// Whether both have the same key, whatever they ask.
    #[must_use]
    pub fn has_key_of(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same_and_nothing_of_it_can_be_read() {
        let once = Once::new("key", "Trier une liste ?");
        assert_eq!(once, Once::new("key", "Trier une liste ?"));
        assert_ne!(once.request, Once::new("key", "Trier une liste").request);
        // SHA-256 of "abc", from FIPS 180-4's own example.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Once::new("abc", "").key, abc);
    }
}
