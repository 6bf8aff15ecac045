//! Work on somebody else's bytes is linear, or has a stated bound and a refusal: every parser is fed families of
//! adversarial input of n, 2n and 4n bytes, and fails when what it does grows faster.
//!
//! The first test counts allocations and their bytes, which is exact and quick. The others take minutes: the second has
//! every pair of units; the third counts instructions under valgrind, because a loop that only reads allocates nothing.
//! `ATELIER_GROWTH_PARSER=pdf cargo test -p atelier-tests --test growth -- --ignored instructions` does one parser.

mod families;
mod parsers;

use std::process::Command;

use allocation_counter::measure;
use parsers::{PARSERS, Parser};

/// The smallest input, in bytes. Larger than the bounds within which a parser may look back (such as 2 KiB of a part's
/// headers), so that a bound does not read as growth.
const BYTES: usize = 3 * 1024;
/// The same for the instructions; under valgrind everything takes fifty times as long.
const BYTES_OF_INSTRUCTIONS: usize = 4 * 1024;
/// What twice the input may cost: 2 when it is linear, 4 when it is square.
const RATIO_MAX: f64 = 2.8;
/// Costs below this are not compared: the first allocations of a buffer, the start of a loop.
const ALLOCATIONS_FEW: u64 = 64;
const BYTES_FEW: u64 = 64 * 1024;

fn grows(costs: [u64; 3], few: u64) -> bool {
    let [one, two, four] = costs.map(|cost| cost as f64);
    // Both steps, because a buffer that doubles makes one of them larger.
    costs[2] > few && four > RATIO_MAX * RATIO_MAX * one.max(1.0) && four > RATIO_MAX * two.max(1.0)
}

#[test]
fn allocations_grow_no_faster_than_the_input() {
    assert_linear(1);
}

#[test]
#[ignore = "takes minutes"]
fn allocations_of_every_pair_grow_no_faster_than_the_input() {
    assert_linear(usize::MAX);
}

fn assert_linear(neighbours: usize) {
    let mut found = Vec::new();
    let mut cases = 0;
    for parser in parsers() {
        for family in families::pairs(parser.units, neighbours) {
            cases += 1;
            let costs = [1, 2, 4].map(|times| {
                let input = family.input(times * BYTES);
                let input = (parser.bytes)(&input);
                measure(|| (parser.parse)(&input))
            });
            let count = costs.each_ref().map(|cost| cost.count_total);
            let bytes = costs.each_ref().map(|cost| cost.bytes_total);
            let held = costs.each_ref().map(|cost| cost.bytes_max);
            let worst = [(count, ALLOCATIONS_FEW), (bytes, BYTES_FEW), (held, BYTES_FEW)];
            if worst.into_iter().any(|(costs, few)| grows(costs, few)) {
                found.push(format!("{}, {family}: {count:?} allocations, {bytes:?} bytes", parser.name));
            }
        }
    }
    assert!(cases > 0, "no parser has this name");
    assert!(found.is_empty(), "{} of {cases} grow too fast:\n{}", found.len(), found.join("\n"));
}

/// For docs/bounds.md: `cargo test -p atelier-tests --test growth -- --ignored --nocapture figures`.
#[test]
#[ignore = "prints a table"]
fn figures() {
    for parser in parsers() {
        let families = families::pairs(parser.units, 1);
        // Of the families that allocate enough to be compared, the one that grows fastest.
        let growth = families.iter().filter_map(|family| {
            let [one, two, four] = [1, 2, 4].map(|times| {
                let input = family.input(times * BYTES);
                let input = (parser.bytes)(&input);
                measure(|| (parser.parse)(&input)).bytes_total
            });
            let times = |cost: u64| cost as f64 / one.max(1) as f64;
            (four > BYTES_FEW).then(|| (times(two), times(four)))
        });
        let worst = growth.max_by(|a, b| a.1.total_cmp(&b.1));
        let worst = worst.map_or("less than 64 KiB".to_owned(), |(two, four)| format!("{two:.2}, {four:.2}"));
        println!("| {} | {} | {worst} |", parser.name, families.len());
    }
}

/// Those whose name contains `ATELIER_GROWTH_PARSER`; all without it.
fn parsers() -> impl Iterator<Item = &'static Parser> {
    let only = std::env::var("ATELIER_GROWTH_PARSER").unwrap_or_default();
    PARSERS.iter().filter(move |parser| parser.name.contains(&only))
}

/// Names one case for the child: parser, number of the family, bytes.
const CASE: &str = "ATELIER_GROWTH_CASE";

#[test]
#[ignore = "needs valgrind and takes minutes"]
fn instructions_grow_no_faster_than_the_input() {
    let mut found = Vec::new();
    for parser in parsers() {
        for (number, family) in families::simple(parser.units).iter().enumerate() {
            let idle = instructions(parser, number, 0);
            let costs = [1, 2, 4].map(|times| {
                instructions(parser, number, times * BYTES_OF_INSTRUCTIONS).saturating_sub(idle)
            });
            if grows(costs, 1_000_000) {
                found.push(format!("{}, {family}: {costs:?} instructions", parser.name));
            }
        }
    }
    assert!(found.is_empty(), "{} grow too fast:\n{}", found.len(), found.join("\n"));
}

/// The instructions of this program with one case, as valgrind counts them.
fn instructions(parser: &Parser, number: usize, bytes: usize) -> u64 {
    let child = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", "one_case", "--ignored", "--test-threads=1"])
        .env(CASE, format!("{} {number} {bytes}", parser.name))
        .output()
        .expect("valgrind starts");
    let output = String::from_utf8_lossy(&child.stderr).into_owned();
    let line = output.lines().find_map(|line| line.split("Collected :").nth(1));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or_else(|| panic!("{output}"))
}

#[test]
#[ignore = "the child of the test above"]
fn one_case() {
    let case = std::env::var(CASE).expect("the test above starts this one");
    let mut words = case.split(' ');
    let name = words.next().unwrap_or_default();
    let parser = PARSERS.iter().find(|parser| parser.name == name).expect("a known parser");
    let numbers = [words.next(), words.next()].map(|word| word.unwrap_or_default().parse::<usize>());
    let [Ok(number), Ok(bytes)] = numbers else { panic!("{case}: not a case") };
    (parser.parse)(&(parser.bytes)(&families::simple(parser.units)[number].input(bytes)));
}

#[test]
fn square_growth_is_found_and_linear_growth_is_not() {
    let cost = |input: &str, square: bool| {
        measure(|| {
            for (at, _) in input.char_indices().step_by(64) {
                let from = if square { 0 } else { at };
                std::hint::black_box(input[from..at + 1].to_owned());
            }
        })
        .bytes_total
    };
    let costs = |square| [1, 2, 4].map(|times| cost(&"x".repeat(times * BYTES), square));
    assert!(grows(costs(true), BYTES_FEW));
    assert!(!grows(costs(false), 0));
}
