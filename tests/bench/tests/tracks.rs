//! What scores and counts the answers on the tracks (tests/bench/tracks) has tests of its own, in Python.

use std::path::Path;
use std::process::Command;

#[test]
fn the_tests_of_the_tracks_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tracks");
    let output = Command::new("python3")
        .args(["-m", "unittest", "discover"])
        .current_dir(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("\nRan "), "{said}");
    assert!(!said.contains("Ran 0 tests"), "{said}");
}
