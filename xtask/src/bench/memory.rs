//! The memory that a program takes.

use std::fs;

use anyhow::{Context, Result};

/// What a process and its children have resident, in MiB.
///
/// # Errors
/// Elsewhere than on Linux, and when the process has ended.
pub(super) fn resident_mib(pid: u32) -> Result<f64> {
    let mut kib = 0;
    let mut family = vec![pid];
    while let Some(pid) = family.pop() {
        let status =
            fs::read_to_string(format!("/proc/{pid}/status")).context("memory is measured on Linux only")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no resident set")?;
        kib += line.trim().trim_end_matches(" kB").parse::<u32>()?;
        // Each thread has the children that it has started.
        for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    Ok(f64::from(kib) / 1024.0)
}
