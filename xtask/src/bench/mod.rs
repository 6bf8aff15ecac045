//! `cargo xtask bench`: the figures to compare before and after a change, from one run on one machine.

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use self::number::number;
use crate::paths::Tree;
use crate::process;
use crate::spin::Choice;
#[cfg(feature = "bench")]
use crate::spin::Runtime;

#[cfg(feature = "bench")]
mod crowd;
#[cfg(feature = "bench")]
mod figures;
#[cfg(feature = "bench")]
mod load;
#[cfg(feature = "bench")]
mod memory;
#[cfg(feature = "bench")]
mod native;
mod number;
mod ocr;
mod public;
#[cfg(feature = "bench")]
mod record;
mod tracks;

pub(crate) fn command() -> Command {
    Command::new("bench")
        .about("Measure pages, sign-ins, questions, uploads, sizes and memory")
        .long_about(
            "Measure pages, sign-ins, questions, uploads, sizes and memory, and print the figures as JSON.\n\n\
             What a figure is compared with is measured in the same run: a guest that does nothing, a native server\n\
             with the same page, a native password hash, the webhook alone. With --record the figures are added to\n\
             docs/benchmarks/server.json, and server.md is written from it. Leave the machine alone meanwhile.",
        )
        .args([
            number("seconds", "10", 600).help("How long each page is asked for, in seconds"),
            number("connections", "16", 256).help("How many connections ask at once"),
            Arg::new("runtime")
                .long("runtime")
                .value_name("RUNTIME")
                .default_value("embedded")
                .value_parser(value_parser!(Choice))
                .help("What runs the components"),
            Arg::new("record")
                .long("record")
                .action(ArgAction::SetTrue)
                .help("Add the figures to docs/benchmarks/server.json and write server.md"),
        ])
        .subcommand(ocr::command())
        .subcommand(tracks::command())
}

/// Without the feature: builds itself again, optimised and with the native hash, and runs that.
#[cfg(not(feature = "bench"))]
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    match matches.subcommand() {
        Some(("ocr", matches)) => return ocr::run(matches),
        Some(("tracks", matches)) => return tracks::run(matches),
        _ => {}
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
    let tree = Tree::find()?;
    let runtime = Runtime::resolve(matches.get_one("runtime").copied())?;
    let bench = figures::Bench { tree: &tree, runtime: &runtime, load: &load };
    let figures = bench.measure().context("cannot measure")?;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    if matches.get_flag("record") {
        record::add(&tree, runtime.name(), figures)?;
    }
    Ok(())
}
