//! `cargo xtask …`: every task of the project. README and CI call the same ones.
//!
//! A task installs what it needs on a fresh machine, reports what it installs and why, and never asks a question.
//! Nothing here knows a feature of Atelier. It knows the source tree, the toolchain and the processes.

use anyhow::Result;
use clap::{ArgMatches, Command};

mod apt;
mod bench;
mod build;
mod child;
mod console;
mod http;
mod lint;
mod migrate;
mod mocks;
mod node;
mod paths;
mod postgres;
mod process;
mod remediation;
mod secrets;
mod spin;
mod supervise;
mod test;
mod toolchain;
mod up;

/// The command line of a task, and what runs it.
type Task = (fn() -> Command, fn(&ArgMatches) -> Result<()>);

const TASKS: [Task; 7] = [
    (up::command, up::run),
    (build::command, build::run),
    (test::command, test::run),
    (lint::command, lint::run),
    (migrate::command, migrate::run),
    (bench::command, bench::run),
    (supervise::command, supervise::run),
];

fn command() -> Command {
    Command::new("cargo xtask")
        .bin_name("cargo xtask")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Builds, runs and tests Atelier. Every task installs what it lacks by itself.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(TASKS.map(|(command, _)| command()))
}

fn main() {
    let matches = command().get_matches();
    let outcome = matches.subcommand().map(|(name, matches)| {
        let task = TASKS.into_iter().find(|(command, _)| command().get_name() == name);
        task.map_or(Ok(()), |(_, run)| run(matches))
    });
    if let Some(Err(error)) = outcome {
        console::failure(&error);
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
