//! The id of a request.

/// Identifies one request in the reply, in the log and in the requests sent on its behalf (`x-request-id`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Longest id accepted from a gateway, in characters.
    pub const CHARS_MAX: usize = 64;

    /// The gateway's id when it is safe in a log (letters, digits, `-`, `_`), else one of 128 random bits.
    #[must_use]
    pub fn from_header_or(given: Option<&str>, random: [u8; 16]) -> Self {
        let is_safe = |id: &&str| {
            (8..=Self::CHARS_MAX).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        match given.filter(is_safe) {
            Some(id) => Self(id.to_owned()),
            None => Self(hex::encode(random)),
        }
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
    fn a_request_id_that_is_not_safe_in_a_log_is_replaced() {
        let check = |given, kept: bool| {
            let id = RequestId::from_header_or(Some(given), [0xab; 16]);
            assert_eq!(id.as_str() == given, kept, "{given}");
        };
        check("3f2c-1a_B9", true);
        check("short", false);
        check("abcdefgh\r\nset-cookie: x", false);
        check(&"a".repeat(65), false);
    }
}
