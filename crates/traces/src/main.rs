//! Prints where it listens and serves until SIGTERM or Ctrl-C.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Takes OpenTelemetry traces (OTLP over HTTP, protobuf) and shows them as pages
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4318", value_name = "ADDRESS")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atelier-traces: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await.map_err(|error| {
            format!("cannot listen on {}: {error}; choose another with --listen", options.listen)
        })?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        // Before the line is printed: whoever reads it may stop us at once.
        let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        let mut out = std::io::stdout();
        writeln!(out, "Serving http://{address}").and_then(|()| out.flush()).map_err(|e| e.to_string())?;
        tokio::select! {
            () = atelier_traces::serve(listener) => Ok(()),
            _ = terminated.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
        }
    })
}
