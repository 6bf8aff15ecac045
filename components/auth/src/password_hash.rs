//! Hashing passwords. The only place that names Argon2's parameters; knows no storage and takes its salt as an
//! argument.
//!
//! m = 19456 KiB, t = 2, p = 1 is OWASP's minimum for Argon2id and approved by ASVS 5.0 Appendix C. One hash is
//! about 30 ms natively and 60 ms in wasm, during which its instance answers nobody else; memory is taken and
//! given back per hash, and an instance hashes one password at a time because nothing in here awaits.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::password::TypedPassword;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A PHC string, as stored. No `Debug`: hashes stay out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// What comparing a password with a hash says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed with other parameters than today's: hash it again while the password is at hand.
    RightButOutdated,
}

/// Hashing failed, which takes a bug or an exhausted memory; the text is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashError(pub String);

impl PasswordHash {
    /// A hash that no password has, with today's parameters: comparing with it costs what a real one costs,
    /// so that the time of an answer does not tell whether an account exists.
    #[must_use]
    pub fn of_nobody() -> Self {
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        Self(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
    }

    /// Takes what the database holds; it is judged when it is verified.
    #[must_use]
    pub const fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Hashes with today's parameters and 16 random bytes of salt.
    ///
    /// # Errors
    /// [`HashError`] when the 19 MiB cannot be had.
    pub fn of(password: &TypedPassword, salt: [u8; 16]) -> Result<Self, HashError> {
        let salt = SaltString::encode_b64(&salt).map_err(|error| HashError(error.to_string()))?;
        let hash = argon2()?.hash_password(password.as_bytes(), &salt);
        hash.map(|phc| Self(phc.to_string())).map_err(|error| HashError(error.to_string()))
    }

    /// Compares in constant time.
    ///
    /// # Errors
    /// [`HashError`] when the stored text is not a hash we can compute.
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

    fn typed(text: &str) -> TypedPassword {
        TypedPassword::parse(text).unwrap()
    }

    #[test]
    fn a_hash_knows_its_password_and_names_its_parameters() {
        let hash = PasswordHash::of(&typed("le chat dort sous la table"), [1; 16]).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert_eq!(hash.verify(&typed("le chat dort sous la table")), Ok(Verdict::Right));
        assert_eq!(hash.verify(&typed("le chat dort sous la Table")), Ok(Verdict::Wrong));
    }

    #[test]
    fn nobodys_hash_costs_what_todays_hashes_cost_and_fits_no_password() {
        let nobody = PasswordHash::of_nobody();
        let phc = Phc::new(nobody.as_str()).unwrap();
        assert!(is_current(&phc), "the dummy must follow the parameters");
        let real = PasswordHash::of(&typed("x"), [1; 16]).unwrap();
        assert_eq!(nobody.as_str().len(), real.as_str().len());
        assert_eq!(nobody.verify(&typed("A")), Ok(Verdict::Wrong));
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
    fn what_is_no_hash_is_an_error_and_not_a_match() {
        assert!(PasswordHash::from_stored("plain".to_owned()).verify(&typed("plain")).is_err());
    }
}
