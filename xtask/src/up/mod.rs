//! `cargo xtask up`: look → build → start → say where → stay until Ctrl-C, SIGTERM or the death of a child.
//!
//! What would make it fail at the end (a busy port, a second run) is looked at before the long builds.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::build::{self, Native};
use crate::paths::Tree;
use crate::postgres::Purpose;
use crate::spin::{Choice, Runtime};
use crate::{process, say};

mod app;
mod otlp;
pub(crate) mod serve;
mod settings;

pub(crate) use app::Launch;
use otlp::Otlp;
pub(crate) use settings::{Database, Environment};

/// Build everything and run it on this machine until Ctrl-C.
///
/// Brings what it needs by itself: the WebAssembly target, PostgreSQL, and mocks for Make.com and Gemini
/// where no key is set. The data are kept in .atelier (accounts, logs, generated secrets). When pages are
/// answered, the last line is "Serving http://ADDRESS". Every SPIN_VARIABLE_<NAME> of the environment wins over
/// what would be set here; spin.toml lists the names.
#[derive(Args)]
pub(crate) struct Options {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:3000", value_parser = address)]
    listen: SocketAddr,
    /// Where the database, the logs and the generated secrets are kept [default: .atelier]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Use this PostgreSQL instead of a private one: postgres://USER:PASSWORD@HOST:PORT/DATABASE[?sslmode=…]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// What runs the components [default: a `spin` ≥ 4.1 on the PATH, else embedded]
    #[arg(long, value_enum)]
    runtime: Option<Choice>,
    /// Send the traces of every request to OTEL_EXPORTER_OTLP_ENDPOINT [default: http://localhost:4318]
    #[arg(long)]
    otel: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let data = tree.data(options.data_dir.as_deref())?;
    let _lock = lock(&data)?;
    check_port(options.listen)?;
    let environment = Environment::read();
    let database = options.database_url.as_deref().map(Database::parse).transpose()?;
    if let Some(database) = &database {
        database.check()?;
    }
    let runtime = Runtime::resolve(options.runtime, Choice::Spin)?;
    let simulated = environment.simulated();

    build::components(&tree)?;
    build::natives(&tree, &natives(&runtime, simulated.any()))?;
    let otlp = options.otel.then(|| Otlp::new(environment.otel_endpoint()));
    let launch = Launch {
        tree: &tree,
        data: &data,
        listen: options.listen,
        runtime: &runtime,
        environment: &environment,
        database,
        otlp: otlp.as_ref(),
        purpose: Purpose::Keep,
    };
    let mut app = launch.start()?;
    for line in simulated.explain(runtime.name(), &data, options.listen, &environment) {
        say::step(&line);
    }
    if let Some(otlp) = &otlp {
        say::step(&otlp.explain());
    }
    println!("Serving http://{}", app.address);
    std::io::stdout().flush()?;

    let outcome = app.watch();
    eprintln!();
    say::step("Stopping; the data are kept.");
    drop(app);
    outcome
}

/// The programs of ours that a run needs.
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

/// Before the long builds, not after them.
fn check_port(listen: SocketAddr) -> Result<()> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) => Err(error).with_context(|| busy(listen)),
    }
}

fn busy(listen: SocketAddr) -> String {
    let other = listen.port().checked_add(1).unwrap_or(3000);
    match TcpListener::bind(listen).map_err(|error| error.kind()) {
        Err(ErrorKind::AddrInUse) => format!(
            "port {} is taken by another program: stop that one, or choose another port with `--listen {}:{other}`",
            listen.port(),
            listen.ip()
        ),
        Err(ErrorKind::PermissionDenied) => {
            format!(
                "this user may not listen on port {}: choose one above 1023 with `--listen`",
                listen.port()
            )
        }
        _ => format!("cannot listen on {listen}: name an address of this machine with `--listen`"),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text
        .to_socket_addrs()
        .map_err(|error| format!("{error}; write ADDRESS:PORT, e.g. 127.0.0.1:3000"))?;
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| "no such address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_a_free_neighbour() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = format!("{:#}", check_port(taken.local_addr().unwrap()).unwrap_err());
        assert!(
            error.contains("is taken by another program") && error.contains("--listen 127.0.0.1:"),
            "{error}"
        );
    }

    #[test]
    fn an_address_that_is_not_ours_is_refused_with_the_option_to_use() {
        let error = format!("{:#}", check_port("192.0.2.1:3000".parse().unwrap()).unwrap_err());
        assert!(error.contains("--listen"), "{error}");
    }

    #[test]
    fn addresses_are_numbers_or_names() {
        assert_eq!(address("127.0.0.1:3000").unwrap().to_string(), "127.0.0.1:3000");
        assert_eq!(address("localhost:3000").unwrap().port(), 3000);
        assert!(address("3000").unwrap_err().contains("ADDRESS:PORT"));
    }

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
