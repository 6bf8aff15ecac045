//! A request that is sent twice is served once: what a key is, how long it lasts, what it may say. Knows no HTTP.
//!
//! The key's first request claims it together with its spending; whoever comes with the same key meanwhile waits,
//! and afterwards gets the same answer. A failure frees the key. docs/adr/0007 says what it costs.

use crate::{service::Service, user::UserId};

/// A first request that has not reported after this long is dead: an answer takes 75 s at most.
pub const RUNNING_SECONDS_MAX: i64 = 90;
/// How long an answer is kept for whoever lost it.
pub const KEPT_SECONDS: i64 = 10 * 60;
/// The longest report with an answer in it, in bytes; longer answers are not kept.
pub const REPORT_BYTES_MAX: usize = 256 * 1024;

/// A user's key and what is asked under it, both as SHA-256: the table is no list of questions.
#[derive(Debug, Clone, Copy)]
pub struct RequestKey<'a> {
    pub user: &'a UserId,
    pub service: Service,
    pub key_hash: [u8; 32],
    pub request_hash: [u8; 32],
}

/// What there is under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or what was there has ended.
    Nothing,
    /// The first request is not finished.
    Running,
    /// Its answer.
    Answered(String),
    /// The key was used for something else.
    AnotherRequest,
}
