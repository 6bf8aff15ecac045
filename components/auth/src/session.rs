//! Sessions: token, lifetimes, user. Knows neither cookies nor storage.

use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use web::UnixTime;

use crate::{metering::store::Spent, user::UserId};

/// A session that is not used for this long ends (NIST and OWASP: 15 to 30 minutes for low-risk applications).
pub const IDLE_SECONDS_MAX: i64 = 30 * 60;
/// It ends after this long in any case.
pub const AGE_SECONDS_MAX: i64 = 12 * 60 * 60;
/// The last use is recorded at most this often, so a session may end this much before its idle limit.
pub const USE_RECORDED_EVERY_SECONDS: i64 = 60;
/// How much of the `User-Agent` is stored, in characters.
pub const USER_AGENT_CHARS_MAX: usize = 200;

/// The secret in the cookie: 256 random bits, in hexadecimal.
pub struct SessionToken(SecretBox<[u8; 32]>);

/// What is stored of a token: its SHA-256. The token is random, so a fast hash without salt is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

/// Names a session in the user's list: the first eight bytes of its hash, useless for signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHandle(String);

/// A session to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub token_hash: TokenHash,
    pub user_agent: String,
    pub started: UnixTime,
}

/// A valid session and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    pub user_id: UserId,
    /// As shown.
    pub username: String,
    pub token_hash: TokenHash,
    /// Today, for every page that says what is left.
    pub spent: Spent,
}

/// One line of the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    pub handle: SessionHandle,
    pub user_agent: String,
    pub started: UnixTime,
    pub last_seen: UnixTime,
}

impl SessionToken {
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Box::new(bytes).into())
    }

    /// Reads a cookie's value; `None` when it is not 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self::from_random(bytes))
    }

    /// The cookie's value.
    #[must_use]
    pub fn to_cookie(&self) -> SecretString {
        hex::encode(self.0.expose_secret()).into()
    }

    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.expose_secret()).into())
    }
}

impl TokenHash {
    #[must_use]
    pub const fn from_stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[must_use]
    pub fn handle(&self) -> SessionHandle {
        SessionHandle(hex::encode(&self.0[..8]))
    }
}

impl SessionHandle {
    /// Sixteen hexadecimal digits in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewSession {
    #[must_use]
    pub fn new(token: &SessionToken, user_agent: &str, now: UnixTime) -> Self {
        let printable = user_agent.chars().filter(|character| !character.is_control());
        Self {
            token_hash: token.hash(),
            user_agent: printable.take(USER_AGENT_CHARS_MAX).collect(),
            started: now,
        }
    }

    /// The absolute end.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        UnixTime(self.started.0.saturating_add(AGE_SECONDS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(SessionToken: std::fmt::Debug);

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is() {
        let token = SessionToken::from_random([0xa7; 32]);
        let read = SessionToken::parse(token.to_cookie().expose_secret()).unwrap();
        assert_eq!(read.hash(), token.hash());
        for bad in ["", "a7", &"g0".repeat(32), &"a7".repeat(33), &"é".repeat(32)] {
            assert!(SessionToken::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_the_hash_is_stored_and_the_handle_is_its_start() {
        let token = SessionToken::from_random([1; 32]);
        // SHA-256 of the 32 bytes (FIPS 180-4).
        let digest = "72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793";
        assert_eq!(hex::encode(token.hash().as_bytes()), digest);
        let handle = token.hash().handle();
        assert_eq!(handle.as_str().len(), 16);
        assert_eq!(SessionHandle::parse(handle.as_str()), Some(handle));
        assert_eq!(SessionHandle::parse("0123456789ABCDEF"), None);
    }

    #[test]
    fn the_user_agent_is_cut_and_loses_its_control_characters() {
        let session = NewSession::new(&SessionToken::from_random([1; 32]), &"é\n".repeat(500), UnixTime(0));
        assert_eq!(session.user_agent, "é".repeat(200));
        assert_eq!(session.expires(), UnixTime(43_200));
    }
}
