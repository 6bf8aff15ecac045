//! What people read. Everything but results goes to stderr, so that stdout stays usable in a pipe.

use std::time::{Duration, Instant};

/// One line about what is being done and why.
pub(crate) fn step(text: &str) {
    eprintln!("\u{2022} {text}");
}

/// A continuation of the last step.
pub(crate) fn detail(text: &str) {
    eprintln!("  {text}");
}

/// The whole chain of causes on one line, then the cure when we know one.
pub(crate) fn failure(error: &anyhow::Error) {
    let text = format!("{error:#}");
    eprintln!("\nerror: {text}");
    if let Some(hint) = crate::hints::cure(&text) {
        eprintln!("{hint}");
    }
}

/// Runs `work` and says how long it took, when it took long enough to be wondered at.
pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let start = Instant::now();
    let result = work()?;
    if start.elapsed() > Duration::from_secs(2) {
        detail(&format!("{what}: {}", seconds(start.elapsed())));
    }
    Ok(result)
}

/// `95 s` as `1 min 35 s`.
pub(crate) fn seconds(duration: Duration) -> String {
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
    fn durations_are_said_as_people_say_them() {
        assert_eq!(seconds(Duration::from_millis(2_340)), "2.3 s");
        assert_eq!(seconds(Duration::from_secs(95)), "1 min 35 s");
        assert_eq!(seconds(Duration::from_secs(600)), "10 min 00 s");
    }
}
