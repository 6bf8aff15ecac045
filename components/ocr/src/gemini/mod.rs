//! The Gemini API without its transport: functions that build requests, functions that interpret answers, and the
//! decision what to try next.

pub mod error;
pub mod files;
pub mod payload;
pub mod prompt;
pub mod reply;
pub mod request;
pub mod retry;
#[cfg(test)]
mod tests;
