//! The runtime as a child process: its command line, its log, its address.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use test_support::{ChildProcess, Ending, Log};

use crate::settings::{self, RuntimeKind};

const START_LIMIT: Duration = Duration::from_secs(60);

/// A running runtime; dropping it stops it.
#[derive(Debug)]
pub struct Runtime {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    pub log: Log,
    _process: ChildProcess,
}

impl Runtime {
    /// Serves the manifest with the given Spin variables on a free port. The manifest's folder is removed with the
    /// runtime.
    ///
    /// # Errors
    /// The log, when the runtime ends or writes no address.
    pub fn start(manifest: &Path, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let program = settings::runtime_binary().to_string_lossy().into_owned();
        let folder = manifest.parent().unwrap_or(manifest);
        let arguments = ["up", "-f", &manifest.to_string_lossy(), "--listen", "127.0.0.1:0"];
        // Spin is two processes, and removes its temporary folder only where it may end by itself.
        let signal = match settings::runtime_kind() {
            RuntimeKind::Embedded => "KILL",
            RuntimeKind::Spin => "TERM",
        };
        let ending = Ending { signal, folder: &folder.to_string_lossy() };
        let mut process = ChildProcess::spawn(&program, &arguments, ending, |command| {
            // What the environment of the tests sets for a runtime of its own: an address, a real key, a collector.
            let is_foreign = |name: &str| name.starts_with("SPIN_") || name.starts_with("OTEL_");
            for (name, _) in std::env::vars().filter(|(name, _)| is_foreign(name)) {
                command.env_remove(name);
            }
            for (name, value) in variables {
                command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
            }
            command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        })
        .map_err(|error| format!("{program}: {error}"))?;

        let log = Log::default();
        let (stdout, stderr) = process.outputs();
        stdout.into_iter().for_each(|output| log.collect(output));
        stderr.into_iter().for_each(|output| log.collect(output));
        let address = |line: &str| {
            let url = line.trim().strip_prefix("Serving ")?;
            url.starts_with("http://").then(|| url.trim_end_matches('/').to_owned())
        };
        match log.wait_for(START_LIMIT, address) {
            Some(origin) => Ok(Self { origin, log, _process: process }),
            None => Err(format!("{program} did not start serving:\n{}", log.text())),
        }
    }
}
