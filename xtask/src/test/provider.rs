//! The part `provider`: installs llama.cpp and has the Python helper ask it.

use std::process::Command;

use anyhow::Result;

use super::counts::TestCounts;
use super::suite::Suite;
use crate::{console, process};

/// What PyPI has llama.cpp for.
const IS_SUPPORTED: bool = cfg!(all(
    any(target_os = "macos", all(target_os = "linux", target_env = "gnu")),
    any(target_arch = "x86_64", target_arch = "aarch64")
));

pub(super) fn run(suite: &Suite) -> Result<TestCounts> {
    if !IS_SUPPORTED {
        console::detail(
            "left out: PyPI has llama.cpp for Linux with glibc and for macOS, on x86_64 and aarch64",
        );
        return Ok(TestCounts::default());
    }
    let mut python = Command::new("python3");
    process::run(python.arg(suite.tree.root.join("tests/provider/serve.py")).arg("--install"))?;
    suite.cargo(&["--package=atelier-tests", "--test=provider"], &["--ignored"])
}
