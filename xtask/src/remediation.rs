//! What to do about a failure whose text is known, whichever program wrote it.

/// Parts of messages, in lower case, and the remediation for them.
const KNOWN: [(&[&str], &str); 4] = [
    (
        &["no space left on device", "os error 28", "disk full", "storage full"],
        "The disk is full: free some space (`cargo clean` frees the builds), or put the data elsewhere with `--data-dir`.",
    ),
    (
        &["read-only file system", "os error 30"],
        "The folder is read-only: work in a writable copy, or put the data elsewhere with `--data-dir`.",
    ),
    (
        &["permission denied", "os error 13"],
        "A file or folder is not yours: give it back with `sudo chown -R $(id -un) .atelier target`, or put the data elsewhere with `--data-dir`.",
    ),
    (
        &["could not resolve host", "dns error", "failed to download", "network is unreachable"],
        "The network did not answer: check the connection and call the same command again; what was fetched is kept.",
    ),
];

/// One sentence that says what to do, when the text of a failure is a known one.
pub(crate) fn of(failure: &str) -> Option<&'static str> {
    let text = failure.to_lowercase();
    let known = KNOWN.iter().find(|(parts, _)| parts.iter().any(|part| text.contains(part)));
    known.map(|(_, remediation)| *remediation)
}

#[cfg(test)]
mod tests {
    use super::of;

    fn check(failure: &str, expected: Option<&str>) {
        match (of(failure), expected) {
            (None, None) => {}
            (Some(found), Some(part)) => assert!(found.contains(part), "{failure:?} gave {found:?}"),
            (found, _) => panic!("{failure:?} gave {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn each_known_failure_has_its_remediation_and_others_have_none() {
        check("could not write to file \"pg_wal/0001\": No space left on device", Some("disk is full"));
        check("cannot create .atelier: Read-only file system (os error 30)", Some("read-only"));
        check("cannot write .atelier/lock: Permission denied (os error 13)", Some("chown"));
        check("error: failed to download from `https://static.crates.io/…`", Some("network"));
        check("database \"atelier\" does not exist", None);
    }
}
