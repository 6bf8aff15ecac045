//! `cargo xtask up`: build → PostgreSQL → stand-ins → runtime → wait until pages are answered → stay.
//!
//! The children are stopped in the reverse order, on Ctrl-C, on SIGTERM, and when one of them dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::build::{self, Native};
use crate::children::Running;
use crate::paths::Tree;
use crate::postgres::{Cluster, Purpose};
use crate::secrets::Secret;
use crate::spin::{Choice, Runtime};
use crate::{process, say, standins};

mod serve;
mod settings;

use settings::{Database, Environment, Settings};

/// Build everything and run it on this machine until Ctrl-C.
///
/// Brings what it needs by itself: the WebAssembly target, PostgreSQL, and stand-ins for Make.com and Gemini
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
}

/// Everything that runs, in the order in which it must be stopped: fields are dropped from the first to the last.
struct App {
    runtime: Option<Running>,
    standins: Option<Running>,
    cluster: Option<Cluster>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let data = tree.data(options.data_dir.as_deref())?;
    let _lock = lock(&data)?;
    check_port(options.listen)?;
    let environment = Environment::read();
    let given = options.database_url.as_deref().map(Database::parse).transpose()?;
    if let Some(database) = &given {
        database.check()?;
    }
    let runtime = Runtime::resolve(options.runtime, Choice::Spin)?;

    let simulated = environment.simulated();
    let mut programs = vec![];
    if runtime == Runtime::Embedded {
        programs.push(Native::Runtime);
    }
    if simulated.any() {
        programs.push(Native::Standins);
    }
    build::components(&tree)?;
    build::natives(&tree, &programs)?;

    let mut app = App { runtime: None, standins: None, cluster: None };
    let database = match given {
        Some(database) => Some(database),
        None if environment.names_database() => None,
        None => Some(private_database(&mut app, &data)?),
    };
    let mut addresses = None;
    if simulated.any() {
        let (child, found) = standins::start(&tree, &data)?;
        app.standins = Some(child);
        addresses = Some(found);
    }
    let key = Secret::kept(&data.join("secrets"), "service-key")?;
    let settings = Settings { database: database.as_ref(), standins: addresses.as_ref(), service_key: &key };
    let variables = settings.variables(&environment);

    let (child, address) = serve::start(&tree, &runtime, options.listen, &variables, &data)?;
    let child = app.runtime.insert(child);
    serve::wait_until_ready(child, address)?;
    for line in simulated.explain(runtime.name(), &data, options.listen, &environment) {
        say::step(&line);
    }
    println!("Serving http://{address}");
    std::io::stdout().flush()?;

    let outcome = watch(&mut app);
    eprintln!();
    say::step("Stopping; the data are kept.");
    stop(app);
    outcome
}

fn private_database(app: &mut App, data: &Path) -> Result<Database> {
    let cluster = Cluster::start(data, Purpose::Keep)?;
    let password = cluster.application(data)?;
    let database = Database::private(cluster.port, &password);
    app.cluster = Some(cluster);
    Ok(database)
}

/// Returns when we are asked to stop (well) or when a child has died (an error with its last lines).
fn watch(app: &mut App) -> Result<()> {
    loop {
        if process::stopping() {
            return Ok(());
        }
        let cluster = app.cluster.as_mut().map(|cluster| &mut cluster.server);
        for child in [app.runtime.as_mut(), app.standins.as_mut(), cluster].into_iter().flatten() {
            if let Some(status) = child.ended() {
                // `kill` and the terminal may reach a child too; then it is no failure.
                if process::stopping() {
                    return Ok(());
                }
                bail!("{} ended by itself ({status}); its last lines:\n{}", child.name(), child.last_words());
            }
        }
        sleep(Duration::from_millis(100));
    }
}

fn stop(app: App) {
    let start = Instant::now();
    drop(app);
    if start.elapsed() > Duration::from_secs(5) {
        say::detail(&format!("that took {}", say::seconds(start.elapsed())));
    }
}

/// One run per data folder.
fn lock(data: &Path) -> Result<File> {
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
