//! The use case with fakes: what happens, each failure, and that nothing is kept or charged that should not be.

use std::fmt::Debug;

use static_assertions::assert_not_impl_any;

use crate::{attempt, conversion, events, gemini, intake, pdf, transcribe, upload};

// What contains a document or a transcription has no Debug, so that none can reach a log.
assert_not_impl_any!(upload::multipart::Scanner: Debug);
assert_not_impl_any!(upload::multipart::Event: Debug);
assert_not_impl_any!(pdf::Scan: Debug);
assert_not_impl_any!(pdf::lexer::Token<'static>: Debug);
assert_not_impl_any!(intake::Received: Debug);
assert_not_impl_any!(gemini::request::Document: Debug);
assert_not_impl_any!(gemini::request::Chunk: Debug);
assert_not_impl_any!(gemini::payload::Payload: Debug);
assert_not_impl_any!(gemini::sse::SseDecoder: Debug);
assert_not_impl_any!(gemini::reply::Piece: Debug);
assert_not_impl_any!(attempt::Attempt: Debug);
assert_not_impl_any!(transcribe::Transcript: Debug);
assert_not_impl_any!(conversion::Conversion: Debug);
assert_not_impl_any!(events::Event: Debug);

mod convert;
pub(crate) mod fakes;
mod handle;
mod stored_file;
