//! Starts the mocks, prints where they listen as one JSON line, and runs until SIGTERM or Ctrl-C.
//!
//! `atelier-mocks [MAKE_ADDRESS [GEMINI_ADDRESS [OPENAI_ADDRESS]]]`; an address that is not given is a free port of loopback.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use mocks::{GeminiMock, MakeMock, OpenAiMock};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atelier-mocks: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let mut address = || match arguments.next() {
        Some(given) => given.parse().map_err(|_| format!("{given:?} is not an address like 127.0.0.1:8080")),
        None => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
    };
    let (for_make, for_gemini, for_openai) = (address()?, address()?, address()?);
    let busy = |address| move |error| format!("cannot listen on {address}: {error}");
    let make = MakeMock::start_on(for_make).map_err(busy(for_make))?;
    let gemini = GeminiMock::start_on(for_gemini).map_err(busy(for_gemini))?;
    let openai = OpenAiMock::start_on(for_openai).map_err(busy(for_openai))?;
    let addresses = json!({
        "webhook_url": make.webhook_url(),
        "webhook_origin": make.origin(),
        "gemini_origin": gemini.origin(),
        "openai_origin": openai.origin(),
    });
    serve(&addresses).map_err(|error| error.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn serve(addresses: &serde_json::Value) -> std::io::Result<()> {
    // Before the line is printed: its reader may stop this program at once.
    let mut terminated = signal(SignalKind::terminate())?;
    let mut out = std::io::stdout();
    writeln!(out, "{addresses}").and_then(|()| out.flush())?;
    tokio::select! {
        _ = terminated.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}
