//! The body of a request to Gemini, produced piece by piece.
//!
//! A document of 4 MB is 5.5 MB of base64: it is encoded as it is sent, so the encoded form never exists as a
//! whole. The exact length is known beforehand, so the request carries `Content-Length`.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Raw bytes per piece; a multiple of 3, so that only the last piece is padded.
const RAW_BYTES: usize = 48 * 1024;

/// No `Debug`: it contains the user's document.
#[derive(Default)]
pub struct Payload {
    pieces: VecDeque<Piece>,
}

enum Piece {
    Plain(Bytes),
    /// Sent as base64.
    Document(Bytes),
}

impl Payload {
    pub fn plain(bytes: impl Into<Bytes>) -> Self {
        Self { pieces: [Piece::Plain(bytes.into())].into() }
    }

    /// The texts with the documents between them.
    pub fn around<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        documents: impl IntoIterator<Item = Bytes>,
    ) -> Self {
        let mut documents = documents.into_iter();
        let mut pieces = VecDeque::new();
        for text in texts {
            pieces.push_back(Piece::Plain(Bytes::copy_from_slice(text.as_bytes())));
            pieces.extend(documents.next().map(Piece::Document));
        }
        Self { pieces }
    }

    /// In bytes, as sent.
    pub fn length(&self) -> u64 {
        let sent = self.pieces.iter().map(|piece| match piece {
            Piece::Plain(bytes) => bytes.len(),
            Piece::Document(bytes) => bytes.len().div_ceil(3) * 4,
        });
        sent.sum::<usize>() as u64
    }
}

impl Iterator for Payload {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let (Piece::Plain(bytes) | Piece::Document(bytes)) = self.pieces.front_mut()?;
        let raw = bytes.split_to(RAW_BYTES.min(bytes.len()));
        let is_last = bytes.is_empty();
        let sent = match self.pieces.front()? {
            Piece::Plain(_) => raw,
            Piece::Document(_) => STANDARD.encode(raw).into(),
        };
        if is_last {
            self.pieces.pop_front();
        }
        Some(sent)
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
            let documents = [document.clone().into(), Bytes::from_static(b"second")];
            let payload = Payload::around([&prefix, "", "!"], documents);
            let length = payload.length();
            let sent = payload.collect::<Vec<_>>().concat();
            prop_assert_eq!(sent.len() as u64, length);
            prop_assert_eq!(sent, format!("{prefix}{}c2Vjb25k!", STANDARD.encode(&document)).into_bytes());
        }
    }

    #[test]
    fn no_piece_is_large() {
        let payload = Payload::around([&*"x".repeat(200_000), ""], [vec![0; 200_000].into()]);
        assert!(payload.map(|piece| piece.len()).max() <= Some(64 * 1024));
    }
}
