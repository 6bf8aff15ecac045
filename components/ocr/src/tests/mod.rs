//! The use cases with fakes of auth, of Gemini and of the upload.

use std::fmt::Debug;

use static_assertions::assert_not_impl_any;

use crate::{attempt, conversion, events, gemini, intake, pdf, picture, transcribe, upload};

// What contains a document or a transcription has no Debug, so that none can reach a log.
assert_not_impl_any!(upload::multipart::Scanner: Debug);
assert_not_impl_any!(upload::multipart::Event: Debug);
assert_not_impl_any!(pdf::Scan: Debug);
assert_not_impl_any!(pdf::lexer::Token<'static>: Debug);
assert_not_impl_any!(intake::Received: Debug);
assert_not_impl_any!(gemini::request::Part: Debug);
assert_not_impl_any!(picture::PictureCheck: Debug);
assert_not_impl_any!(gemini::request::Chunk: Debug);
assert_not_impl_any!(gemini::payload::Payload: Debug);
assert_not_impl_any!(gemini::reply::Piece: Debug);
assert_not_impl_any!(attempt::Attempt: Debug);
assert_not_impl_any!(transcribe::Transcript: Debug);
assert_not_impl_any!(conversion::Conversion: Debug);
assert_not_impl_any!(events::Event: Debug);

mod answers;
mod charge;
mod compile;
mod convert;
mod fake_gemini;
pub(crate) mod fakes;
mod handle;
mod page;
mod page_by_page;
mod page_range;
mod pages;
mod pictures;
mod samples;
mod stored_file;
