//! `cargo xtask up`: check, build, start, print the address, and run until Ctrl-C, SIGTERM or the end of a child.
//!
//! What would make it fail at the end (a busy port, a second run) is checked before the long builds.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::build::{Build, Native};
use crate::paths::Tree;
use crate::postgres::Purpose;
use crate::spin::{Choice, Runtime};
use crate::{console, process};

mod app;
mod database;
mod environment;
mod launch;
mod listen;
mod otlp;
pub(crate) mod serve;
mod settings;

pub(crate) use app::App;
pub(crate) use database::Database;
pub(crate) use environment::Environment;
pub(crate) use launch::Launch;
use otlp::Otlp;

pub(crate) fn command() -> Command {
    Command::new("up")
        .about("Build everything and run it on this machine until Ctrl-C")
        .long_about(
            "Build everything and run it on this machine until Ctrl-C.\n\n\
             Brings what it needs by itself: the WebAssembly target, PostgreSQL, and mocks for Make.com and Gemini\n\
             where no key is set. The data are kept in .atelier (accounts, logs, generated secrets). When pages are\n\
             answered, the last line is \"Serving http://ADDRESS\". Every SPIN_VARIABLE_<NAME> of the environment wins\n\
             over what would be set here; spin.toml lists the names.",
        )
        .args([
            Arg::new("listen")
                .long("listen")
                .value_name("ADDRESS:PORT")
                .default_value("127.0.0.1:3000")
                .value_parser(listen::address)
                .help("The address to listen on; port 0 takes a free one"),
            Arg::new("data-dir")
                .long("data-dir")
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf))
                .help("Where the database, the logs and the generated secrets are kept [default: .atelier]"),
            Arg::new("database-url").long("database-url").value_name("URL").help(
                "Use this PostgreSQL instead of a private one: postgres://USER:PASSWORD@HOST:PORT/DATABASE[?sslmode=…]",
            ),
            Arg::new("runtime")
                .long("runtime")
                .value_name("RUNTIME")
                .value_parser(value_parser!(Choice))
                .help("What runs the components [default: a `spin` ≥ 4.1 on the PATH, else embedded]"),
            Arg::new("otel").long("otel").action(ArgAction::SetTrue).help(
                "Send the traces of every request to OTEL_EXPORTER_OTLP_ENDPOINT [default: http://localhost:4318]",
            ),
        ])
}

pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let data = tree.data(matches.get_one("data-dir").map(PathBuf::as_path))?;
    let _lock = lock(&data)?;
    let listen = *matches.get_one("listen").context("--listen has a default")?;
    listen::check(listen)?;
    let environment = Environment::read();
    let database = matches.get_one("database-url").map(|url: &String| Database::parse(url)).transpose()?;
    if let Some(database) = &database {
        database.check()?;
    }
    let runtime = Runtime::resolve(matches.get_one("runtime").copied())?;
    let simulated = environment.simulated();

    let build = Build::start(&tree, &natives(&runtime, simulated.any()))?;
    let otlp = matches.get_flag("otel").then(|| Otlp::new(environment.otel_endpoint()));
    let launch = Launch {
        tree: &tree,
        data: &data,
        listen,
        runtime: &runtime,
        environment: &environment,
        database,
        otlp: otlp.as_ref(),
        purpose: Purpose::Keep,
    };
    // Meanwhile PostgreSQL is installed if it is missing.
    let storage = launch.storage()?;
    build.finish()?;
    let mut app = launch.start(storage)?;
    for line in simulated.explain(runtime.name(), &data, listen, &environment) {
        console::step(&line);
    }
    if let Some(otlp) = &otlp {
        console::step(&otlp.explain());
    }
    println!("Serving http://{}", app.address);
    std::io::stdout().flush()?;

    let outcome = app.watch();
    eprintln!();
    console::step("Stopping; the data are kept.");
    drop(app);
    outcome
}

/// The native programs that a run needs.
fn natives(runtime: &Runtime, mocks: bool) -> Vec<Native> {
    let runtime = (*runtime == Runtime::Embedded).then_some(Native::Runtime);
    runtime.into_iter().chain(mocks.then_some(Native::Mocks)).collect()
}

/// One run per data folder.
pub(crate) fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another `cargo xtask up` is using {}: stop it, or choose another folder with `--data-dir` and another address with `--listen`",
            data.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_per_data_folder() {
        let folder = std::env::temp_dir().join(format!("atelier-xtask-lock-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let first = lock(&folder).unwrap();
        assert!(lock(&folder).unwrap_err().to_string().contains("--data-dir"));
        drop(first);
        lock(&folder).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
