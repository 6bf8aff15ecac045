//! Counts the tests that test runners of different formats report.

use std::fmt;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TestCounts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl TestCounts {
    /// One failure that no runner reported: a part that could not be built or started.
    pub(crate) const ERROR: Self = Self { passed: 0, failed: 1 };

    /// Reads one line of a runner's output.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim();
        let found = cargo(line).or_else(|| node(line)).or_else(|| iac(line));
        *self += found.unwrap_or_default();
    }

    /// The counts of a part that has ended. A runner that fails without a failed test, or that ran nothing although
    /// nothing was filtered out, is a failure.
    pub(crate) fn result(mut self, success: bool, filtered: bool) -> Self {
        let nothing = self == Self::default() && !filtered;
        if self.failed == 0 && (!success || nothing) {
            self.failed = 1;
        }
        self
    }
}

impl std::ops::AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for TestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; …`
fn cargo(line: &str) -> Option<TestCounts> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count =
        |word: &str| counts.split("; ").find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok());
    Some(TestCounts { passed: count("passed")?, failed: count("failed")? })
}

/// `ℹ pass 12` and `ℹ fail 0` of Node's reporter `spec`, `# pass 12` of `tap`.
fn node(line: &str) -> Option<TestCounts> {
    let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(TestCounts { passed: number, failed: 0 }),
        "fail" | "cancelled" => Some(TestCounts { passed: 0, failed: number }),
        _ => None,
    }
}

/// `12 passed, 0 failed`, the last line of the runner in tests/iac.
fn iac(line: &str) -> Option<TestCounts> {
    let (passed, failed) = line.split_once(" passed, ")?;
    Some(TestCounts { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, passed: u64, failed: u64) {
        let mut counts = TestCounts::default();
        output.lines().for_each(|line| counts.read(line));
        assert_eq!(counts, TestCounts { passed, failed }, "{output}");
    }

    #[test]
    fn the_results_of_each_runner_are_read() {
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            12,
            0,
        );
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", 3, 2);
        check(
            "ℹ tests 7\nℹ suites 0\nℹ pass 5\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0\nℹ duration_ms 12.5",
            5,
            2,
        );
        check("# pass 4\n# fail 0", 4, 0);
        check("  9 passed, 1 failed", 9, 1);
    }

    #[test]
    fn lines_that_only_resemble_a_result_are_not_counted() {
        check(
            "test one_is_passed ... ok\nrunning 12 tests\n# passage 3\n7 passed, 1 failed, 2 left out\ntest result: ok.",
            0,
            0,
        );
    }

    #[test]
    fn a_part_that_fails_without_a_failed_test_or_runs_nothing_is_a_failure() {
        let good = TestCounts { passed: 3, failed: 0 };
        assert_eq!(good.result(true, false), good);
        assert_eq!(good.result(false, false), TestCounts { passed: 3, failed: 1 });
        assert_eq!(
            TestCounts { passed: 3, failed: 2 }.result(false, false),
            TestCounts { passed: 3, failed: 2 }
        );
        assert_eq!(TestCounts::default().result(true, false), TestCounts::ERROR);
        assert_eq!(TestCounts::default().result(true, true), TestCounts::default());
    }
}
