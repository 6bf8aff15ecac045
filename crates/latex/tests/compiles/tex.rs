//! Compiles documents with a real TeX, and keeps a record of what compiled.
//!
//! A document in the record is not compiled again, so that a machine without TeX can run the tests. A document that is
//! not in it needs `pdflatex`; `ATELIER_TEX=record` adds it. Without `compiled.txt` everything is compiled.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use sha2::{Digest, Sha256};

static RECORD: Mutex<()> = Mutex::new(());

/// # Panics
/// When a document does not compile, or is not in the record and there is no TeX.
#[track_caller]
pub(crate) fn assert_compiles(name: &str, latex: &str) {
    if let Err(cause) = check(latex) {
        panic!("{name} does not compile: {cause}\n{latex}");
    }
}

/// Why a document does not compile.
pub(crate) fn check(latex: &str) -> Result<(), String> {
    let digest = digest(latex);
    if !read().contains(&digest) {
        compile(latex)?;
        if records() {
            add(digest);
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the edge of a test is the test")]
fn records() -> bool {
    std::env::var("ATELIER_TEX").as_deref() == Ok("record")
}

fn digest(latex: &str) -> String {
    Sha256::digest(latex).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compiled.txt")
}

fn read() -> BTreeSet<String> {
    std::fs::read_to_string(file()).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn add(digest: String) {
    let _guard = RECORD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut record = read();
    record.insert(digest);
    let lines: String = record.iter().map(|digest| format!("{digest}\n")).collect();
    std::fs::write(file(), lines).unwrap();
}

/// Once, as Overleaf does at first: an error stops it.
fn compile(latex: &str) -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("atelier-tex-{}-{}", std::process::id(), digest(latex)));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    std::fs::write(folder.join("a.tex"), latex).map_err(|error| error.to_string())?;
    let run = Command::new("pdflatex")
        .current_dir(&folder)
        .args(["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "a.tex"])
        .env("openout_any", "p")
        .stdin(Stdio::null())
        .output();
    let _ = std::fs::remove_dir_all(&folder);
    let output = run.map_err(|error| format!("not in the record, and pdflatex cannot run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stdout);
    let error = log.lines().skip_while(|line| !line.starts_with('!')).take(6);
    Err(error.collect::<Vec<_>>().join("\n"))
}
