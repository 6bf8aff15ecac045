//! The Gemini API without its transport: functions that build requests, functions that interpret answers, and the
//! decision what to try next. The edge sends.

pub(crate) mod failure;
pub(crate) mod files;
pub(crate) mod payload;
pub(crate) mod prompt;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod settings;
pub(crate) mod sse;
#[cfg(test)]
mod tests;
