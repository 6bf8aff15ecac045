//! When a tool's upstream is left alone. Owns the numbers; the counting is the store's, one statement each.
//!
//! Closed, until enough failures in a row say that the upstream is ill. Then open: nobody is let through for a
//! pause. Then half-open: exactly one question, the probe, goes through; when it succeeds the breaker closes,
//! when it fails the next pause is longer. A probe that never reports loses its leave after a while.
//! docs/adr/0006 says why it is here; what counts as a failure is the tool's to say.

/// The numbers of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// It opens at this many failures in a row.
    pub failures: u32,
    /// A failure this long after the one before starts a new row.
    pub window_seconds: u32,
    /// The first pause; it doubles with each probe that fails.
    pub pause_seconds: u32,
    /// The longest pause.
    pub pause_seconds_max: u32,
    /// How long a probe may take before another question may try.
    pub probe_seconds: u32,
}

/// Five in a row are no coincidence. A question waits at most 75 s for its answer and needs a few seconds around
/// it for us, so after 90 s its probe is dead. Half a minute is what most hiccups last; ten minutes is what a
/// student will wait after the operator has mended the scenario.
pub const POLICY: Policy =
    Policy { failures: 5, window_seconds: 300, pause_seconds: 30, pause_seconds_max: 600, probe_seconds: 90 };

/// When to come back while a probe is under way, in seconds: an answer takes about that.
pub const RETRY_WHILE_PROBING_SECONDS: u32 = 10;

/// Whether a question may go to the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Closed: like everybody.
    Closed,
    /// Half-open, and this question is the one that attempts.
    Probe,
    /// No.
    Open { retry_after_seconds: u32 },
}
