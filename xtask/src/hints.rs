//! What to do about failures whose text we recognise, whichever program wrote it.

/// One sentence with the cure, when the text of a failure is a known one.
pub(crate) fn cure(failure: &str) -> Option<&'static str> {
    let text = failure.to_lowercase();
    let known = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    if known(&["no space left on device", "os error 28", "disk full", "storage full"]) {
        return Some(
            "The disk is full: free some space (`cargo clean` frees the builds), or put the data elsewhere with `--data-dir`.",
        );
    }
    if known(&["read-only file system", "os error 30"]) {
        return Some(
            "The folder is read-only: work in a writable copy, or put the data elsewhere with `--data-dir`.",
        );
    }
    if known(&["permission denied", "os error 13"]) {
        return Some(
            "A file or folder is not yours: give it back with `sudo chown -R $(id -un) .atelier target`, or put the data elsewhere with `--data-dir`.",
        );
    }
    if known(&["could not resolve host", "dns error", "failed to download", "network is unreachable"]) {
        return Some(
            "The network did not answer: check the connection and call the same command again; what was fetched is kept.",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::cure;

    fn check(failure: &str, expected: Option<&str>) {
        match (cure(failure), expected) {
            (None, None) => {}
            (Some(hint), Some(part)) => assert!(hint.contains(part), "{failure:?} gave {hint:?}"),
            (hint, _) => panic!("{failure:?} gave {hint:?}, wanted {expected:?}"),
        }
    }

    #[test]
    fn each_known_cause_has_its_cure_and_others_have_none() {
        check("could not write to file \"pg_wal/0001\": No space left on device", Some("disk is full"));
        check("cannot create .atelier: Read-only file system (os error 30)", Some("read-only"));
        check("cannot write .atelier/lock: Permission denied (os error 13)", Some("chown"));
        check("error: failed to download from `https://static.crates.io/…`", Some("network"));
        check("database \"atelier\" does not exist", None);
    }
}
