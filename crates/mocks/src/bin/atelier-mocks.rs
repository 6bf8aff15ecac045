//! Starts both mocks, prints where they are as one JSON line, and runs until SIGTERM or Ctrl-C.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use mocks::{GeminiMock, MakeMock};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// Local mocks for Make.com and Google Gemini; every reply says that it is simulated
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where Make.com's webhook listens
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    make_listen: SocketAddr,
    /// Where Gemini's API listens
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    gemini_listen: SocketAddr,
    /// The only `x-make-apikey` that is accepted [default: any, or none]
    #[arg(long, value_name = "KEY")]
    make_key: Option<String>,
    /// The only `x-goog-api-key` that is accepted [default: any]
    #[arg(long, value_name = "KEY")]
    gemini_key: Option<String>,
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atelier-mocks: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), String> {
    let make = MakeMock::start_on(options.make_listen, options.make_key)
        .map_err(|error| format!("cannot listen on {} for Make.com: {error}", options.make_listen))?;
    let gemini = GeminiMock::start_on(options.gemini_listen, options.gemini_key)
        .map_err(|error| format!("cannot listen on {} for Gemini: {error}", options.gemini_listen))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        // Before the line is printed: whoever reads it may stop us at once.
        let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
        let addresses = json!({
            "webhook_url": make.webhook_url(),
            "webhook_origin": make.origin(),
            "gemini_origin": gemini.origin(),
        });
        let mut out = std::io::stdout();
        writeln!(out, "{addresses}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        tokio::select! {
            _ = terminated.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
        }
    })
}
