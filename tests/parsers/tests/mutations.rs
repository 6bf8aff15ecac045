//! The short run of the fuzzers, with no more than the toolchain of the other tests: every parser gets its corpus
//! (`fuzz/corpus`), which the long runs have left, and a fixed number of changes to it. The numbers are pseudo-random and
//! the same in every run, so that a finding can be repeated; `ATELIER_FUZZ_SEED` gives others.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use parsers::{TARGETS, Target};

/// Changed inputs for each parser.
const MUTATIONS: u64 = 500;
/// The longest input, in bytes.
const BYTES_MAX: usize = 2048;
/// Bytes that mean something in one of the grammars.
const SIGNS: &[u8] = b"\0\t\n\r \"#$%&'()*+,-./019:;<=>@AZ[\\]^_`az{|}~\x7f\x80\xc3\xff";

struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }
}

#[test]
fn no_parser_fails_on_its_corpus_or_on_changes_to_it() {
    let seed = std::env::var("ATELIER_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut findings = Vec::new();
    for target in TARGETS {
        let corpus = corpus(target.name);
        assert!(!corpus.is_empty(), "fuzz/corpus/{} is empty", target.name);
        let mut random = Random(seed);
        findings.extend(corpus.iter().filter_map(|input| finding(target, input)));
        findings.extend((0..MUTATIONS).filter_map(|_| finding(target, &mutated(&corpus, &mut random))));
    }
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn every_parser_has_a_fuzzer_and_every_fuzzer_a_parser() {
    let file =
        |entry: std::io::Result<fs::DirEntry>| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned);
    let folder = fs::read_dir(fuzz().join("fuzz_targets")).expect("the fuzzers");
    let mut fuzzers: Vec<String> = folder.filter_map(file).collect();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    fuzzers.sort();
    names.sort_unstable();
    assert_eq!(fuzzers, names);
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// In the order of the names, so that a seed always means the same.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let Ok(files) = fs::read_dir(fuzz().join("corpus").join(name)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap_or_default()).collect()
}

fn finding(target: &Target, input: &[u8]) -> Option<String> {
    let failed = catch_unwind(AssertUnwindSafe(|| (target.parse)(input))).is_err();
    failed.then(|| format!("{}: {}", target.name, input.escape_ascii()))
}

/// One to eight changes: a byte, a cut, a repetition, a part of another input.
fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(8) {
        let (from, to) = (random.below(input.len() + 1), random.below(input.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        match random.below(6) {
            0 if from < input.len() => input[from] = SIGNS[random.below(SIGNS.len())],
            1 => input.insert(from, SIGNS[random.below(SIGNS.len())]),
            2 => drop(input.drain(from..to)),
            3 => {
                let part = input[from..to].to_vec();
                input.splice(to..to, part.repeat(1 + random.below(4)));
            }
            4 => {
                let other = &corpus[random.below(corpus.len())];
                let start = random.below(other.len());
                input.splice(from..to, other[start..].iter().copied());
            }
            _ if from < input.len() => input[from] ^= 1 << random.below(8),
            _ => {}
        }
        input.truncate(BYTES_MAX);
    }
    input
}
