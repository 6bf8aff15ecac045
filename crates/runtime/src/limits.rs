//! Limits of instances (Spin's options, with their syntax and defaults) and of clients.

use std::fmt::Display;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use rand::Rng;
use rand::distr::uniform::SampleUniform;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests an instance serves before it is replaced.
    pub max_instance_reuse_count: Range<usize>,
    /// Requests an instance serves at the same time.
    pub max_instance_concurrent_reuse_count: Range<usize>,
    /// How long an instance without requests is kept.
    pub idle_instance_timeout: Range<Duration>,
    /// How long a request may take; without a limit when `None`.
    pub request_timeout: Option<Range<Duration>>,
    /// Bytes of memory an instance may have; 4 GiB when `None`.
    pub memory_bytes_max: Option<usize>,
}

/// What clients may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct ClientLimits {
    /// Open connections; more wait until one ends.
    pub connections_max: usize,
    /// How long a client may be waited for.
    pub timeout: Duration,
}

/// A fixed value, or a half-open range `a..b` from which each new instance picks at random, so that
/// instances started together do not all end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range<T> {
    Fixed(T),
    Between(T, T),
}

impl<T: SampleUniform + PartialOrd + Copy> Range<T> {
    #[must_use]
    pub fn pick(self) -> T {
        match self {
            Self::Fixed(value) => value,
            Self::Between(from, to) => rand::rng().random_range(from..to),
        }
    }
}

/// # Errors
/// Neither a number nor `a..b` with a < b.
pub fn parse_count(text: &str) -> Result<Range<usize>, String> {
    parse(text, usize::from_str)
}

/// # Errors
/// Neither a duration (`5`, `5s`, `5ms`, `5us`, `5ns`) nor a range of two.
pub fn parse_duration(text: &str) -> Result<Range<Duration>, String> {
    parse(text, duration)
}

/// # Errors
/// No duration (`5`, `5s`, `5ms`, `5us`, `5ns`), or a duration of zero.
pub fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = duration(text).map_err(|error| format!("{text:?} is not a duration: {error}"))?;
    if timeout.is_zero() { Err("a timeout must be longer than zero".to_owned()) } else { Ok(timeout) }
}

fn duration(text: &str) -> Result<Duration, ParseIntError> {
    for (suffix, unit) in [
        ("ms", Duration::from_millis as fn(u64) -> Duration),
        ("us", Duration::from_micros),
        ("μs", Duration::from_micros),
        ("ns", Duration::from_nanos),
        ("s", Duration::from_secs),
    ] {
        if let Some(number) = text.strip_suffix(suffix) {
            return number.parse().map(unit);
        }
    }
    text.parse().map(Duration::from_secs)
}

fn parse<T: PartialOrd, E: Display>(
    text: &str,
    one: impl Fn(&str) -> Result<T, E>,
) -> Result<Range<T>, String> {
    let one = |part: &str| {
        one(part).map_err(|error| format!("{part:?} is not a number with a known unit: {error}"))
    };
    let Some((from, to)) = text.split_once("..") else { return Ok(Range::Fixed(one(text)?)) };
    let (from, to) = (one(from)?, one(to)?);
    if from >= to {
        return Err(format!("{text:?} is empty: the first number must be smaller than the second"));
    }
    Ok(Range::Between(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_durations_are_numbers_or_ranges() {
        assert_eq!(parse_count("128"), Ok(Range::Fixed(128)));
        assert_eq!(parse_count("1..8"), Ok(Range::Between(1, 8)));
        for (text, expected) in [
            ("5", Duration::from_secs(5)),
            ("5s", Duration::from_secs(5)),
            ("5ms", Duration::from_millis(5)),
            ("5us", Duration::from_micros(5)),
            ("5μs", Duration::from_micros(5)),
            ("5ns", Duration::from_nanos(5)),
        ] {
            assert_eq!(parse_duration(text), Ok(Range::Fixed(expected)), "{text}");
        }
        for text in ["", "x", "5h", "-1", "8..1", "1..1", "1..", "1.5"] {
            assert!(parse_duration(text).is_err(), "{text}");
            assert!(parse_count(text).is_err(), "{text}");
            assert!(parse_timeout(text).is_err(), "{text}");
        }
        assert!(parse_timeout("0s").is_err() && parse_timeout("1..2").is_err());
        assert_eq!(parse_timeout("5ms"), Ok(Duration::from_millis(5)));
    }

    #[test]
    fn a_pick_is_inside_the_range() {
        for _ in 0..100 {
            assert!((3..6).contains(&Range::Between(3, 6).pick()));
        }
        assert_eq!(Range::Fixed(7).pick(), 7);
    }
}
