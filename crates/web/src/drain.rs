//! How long a request's body is listened to, and how much is read of one that is already refused.
//!
//! Spin's server and ours (both hyper) close the connection as soon as a guest answers and leaves a body unread. A
//! client that is still writing then sees a broken pipe, and the reset may take our answer away before it is read
//! (RFC 9112 §9.6). So the edge reads the rest and drops it before it answers, within the limits below; whoever goes
//! on beyond them is cut off.

use std::time::Duration;

use http::{HeaderMap, header};

/// A body that is read as a whole (128 KiB at most, in llm) has arrived by then; Apache's `mod_reqtimeout` gives as
/// much.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(20);
/// The most that is dropped of a refused body: ocr takes 50 MB, and whoever picks a file that is somewhat larger
/// should get to read so.
pub const DRAIN_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest that a refused body is listened to (nginx's `lingering_time`).
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);
/// The longest pause within it (nginx's `lingering_timeout`).
pub const DRAIN_PAUSE_MAX: Duration = Duration::from_secs(5);

/// How much more to read of a refused body, in bytes; 0 when reading would help nobody: the client waits for our
/// word before it sends anything (`Expect: 100-continue`), or it announces more than we would ever drop.
#[must_use]
pub fn allowance(headers: &HeaderMap, bytes_read: u64) -> u64 {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let waits = text(header::EXPECT).is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue"));
    let announced = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let to_come = announced.map(|length| length.saturating_sub(bytes_read));
    if waits && bytes_read == 0 || to_come.is_some_and(|bytes| bytes > DRAIN_BYTES_MAX) {
        return 0;
    }
    DRAIN_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    fn of(headers: &[(&'static str, &str)], bytes_read: u64) -> u64 {
        let request = Request::test("POST", "/send");
        let with = headers.iter().fold(request, |request, (name, value)| request.with(name, value));
        allowance(&with.headers, bytes_read)
    }

    #[test]
    fn a_refused_body_is_read_on_within_a_limit() {
        assert_eq!(of(&[], 0), DRAIN_BYTES_MAX);
        assert_eq!(of(&[("content-length", "60000000")], 0), DRAIN_BYTES_MAX);
        assert_eq!(of(&[("content-length", "nonsense")], 0), DRAIN_BYTES_MAX);
    }

    #[test]
    fn what_announces_more_than_the_limit_is_not_read_at_all() {
        let length = (DRAIN_BYTES_MAX + 1).to_string();
        assert_eq!(of(&[("content-length", &length)], 0), 0);
        assert_eq!(of(&[("content-length", &length)], 1), DRAIN_BYTES_MAX, "one byte of it is there already");
    }

    #[test]
    fn a_client_that_waits_for_our_word_is_answered_at_once() {
        assert_eq!(of(&[("expect", "100-Continue")], 0), 0);
        assert_eq!(of(&[("expect", "100-continue")], 1), DRAIN_BYTES_MAX, "it has had our word");
    }
}
