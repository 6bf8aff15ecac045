//! Node.js, which drives the browser tests and reads the scripts of the pages.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt::Apt;
use crate::paths::Tree;
use crate::{console, process};

/// The browser tests use Node's own test runner as of this version.
const MAJOR_MIN: u32 = 20;

/// Installs Node.js and npm where they are missing.
fn prepare() -> Result<()> {
    let remediation = format!("Node.js {MAJOR_MIN} or newer is needed: install it from https://nodejs.org");
    if process::on_path("node").is_none() || process::on_path("npm").is_none() {
        Apt::detect()
            .install(&["nodejs", "npm"], "scripts are read, and the browser driven, by Node.js")
            .with_context(|| remediation.clone())?;
    }
    let version =
        process::output(Command::new("node").arg("--version")).with_context(|| remediation.clone())?;
    match major(&version) {
        Some(major) if major >= MAJOR_MIN => Ok(()),
        _ => bail!("{remediation}; here is {}", version.trim()),
    }
}

/// The folder `tests/browser` with the packages that it pins, fetched when its lock file is newer than the installed ones.
///
/// # Errors
/// Where Node.js cannot be installed or is too old, or npm cannot fetch them.
pub(crate) fn packages(tree: &Tree) -> Result<PathBuf> {
    prepare()?;
    let folder = tree.root.join("tests/browser");
    let modified = |path: PathBuf| path.metadata().and_then(|meta| meta.modified()).ok();
    let locked =
        modified(folder.join("package-lock.json")).context("tests/browser has no package-lock.json")?;
    if modified(folder.join("node_modules/.package-lock.json")).is_some_and(|there| there >= locked) {
        return Ok(folder);
    }
    console::step(
        "Fetching the packages of tests/browser with npm: they drive the browser and measure the pages (190 MB, half a minute).",
    );
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund", "--silent"]).stdout(std::io::stderr());
    // The tests have a browser of their own; Playwright must not fetch another.
    process::run(npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    Ok(folder)
}

/// `v20.19.2` gives 20.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn nodes_version_is_read_from_its_output() {
        assert_eq!(major("v20.19.2\n"), Some(20));
        assert_eq!(major("node: not found"), None);
    }
}
