//! `cargo xtask …`: the one door to every task. README and CI call the same ones.
//!
//! Each subcommand brings what it needs on a fresh machine, says what it installs and why, and asks nothing.
//! Nothing here knows a feature of Atelier; it knows the tree, the toolchain and the processes.

use clap::{Parser, Subcommand};

mod apt;
mod bench;
mod build;
mod children;
mod hints;
mod http;
mod keep;
mod lint;
mod migrate;
mod mocks;
mod paths;
mod postgres;
mod process;
mod say;
mod secrets;
mod spin;
mod test;
mod toolchain;
mod up;

/// Builds, runs and tests Atelier. Every task installs what it lacks by itself.
#[derive(Parser)]
#[command(name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything and run it on this machine until Ctrl-C
    Up(up::Options),
    /// Build the three components, the embedded runtime and the mocks
    Build(build::Options),
    /// Run every test that needs no credentials
    Test(test::Options),
    /// Check format, clippy, licences and sources
    Lint(lint::Options),
    /// Bring a database up to date with the SQL files of auth
    Migrate(migrate::Options),
    /// Measure throughput, sign-in, sizes and memory
    Bench(bench::Options),
    /// Run one child process so that it cannot outlive us (not for people)
    #[command(hide = true)]
    Keep(keep::Options),
}

fn main() {
    let outcome = match Cli::parse().task {
        Task::Up(options) => up::run(&options),
        Task::Build(options) => build::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Lint(options) => lint::run(&options),
        Task::Migrate(options) => migrate::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Keep(options) => keep::run(&options),
    };
    if let Err(error) = outcome {
        say::failure(&error);
        std::process::exit(1);
    }
}
