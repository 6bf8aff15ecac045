//! The circuit breaker before a tool's upstream. Owns the numbers; the store counts.
//!
//! Closed, until the upstream has failed for [`FAILED_USERS_MAX`] different users in a row. Then open: every reservation
//! is refused for a pause. Then half-open: one reservation, the probe, passes. Its success closes the circuit, its
//! failure opens it for twice as long. What counts as a failure is decided by the tool.
//!
//! Users are counted, not failures: whoever finds an input that the upstream fails on must not be able to stop it for
//! everybody. For the same reason a user for whom it has failed may probe only after a second pause of the same length,
//! so that others come first.

use auth_api::Service;

/// The circuit opens when the upstream has failed for this many different users in a row.
pub const FAILED_USERS_MAX: u32 = 5;
/// A failure this long after that of the last new user starts a new row.
pub const WINDOW_SECONDS: u32 = 300;
/// The first pause, long enough for most short failures. It doubles with each probe that fails.
pub const PAUSE_SECONDS: u32 = 30;
/// The longest pause, which is how long users wait after the operator has repaired the upstream.
pub const PAUSE_SECONDS_MAX: u32 = 600;
/// The `Retry-After` while a probe is under way.
pub const RETRY_WHILE_PROBING_SECONDS: u32 = 10;

/// After this time another reservation may probe, because the tool that has the probe must have stopped. A question
/// takes 180 s at most; an upload and its conversion take four minutes each.
#[must_use]
pub const fn probe_seconds(service: Service) -> u32 {
    match service {
        Service::Llm => 200,
        Service::Ocr => 600,
    }
}
