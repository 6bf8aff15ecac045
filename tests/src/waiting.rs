//! Waiting for an event instead of a number of seconds.

use std::thread;
use std::time::{Duration, Instant};

use crate::App;

const LIMIT: Duration = Duration::from_secs(20);

/// # Panics
/// When it does not hold within 20 seconds.
#[track_caller]
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the webhook has a question, which it may still be answering.
///
/// # Panics
/// As [`eventually`] does.
#[track_caller]
pub fn question_has_arrived(app: &App) {
    eventually("the question reaches the webhook", || !app.make.requests().is_empty());
}
