//! Rate limits against guessing. Owns the sizes and rates; the store counts, in one statement.
//!
//! Each bucket is leaky: an attempt fills it by one, time empties it, and an attempt that would overflow it is refused
//! and adds nothing. So no account is locked permanently, and more attempts do not prolong the wait. An attempt is
//! counted before the password is verified, so that parallel guesses cannot overtake the count, and returned when the
//! password was right.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::username::UsernameKey;

/// A kind of bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in the database.
    pub scope: &'static str,
    /// How many attempts in a row.
    pub size: u32,
    /// One more attempt after each of these.
    pub seconds_per_attempt: u32,
}

/// Wrong passwords for one account from one address: the limit that a guesser reaches first. Filled only after a wrong
/// password; ten are enough for a user who does not remember which one it was.
pub const WRONG_PASSWORD: Bucket = Bucket { scope: "wrong-password", size: 10, seconds_per_attempt: 30 };

/// Attempts for one account from one address, including those under way: bounds guesses that are sent at the same time,
/// before any was found wrong. Larger, because several tabs of one user may also sign in at the same time.
pub const SIGN_IN_ACCOUNT_FROM_ADDRESS: Bucket =
    Bucket { scope: "sign-in-account-address", size: 40, seconds_per_attempt: 30 };

/// Wrong passwords for one account from all addresses. NIST SP 800-63B-4 §3.2.2 requires at most 100 in a row. Whoever has
/// many addresses can keep it full, so it does not count where the account is at home: [`SIGNED_IN_FROM`].
pub const SIGN_IN_ACCOUNT: Bucket = Bucket { scope: "sign-in-account", size: 100, seconds_per_attempt: 20 };

/// The same for those who have a session of the account, which others from elsewhere cannot fill: whoever has got hold of a
/// session guesses no better than without, and keeps nobody out where the account is at home.
pub const OWNER_ACCOUNT: Bucket = Bucket { scope: "owner-account", size: 100, seconds_per_attempt: 20 };

/// Not a limit but a memory: full for a week after a right password for one account from one address. From there the
/// owner gets in while others guess from elsewhere; the narrow limits above still hold.
pub const SIGNED_IN_FROM: Bucket =
    Bucket { scope: "signed-in-from", size: 1, seconds_per_attempt: 7 * 24 * 3600 };

/// Wrong passwords from one address for any account (password spraying). Large enough for a lecture hall behind one
/// address.
pub const SIGN_IN_ADDRESS: Bucket = Bucket { scope: "sign-in-address", size: 300, seconds_per_attempt: 2 };

/// Forms from one address that cannot be read or break a rule, for the pages that need no session. They cost little, but
/// nobody needs thousands.
pub const REFUSED_ADDRESS: Bucket = Bucket { scope: "refused-address", size: 300, seconds_per_attempt: 2 };

/// Registrations from one address, also failed ones: bounds throw-away accounts and probing for taken names. Large enough
/// for a lecture hall that registers at once. At most 600 in any 24 hours: the size, and as many again that leak out.
pub const REGISTER_ADDRESS: Bucket =
    Bucket { scope: "register-address", size: 300, seconds_per_attempt: 288 };

/// New accounts from all addresses: whoever has many addresses must not make any number of accounts, each with a quota of
/// its own. About 4000 in 24 hours at most. A registration that creates no account is given back.
pub const REGISTER_ALL: Bucket = Bucket { scope: "register-all", size: 2000, seconds_per_attempt: 43 };

/// The account or address that a bucket counts, as a hash: the table does not reveal who tried what.
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

    /// The one subject of a bucket that counts everybody.
    #[must_use]
    pub fn everybody() -> Self {
        Self(Sha256::digest("everybody").into())
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

/// Whom one attempt at the password of an account counts against.
#[derive(Debug, Clone, Copy)]
pub struct Subjects {
    pub account: Subject,
    pub address: Subject,
    pub account_from_address: Subject,
}

/// An IPv4 address, or the /64 of an IPv6 address, because one household has a whole /64. Requests whose address is
/// unknown share one bucket.
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
    fn all_spellings_of_a_name_share_one_subject() {
        let account = |name: &str| Subject::account(Username::parse(name).unwrap().key());
        assert_eq!(account("Alice"), account("ALICE "));
    }
}
