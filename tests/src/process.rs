//! The runtime as a child process: its command line, its log, its address.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::guard::{Ending, Guard};
use crate::settings::{self, RuntimeKind};

const START_LIMIT: Duration = Duration::from_secs(60);
const SERVING: &str = "Serving http://";

/// What the runtime wrote, both outputs together, line by line.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// Everything so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    pub(crate) fn tail(&self, lines: usize) -> String {
        let all = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
    }

    fn push(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// A running runtime; dropping it ends it.
#[derive(Debug)]
pub struct Runtime {
    /// `http://127.0.0.1:PORT`
    pub origin: String,
    pub log: Log,
    _process: Guard,
}

impl Runtime {
    /// Serves the manifest with the given Spin variables on a free port. The manifest's folder goes with the
    /// runtime.
    ///
    /// # Errors
    /// The log, when the runtime ends or stays silent instead of serving.
    pub fn start(manifest: &Path, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let program = settings::runtime_binary();
        let arguments: Vec<String> =
            ["up", "-f", &manifest.to_string_lossy(), "--listen", "127.0.0.1:0"].map(str::to_owned).to_vec();
        // The folder of the manifest was made for this start; shared applications are never dropped.
        let folder =
            manifest.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
        // Spin is two processes, and only where it may end by itself does it take its temporary folder with it.
        let signal = match settings::runtime_kind() {
            RuntimeKind::Embedded => "KILL",
            RuntimeKind::Spin => "TERM",
        };
        let ending = Ending { signal, folder: &folder };
        let mut process = Guard::spawn(&program.to_string_lossy(), &arguments, ending, |command| {
            // The settings of whoever runs the tests: an address, a real key, a collector.
            let theirs = |name: &str| name.starts_with("SPIN_") || name.starts_with("OTEL_");
            for (name, _) in std::env::vars().filter(|(name, _)| theirs(name)) {
                command.env_remove(name);
            }
            for (name, value) in variables {
                command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
            }
            command.current_dir(manifest.parent().unwrap_or(manifest));
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        })
        .map_err(|error| format!("{}: {error}", program.display()))?;

        let log = Log::default();
        let (serving, served) = mpsc::channel();
        let (stdout, stderr) = process.outputs();
        follow(stdout, log.clone(), Some(serving));
        follow(stderr, log.clone(), None);
        match served.recv_timeout(START_LIMIT) {
            Ok(origin) => Ok(Self { origin, log, _process: process }),
            Err(_) => {
                // The other output may still be on its way.
                thread::sleep(Duration::from_millis(100));
                Err(format!("{} did not start serving:\n{}", program.display(), log.text()))
            }
        }
    }
}

/// Copies an output to the log, and the address of the first `Serving …` line to `serving`.
fn follow(output: Option<impl Read + Send + 'static>, log: Log, mut serving: Option<Sender<String>>) {
    let Some(output) = output else { return };
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            let address = line
                .trim()
                .strip_prefix(SERVING)
                .map(|rest| format!("http://{}", rest.trim_end_matches('/')));
            log.push(line);
            if let Some(address) = address
                && let Some(serving) = serving.take()
            {
                let _ = serving.send(address);
            }
        }
        // Without an address the receiver learns now that there will be none.
        drop(serving);
    });
}
