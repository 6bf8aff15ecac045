//! The body of a request to Gemini, produced piece by piece.
//!
//! A document of 4 MB is 5.5 MB of base64: it is encoded as it is sent, so the encoded form never exists as a
//! whole. The exact length is known beforehand, so the request carries `Content-Length`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Raw bytes per piece; a multiple of 3, so that only the last piece is padded.
const RAW_BYTES: usize = 48 * 1024;

/// No `Debug`: it contains the user's document.
#[derive(Default)]
pub struct Payload {
    prefix: Bytes,
    /// Sent as base64.
    document: Bytes,
    suffix: Bytes,
}

impl Payload {
    pub fn plain(bytes: impl Into<Bytes>) -> Self {
        Self { prefix: bytes.into(), ..Self::default() }
    }

    pub fn around(prefix: String, document: Bytes, suffix: String) -> Self {
        Self { prefix: prefix.into(), document, suffix: suffix.into() }
    }

    /// In bytes, as sent.
    pub fn length(&self) -> u64 {
        let encoded = self.document.len().div_ceil(3) * 4;
        (self.prefix.len() + encoded + self.suffix.len()) as u64
    }
}

impl Iterator for Payload {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if !self.prefix.is_empty() {
            return Some(self.prefix.split_to(RAW_BYTES.min(self.prefix.len())));
        }
        if !self.document.is_empty() {
            let raw = self.document.split_to(RAW_BYTES.min(self.document.len()));
            return Some(STANDARD.encode(raw).into());
        }
        (!self.suffix.is_empty()).then(|| std::mem::take(&mut self.suffix))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_and_as_long_as_said(
            prefix in "[a-z]{0,20}", document in proptest::collection::vec(any::<u8>(), 0..200), times in 0usize..900,
        ) {
            let document = document.repeat(times.max(1));
            let payload = Payload::around(prefix.clone(), document.clone().into(), "!".into());
            let length = payload.length();
            let sent = payload.collect::<Vec<_>>().concat();
            prop_assert_eq!(sent.len() as u64, length);
            prop_assert_eq!(sent, format!("{prefix}{}!", STANDARD.encode(&document)).into_bytes());
        }
    }

    #[test]
    fn no_piece_is_large() {
        let payload = Payload::around("x".repeat(200_000), vec![0; 200_000].into(), String::new());
        assert!(payload.map(|piece| piece.len()).max() <= Some(64 * 1024));
    }
}
