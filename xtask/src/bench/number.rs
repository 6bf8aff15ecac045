//! Options of the benches.

use clap::{Arg, value_parser};

/// An option that takes a number from 1 to `max`.
pub(super) fn number(name: &'static str, default: &'static str, max: u64) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("N")
        .default_value(default)
        .value_parser(value_parser!(u64).range(1..=max))
}
