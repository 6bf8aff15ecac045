//! How often things may be tried. Owns the sizes and rates; the counting is the store's, in one statement.
//!
//! Each bucket is leaky: a try fills it by one, time empties it, a try that would overflow it is refused and adds
//! nothing. So nobody is ever locked out for good, and hammering does not prolong the wait. A try is counted
//! before the password is looked at, so that parallel guesses cannot overtake the count, and given back when the
//! password was right.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::username::UsernameKey;

/// A kind of bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in the database.
    pub scope: &'static str,
    /// How many tries in a row.
    pub size: u32,
    /// One more try after each of these.
    pub seconds_per_try: u32,
}

/// Wrong passwords for one account from one address: what a guesser meets first. Filled only once a password
/// was wrong; ten leave room for a forgetful person.
pub const WRONG_PASSWORD: Bucket = Bucket { scope: "wrong-password", size: 10, seconds_per_try: 30 };

/// Tries for one account from one address, those under way included: what bounds guesses that are sent all at
/// once, before any of them was found wrong. Wider, because a person's tabs also sign in all at once.
pub const SIGN_IN_ACCOUNT_FROM_ADDRESS: Bucket =
    Bucket { scope: "sign-in-account-address", size: 40, seconds_per_try: 30 };

/// Wrong passwords for one account from everywhere. NIST SP 800-63B-4 §3.2.2 asks for at most 100 in a row; the
/// rate stays high enough that a botnet slows the owner down but cannot keep them out for long.
pub const SIGN_IN_ACCOUNT: Bucket = Bucket { scope: "sign-in-account", size: 100, seconds_per_try: 20 };

/// Wrong passwords from one address for any account (spraying). A lecture hall behind one address must fit.
pub const SIGN_IN_ADDRESS: Bucket = Bucket { scope: "sign-in-address", size: 300, seconds_per_try: 2 };

/// Attempts to register from one address: bounds made-up accounts, and asking which names are taken. A lecture
/// hall that registers in the same quarter of an hour must fit.
pub const REGISTER_ADDRESS: Bucket = Bucket { scope: "register-address", size: 200, seconds_per_try: 10 };

/// Whom a bucket counts, as a hash: the table is no list of who tried what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject([u8; 32]);

impl Subject {
    #[must_use]
    pub fn account(account: &UsernameKey) -> Self {
        Self(Sha256::digest(account.as_str()).into())
    }

    #[must_use]
    pub fn address(address: Option<IpAddr>) -> Self {
        Self(Sha256::digest(network_of(address)).into())
    }

    #[must_use]
    pub fn account_from_address(account: &UsernameKey, address: Option<IpAddr>) -> Self {
        let digest = Sha256::new().chain_update(network_of(address)).chain_update([0]);
        Self(digest.chain_update(account.as_str()).finalize().into())
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// An IPv4 address, or the /64 of an IPv6 one: a household has a whole /64, so single addresses say nothing.
/// Requests whose address the runtime does not tell share one bucket.
fn network_of(address: Option<IpAddr>) -> Vec<u8> {
    match address.map(|address| address.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(v4)) => v4.octets().to_vec(),
        Some(IpAddr::V6(v6)) => v6.octets().into_iter().take(8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::username::Username;

    #[test]
    fn ipv6_counts_by_its_64_and_mapped_ipv4_as_ipv4() {
        let subject = |text: &str| Subject::address(Some(text.parse().unwrap()));
        assert_eq!(subject("2001:db8::1"), subject("2001:db8::ffff:2"));
        assert_ne!(subject("2001:db8::1"), subject("2001:db8:0:1::1"));
        assert_eq!(subject("::ffff:192.0.2.1"), subject("192.0.2.1"));
        assert_ne!(subject("192.0.2.1"), subject("192.0.2.2"));
    }

    #[test]
    fn the_spelling_of_a_name_does_not_make_another_account() {
        let account = |name: &str| Subject::account(Username::parse(name).unwrap().key());
        assert_eq!(account("Alice"), account("ALICE "));
    }
}
