//! Compiles documents with the real pdflatex, each once: the outcome is kept in a folder of the build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Longer than any document of the bench takes on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(300);

/// TeX was stopped before its first error.
const NO_OUTPUT: &str = "! no output";

/// What is known of documents, by their digest: the first error, or none.
#[derive(Debug)]
pub struct Tex {
    folder: PathBuf,
    known: Mutex<BTreeMap<String, Option<String>>>,
}

impl Tex {
    /// # Errors
    /// When the folder cannot be used, or there is no pdflatex.
    pub fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let version = Command::new("pdflatex").arg("--version").output();
        version.context("pdflatex is missing: `cargo xtask bench ocr` installs it")?;
        let known = std::fs::read_to_string(folder.join("outcomes.json")).unwrap_or_default();
        Ok(Self {
            folder: folder.to_owned(),
            known: Mutex::new(serde_json::from_str(&known).unwrap_or_default()),
        })
    }

    /// Compiles what is not known yet, on every core.
    ///
    /// # Errors
    /// When pdflatex cannot be run.
    pub fn compile_all(&self, documents: &[&str]) -> Result<()> {
        let missing: Vec<&str> =
            documents.iter().copied().filter(|latex| self.known(latex).is_none()).collect();
        let next = AtomicUsize::new(0);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let failed = std::thread::scope(|scope| {
            let worker = || -> Result<()> {
                while let Some(latex) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = self.compile(latex)?;
                    self.remember(latex, outcome)?;
                }
                Ok(())
            };
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or(Ok(()))).find(Result::is_err)
        });
        failed.unwrap_or(Ok(()))
    }

    /// Why the document does not compile; `None` when it does. It was compiled before.
    #[must_use]
    pub fn error(&self, latex: &str) -> Option<String> {
        self.known(latex).unwrap_or(Some("not compiled".to_owned()))
    }

    fn known(&self, latex: &str) -> Option<Option<String>> {
        let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&digest(latex)).cloned()
    }

    /// At once in the file too: a run that is stopped goes on where it was.
    fn remember(&self, latex: &str, outcome: Option<String>) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(digest(latex), outcome);
        // A file that is missing today may be installed tomorrow, and the machine less busy.
        let lacks =
            |error: &String| ["not found", "can't find", NO_OUTPUT].iter().any(|lack| error.contains(lack));
        let lasting: BTreeMap<_, _> =
            known.iter().filter(|(_, outcome)| !outcome.as_ref().is_some_and(lacks)).collect();
        Ok(std::fs::write(self.folder.join("outcomes.json"), serde_json::to_string(&lasting)?)?)
    }

    fn compile(&self, latex: &str) -> Result<Option<String>> {
        let folder = self.folder.join(format!("run-{}", digest(latex)));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("a.tex"), latex)?;
        let mut child = Command::new("pdflatex")
            .current_dir(&folder)
            .args(["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "a.tex"])
            .env("openout_any", "p")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run pdflatex")?;
        let started = Instant::now();
        let status = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if started.elapsed() > TIME_MAX => {
                    child.kill()?;
                    child.wait()?;
                    break None;
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let log = std::fs::read(folder.join("a.log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let error = log.lines().find(|line| line.starts_with('!')).unwrap_or(NO_OUTPUT).to_owned();
        std::fs::remove_dir_all(&folder)?;
        Ok(if status.is_some_and(|status| status.success()) { None } else { Some(error) })
    }
}

fn digest(latex: &str) -> String {
    hex::encode(Sha256::digest(latex).get(..16).unwrap_or_default())
}
