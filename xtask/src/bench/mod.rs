//! `cargo xtask bench`: the figures to compare before and after a change, from one run on one machine.

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::paths::Tree;
use crate::process;

#[cfg(feature = "bench")]
mod figures;
#[cfg(feature = "bench")]
mod load;
mod ocr;

pub(crate) fn command() -> Command {
    let number = |name: &'static str, default: &'static str, max: u64| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(default)
            .value_parser(value_parser!(u64).range(1..=max))
    };
    Command::new("bench")
        .about("Measure throughput, sign-in, sizes and memory")
        .long_about(
            "Measure throughput, sign-in, sizes and memory, and print them as JSON.\n\n\
             `auth_page_per_s` and `trivial_page_per_s` are requests per second of GET /auth and of a page that does\n\
             nothing, on the same runtime; `sign_in_p50_ms` is a sign-in over HTTP, `native_hash_p50_ms` the same\n\
             password hash computed natively in the same run; sizes are in KiB, memory in MiB of resident set. Leave\n\
             the machine alone meanwhile.",
        )
        .args([
            number("seconds", "10", 600).help("How long each page is asked for, in seconds"),
            number("connections", "8", 256).help("How many connections ask at once"),
        ])
        .subcommand(ocr::command())
}

/// Without the feature: builds itself again, optimised and with the native hash, and runs that.
#[cfg(not(feature = "bench"))]
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    if let Some(("ocr", matches)) = matches.subcommand() {
        return ocr::run(matches);
    }
    let tree = Tree::find()?;
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args([
        "build",
        "--profile=native",
        "--package=xtask",
        "--features=bench",
        "--target-dir",
    ]);
    // A folder of its own: this program must not be replaced by one with other features.
    let target = tree.target.join("bench");
    process::run(cargo.arg(&target)).context("cannot build the bench")?;
    let mut bench = std::process::Command::new(target.join("native/xtask"));
    bench.args(std::env::args_os().skip(1)).env("ATELIER_TARGET", &tree.target);
    process::run(&mut bench)
}

#[cfg(feature = "bench")]
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let number = |name| matches.get_one::<u64>(name).copied().context("it has a default");
    let load = load::Load {
        duration: std::time::Duration::from_secs(number("seconds")?),
        connections: usize::try_from(number("connections")?)?,
    };
    let figures = figures::measure(&Tree::find()?, &load).context("cannot measure")?;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}
