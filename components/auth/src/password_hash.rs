//! Password hashing. The only place that names Argon2's parameters. No I/O; the salt is an argument.
//!
//! m = 19456 KiB, t = 2, p = 1 is OWASP's minimum for Argon2id and approved by ASVS 5.0 Appendix C. One hash takes
//! 11 to 15 ms natively and about 25 in wasm, during which its instance serves no other request. Nothing in here awaits,
//! so an instance computes one hash at a time; the memory is freed after each.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::password::TypedPassword;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A PHC string, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed with other than the current parameters: hash it again while the password is known.
    RightButOutdated,
}

/// Hashing failed: a bug, or not enough memory. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashError(pub String);

impl PasswordHash {
    /// A hash that no password has, with the current parameters: a verification against it takes as long as a real
    /// one, so that the time of a reply does not reveal whether an account exists.
    #[must_use]
    pub fn dummy() -> Self {
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        Self(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
    }

    /// The hash as the database returns it; parsed by [`PasswordHash::verify`].
    #[must_use]
    pub const fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Hashes with the current parameters and 16 random bytes of salt.
    ///
    /// # Errors
    /// [`HashError`] when the 19 MiB cannot be allocated.
    pub fn of(password: &TypedPassword, salt: [u8; 16]) -> Result<Self, HashError> {
        let salt = SaltString::encode_b64(&salt).map_err(|error| HashError(error.to_string()))?;
        let hash = argon2()?.hash_password(password.as_bytes(), &salt);
        hash.map(|phc| Self(phc.to_string())).map_err(|error| HashError(error.to_string()))
    }

    /// Compares in constant time.
    ///
    /// # Errors
    /// [`HashError`] when the stored text is not a hash that can be computed.
    pub fn verify(&self, password: &TypedPassword) -> Result<Verdict, HashError> {
        let phc = Phc::new(&self.0).map_err(|error| HashError(error.to_string()))?;
        match argon2()?.verify_password(password.as_bytes(), &phc) {
            Ok(()) if is_current(&phc) => Ok(Verdict::Right),
            Ok(()) => Ok(Verdict::RightButOutdated),
            Err(argon2::password_hash::Error::Password) => Ok(Verdict::Wrong),
            Err(error) => Err(HashError(error.to_string())),
        }
    }
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_current(phc: &Phc<'_>) -> bool {
    let same_algorithm =
        phc.algorithm == Algorithm::Argon2id.ident() && phc.version == Some(Version::V0x13.into());
    let same_cost = Params::try_from(phc).is_ok_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
    });
    same_algorithm && same_cost
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(PasswordHash: std::fmt::Debug);

    fn typed(text: &str) -> TypedPassword {
        TypedPassword::parse(&text.into()).unwrap()
    }

    #[test]
    fn a_hash_verifies_its_password_and_names_its_parameters() {
        let hash = PasswordHash::of(&typed("le chat dort sous la table"), [1; 16]).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert_eq!(hash.verify(&typed("le chat dort sous la table")), Ok(Verdict::Right));
        assert_eq!(hash.verify(&typed("le chat dort sous la Table")), Ok(Verdict::Wrong));
    }

    #[test]
    fn the_dummy_hash_has_the_current_parameters_and_matches_no_password() {
        let dummy = PasswordHash::dummy();
        let phc = Phc::new(dummy.as_str()).unwrap();
        assert!(is_current(&phc), "the dummy must follow the parameters");
        let real = PasswordHash::of(&typed("x"), [1; 16]).unwrap();
        assert_eq!(dummy.as_str().len(), real.as_str().len());
        assert_eq!(dummy.verify(&typed("A")), Ok(Verdict::Wrong));
    }

    #[test]
    fn a_hash_with_other_parameters_is_outdated() {
        let weaker = Params::new(8192, 1, 1, None).unwrap();
        let salt = SaltString::encode_b64(&[2; 16]).unwrap();
        let phc =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, weaker).hash_password(b"secret", &salt).unwrap();
        let hash = PasswordHash::from_stored(phc.to_string());
        assert_eq!(hash.verify(&typed("secret")), Ok(Verdict::RightButOutdated));
        assert_eq!(hash.verify(&typed("other")), Ok(Verdict::Wrong));
    }

    #[test]
    fn a_stored_text_that_is_no_hash_is_an_error_and_not_a_match() {
        assert!(PasswordHash::from_stored("plain".to_owned()).verify(&typed("plain")).is_err());
    }
}
