//! `atelier-runtime up`: reads the manifest, compiles the components, and serves until SIGINT or SIGTERM.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use atelier_runtime::app::{App, Options};
use atelier_runtime::cli::{Cli, Command, Up};
use atelier_runtime::manifest::Manifest;
use atelier_runtime::server;
use atelier_runtime::telemetry::Telemetry;
use atelier_runtime::variables::Variables;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let Command::Up(up) = Cli::parse().command;
    match run(&up) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(up: &Up) -> Result<()> {
    let manifest = Manifest::read(&up.manifest)?;
    let variables = Variables::resolve(&manifest, &up.variable_overrides()?, environment)?;
    let folder = up.manifest.parent().unwrap_or(Path::new(""));
    let options = Options { limits: up.limits(), quiet: up.quiet, cache: !up.disable_cache };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the threads that serve requests do not start")?;
    let served = runtime.block_on(async {
        // Before the components are compiled, so that a busy port is reported at once.
        let listener = server::bind(up.listen).await?;
        let telemetry = Telemetry::from_environment(environment)?;
        let app = App::load(&manifest, folder, &variables, options, telemetry.clone())?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
        let address = listener.local_addr().context("the listener has no address")?;
        announce(&app, &format!("http://{address}"));
        let stop = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        let served = server::serve(app, listener, up.client_limits(), stop).await;
        telemetry.shutdown().await;
        served
    });
    // Ends instances that are still running after the drain.
    runtime.shutdown_background();
    served
}

fn announce(app: &App, base: &str) {
    println!("Serving {base}");
    println!("Available Routes:");
    for (route, component) in app.router.iter() {
        println!("  {component}: {base}{route}");
    }
}

fn environment(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            anyhow::bail!("the environment variable {name} is not UTF-8: set it again")
        }
    }
}
