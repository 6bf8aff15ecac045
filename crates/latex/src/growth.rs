//! Tests that the work of a function grows with the length of its input, not with the square of it.

use std::hint::black_box;

use nix::time::{ClockId, clock_gettime};

/// The smaller input costs this many nanoseconds, so that the measurement is no noise…
const NANOSECONDS_MIN: i64 = 5_000_000;
/// …or has this many bytes, so that the larger one does not measure how fast memory is handed out.
const BYTES_ENOUGH: usize = 64 * 1024;
/// Four times the input costs four times the work, with `n log n` a little more, with `n²` sixteen times.
const RATIO_MAX: i64 = 9;
/// Other load on the machine makes a measurement larger, never smaller.
const TRIES: usize = 6;

/// Runs `work` on the input that `make` builds for a size, and for four times that size.
///
/// # Panics
/// When the larger input costs more than [`RATIO_MAX`] times the work of the smaller one, however often it is tried.
pub(crate) fn assert_linear<T>(name: &str, make: impl Fn(usize) -> String, work: impl Fn(&str) -> T) {
    let mut size = 512;
    let mut small = make(size);
    while small.len() < BYTES_ENOUGH && measure(&small, &work) < NANOSECONDS_MIN {
        size *= 2;
        small = make(size);
    }
    let large = make(4 * size);
    let (mut one, mut four) = (i64::MAX, i64::MAX);
    for _ in 0..TRIES {
        one = one.min(measure(&small, &work));
        four = four.min(measure(&large, &work));
        if four <= RATIO_MAX * one {
            return;
        }
    }
    panic!("{name}: {} bytes cost {one}, {} bytes cost {four}", small.len(), large.len());
}

/// The processor time of this thread for one run, in nanoseconds.
fn measure<T>(input: &str, work: impl Fn(&str) -> T) -> i64 {
    let now = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    let start = now();
    black_box(work(black_box(input)));
    let spent = now() - start;
    spent.tv_sec() * 1_000_000_000 + spent.tv_nsec()
}
