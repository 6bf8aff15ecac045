//! What a use case works with: the store, the settings, and the random bytes of one request.

use crate::settings::Settings;

/// The context of one request. The time is the request's own.
pub struct AppContext<'a, S> {
    pub store: &'a S,
    pub settings: Settings,
    pub random: Random,
}

/// Fresh random bytes for one request; each part is used at most once. No `Debug`: one part becomes a session's token.
#[derive(Clone)]
pub struct Random {
    pub token: [u8; 32],
    pub salt: [u8; 16],
    pub user_id: [u8; 16],
    pub reservation_id: [u8; 16],
    /// An attempt to sign in or to register purges expired rows when this is 0.
    pub purge_sample: u8,
}

impl Random {
    /// Splits bytes from a cryptographically secure generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 81]) -> Self {
        let mut rest = bytes.into_iter();
        let mut next = || rest.next().unwrap_or_default();
        Self {
            token: std::array::from_fn(|_| next()),
            salt: std::array::from_fn(|_| next()),
            user_id: std::array::from_fn(|_| next()),
            reservation_id: std::array::from_fn(|_| next()),
            purge_sample: next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Random: std::fmt::Debug);
}
