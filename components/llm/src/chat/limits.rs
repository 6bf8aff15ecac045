//! How long an answer may take, and how long it may be.

use std::time::Duration;

use web::event_stream::EventLimits;
use web::outbound::Limits;

/// The longest time that a user waits for the end of an answer, retries included. The docs name it. Longer than the
/// webhook's, because the text is read while it is written, and a model on a machine without a graphics card writes a few
/// words in a second.
pub const TOTAL_MAX: Duration = Duration::from_secs(180);
/// The longest silence. Before the first byte a server may load its model; later a model may think without a word.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(90);
/// The longest answer, in bytes; a model's own limit is far lower, unless it repeats itself.
pub(super) const TEXT_BYTES_MAX: usize = 256 * 1024;
/// A token has some 300 bytes around it.
pub(super) const EVENT_LIMITS: EventLimits =
    EventLimits { event_bytes_max: 512 * 1024, bytes_max: 8 * 1024 * 1024 };
/// A reply that is no stream: an error, or an answer in one piece.
pub(super) const WHOLE_BYTES_MAX: usize = 1024 * 1024;

/// The limits of a call for which this much of the total is left.
pub(super) fn limits(left: Duration) -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        first_byte: SILENCE_MAX.min(left),
        between_bytes: SILENCE_MAX,
        total: SILENCE_MAX.min(left),
        reply_bytes_max: WHOLE_BYTES_MAX,
    }
}
