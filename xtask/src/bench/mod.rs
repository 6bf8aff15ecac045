//! `cargo xtask bench`: the figures that a change of the foundation is judged by, from one run on one machine.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::paths::Tree;
use crate::process;

#[cfg(feature = "bench")]
mod figures;
#[cfg(feature = "bench")]
mod load;

/// Measure throughput, sign-in, sizes and memory, and print them as JSON.
///
/// `auth_page_per_s` and `trivial_page_per_s` are requests per second of GET /auth and of a page that does nothing,
/// on the same runtime; `sign_in_p50_ms` is a sign-in over HTTP, `native_hash_p50_ms` the same password hash computed
/// natively in the same run; sizes are in KiB, memory in MiB of resident set. Leave the machine alone meanwhile.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each page is asked for, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many connections ask at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=256))]
    connections: u64,
}

impl Options {
    #[cfg_attr(not(feature = "bench"), expect(dead_code, reason = "used by the build that measures"))]
    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Without the feature: builds itself again, optimised and with the native hash, and runs that.
#[cfg(not(feature = "bench"))]
pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args([
        "build",
        "--profile=native",
        "--package=xtask",
        "--features=bench",
        "--target-dir",
    ]);
    // A folder of its own: this very program must not be replaced by one with other features.
    let target = tree.target.join("bench");
    process::run(cargo.arg(&target)).context("cannot build the bench")?;
    let mut bench = std::process::Command::new(target.join("native/xtask"));
    bench.env("ATELIER_TARGET", &tree.target);
    process::run(bench.args([
        "bench",
        "--seconds",
        &options.seconds.to_string(),
        "--connections",
        &options.connections.to_string(),
    ]))
}

#[cfg(feature = "bench")]
pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let figures = figures::measure(&Tree::find()?, options).context("cannot measure")?;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}
