//! docs/asvs.md lists every requirement once, names only files and tests that exist, and calls a requirement met only
//! with a test.

use std::collections::BTreeSet;

use atelier_tests::{files, read, repository};

/// Requirements of levels 1 and 2 in ASVS 5.0.0.
const LEVEL_1: usize = 70;
const LEVEL_2: usize = 183;

struct Row {
    ids: Vec<String>,
    level: usize,
    state: String,
    files: Vec<String>,
    tests: Vec<String>,
}

fn rows() -> Vec<Row> {
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let rows: Vec<Row> = read("docs/asvs.md")
        .lines()
        .filter(|line| {
            line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 6, "{line}");
            Row {
                ids: cells[0].split(", ").map(str::to_owned).collect(),
                level: cells[1].parse().unwrap_or_else(|_| panic!("no level: {line}")),
                state: cells[3].to_owned(),
                files: quoted(cells[4]),
                tests: quoted(cells[5]),
            }
        })
        .collect();
    assert!(!rows.is_empty(), "docs/asvs.md has no rows");
    rows
}

fn kind(row: &Row) -> &'static str {
    ["met in part", "not applicable", "open", "met"]
        .into_iter()
        .find(|kind| row.state.starts_with(kind))
        .unwrap_or_else(|| panic!("{:?}: {}", row.ids, row.state))
}

#[test]
fn every_requirement_is_judged_once() {
    let rows = rows();
    for (level, expected) in [(1, LEVEL_1), (2, LEVEL_2)] {
        let count: usize = rows.iter().filter(|row| row.level == level).map(|row| row.ids.len()).sum();
        assert_eq!(count, expected, "requirements of level {level}");
    }
    let ids: BTreeSet<&String> = rows.iter().flat_map(|row| &row.ids).collect();
    assert_eq!(ids.len(), LEVEL_1 + LEVEL_2, "an id stands twice");
    for id in ids {
        let numbers: Vec<&str> = id.split('.').collect();
        let fits = numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u8>().is_ok());
        assert!(fits, "{id} is no requirement");
    }
}

#[test]
fn the_sums_are_those_of_the_rows() {
    let page = read("docs/asvs.md");
    for wanted in ["met", "met in part", "open", "not applicable"] {
        let count: usize = rows().iter().filter(|row| kind(row) == wanted).map(|row| row.ids.len()).sum();
        let line = page.lines().find(|line| line.starts_with(&format!("| {wanted} |")));
        let line = line.unwrap_or_else(|| panic!("no sum of {wanted}"));
        assert!(line.ends_with(&format!("| {count} |")), "{wanted}: {count} rows, but {line}");
    }
}

#[test]
fn what_is_met_is_shown_and_what_is_not_is_explained() {
    for row in rows() {
        match kind(&row) {
            "met" => {
                assert_eq!(row.state, "met", "{:?}: half a sentence too much or too little", row.ids);
                assert!(!row.tests.is_empty() && !row.files.is_empty(), "{:?} is met, but by what?", row.ids);
            }
            kind => assert!(row.state.len() > kind.len() + 6, "{:?}: {kind}, but why?", row.ids),
        }
    }
}

#[test]
fn every_file_and_test_it_names_is_there() {
    let root = repository();
    let text = |folder: &str, extension: &str| -> String {
        files(folder, extension).iter().map(|path| read(path)).collect()
    };
    let rust: String = ["components", "crates", "tests", "xtask"].map(|folder| text(folder, ".rs")).concat();
    let (python, browser) = (text("tests/iac", ".py"), text("tests/browser", ".mjs"));
    let is_there = |test: &str| {
        let call = format!("fn {test}(");
        // Only a function that the line before marks as a test.
        let marked = rust.match_indices(&call).any(|(at, _)| {
            let before = rust[..at].trim_end_matches("async ").trim_end();
            before.ends_with(']')
                && before
                    .rsplit("#[")
                    .next()
                    .is_some_and(|mark| mark.contains("test") || mark.contains("ignore"))
        });
        marked
            || test.starts_with("test_") && python.contains(&format!("def {test}("))
            || test.contains(' ') && browser.contains(test)
            || test_of_properties(&rust, &call)
    };
    let mut missing = BTreeSet::new();
    for row in rows() {
        missing.extend(row.files.into_iter().filter(|file| !root.join(file).exists()));
        missing.extend(row.tests.into_iter().filter(|test| !is_there(test)));
    }
    assert!(missing.is_empty(), "there are no such files or tests: {missing:#?}");
    assert!(!is_there("repository") && !is_there("a_test_that_nobody_wrote"), "this finds anything");
}

/// Inside `proptest! { … }` the mark stands before the function as well, but its arguments follow.
fn test_of_properties(rust: &str, call: &str) -> bool {
    rust.contains("proptest!") && rust.contains(&format!("#[test]\n    {call}"))
}
