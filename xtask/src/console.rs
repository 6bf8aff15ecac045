//! Messages on the terminal. Everything but results goes to stderr, so that stdout stays usable in a pipe.

use std::time::{Duration, Instant};

/// Work that takes longer than this is reported with its duration.
const TIMED_MIN: Duration = Duration::from_secs(2);

/// One line about what is being done and why.
pub(crate) fn step(text: &str) {
    eprintln!("\u{2022} {text}");
}

/// A continuation of the last step.
pub(crate) fn detail(text: &str) {
    eprintln!("  {text}");
}

/// The chain of causes on one line, then the remediation when the failure is a known one.
pub(crate) fn failure(error: &anyhow::Error) {
    let text = format!("{error:#}");
    eprintln!("\nerror: {text}");
    if let Some(remediation) = crate::remediation::of(&text) {
        eprintln!("{remediation}");
    }
}

/// Runs `work` and reports its duration.
pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let start = Instant::now();
    let result = work()?;
    if start.elapsed() > TIMED_MIN {
        detail(&format!("{what}: {}", minutes(start.elapsed())));
    }
    Ok(result)
}

/// `95 s` as `1 min 35 s`.
pub(crate) fn minutes(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole >= 60 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", duration.as_secs_f32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_minutes_and_seconds() {
        assert_eq!(minutes(Duration::from_millis(2_340)), "2.3 s");
        assert_eq!(minutes(Duration::from_secs(95)), "1 min 35 s");
        assert_eq!(minutes(Duration::from_secs(600)), "10 min 00 s");
    }
}
