//! `cargo xtask bench tracks`: the same documents as PDFs, scans and photographs, sent to the built converter.

use std::process::Command as Program;

use anyhow::{Context, Result};
use clap::{ArgMatches, Command};

use super::{number::number, ocr};
use crate::apt::Apt;
use crate::paths::Tree;
use crate::{console, process};

/// What draws pages: poppler's `pdftoppm`, and a handwriting font with French letters.
const DRAWING: [&str; 2] = ["poppler-utils", "fonts-sjfonts"];

pub(super) fn command() -> Command {
    Command::new("tracks")
        .about("Send documents as PDFs, scans and photographs to the converter, and record what comes back")
        .long_about(
            "Send documents as PDFs, scans and photographs to the converter, and record what comes back in docs/benchmarks.\n\n\
             With SPIN_VARIABLE_GEMINI_AI_API_KEY set, Google's model is asked, which costs about as many pages as three times\n\
             the documents, and the pages with nothing to read. Without it the local mock answers, and no model is measured.",
        )
        .args([
            number("documents", "12", 1000).help("How many documents are sent on each track"),
            number("pages", "50", 1000).help("How many pages with nothing to read are sent"),
        ])
}

#[cfg_attr(feature = "bench", expect(dead_code, reason = "the program with the feature measures the rest"))]
pub(super) fn run(matches: &ArgMatches) -> Result<()> {
    let tree = Tree::find()?;
    let mut bench = ocr::program(&tree)?;
    if process::on_path("pdftoppm").is_none() {
        Apt::detect().install(&DRAWING, "pages are drawn and written with them")?;
    }
    let folder = tree.target.join("tracks");
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        console::step("Installing Pillow from PyPI: it draws scans and photographs.");
        process::run(Program::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
        let requirements = tree.root.join("tests/bench/tracks/requirements.txt");
        process::run(
            Program::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .arg(requirements),
        )?;
    }
    process::run(bench.arg("sources").arg(&folder)).context("cannot write the documents")?;
    let mut program = Program::new(python);
    program.arg(tree.root.join("tests/bench/tracks")).arg(std::env::current_exe()?);
    program.arg(&folder).arg(tree.root.join("docs/benchmarks")).arg(ocr::today()?);
    for name in ["documents", "pages"] {
        program.arg(format!("--{name}={}", matches.get_one::<u64>(name).context("it has a default")?));
    }
    process::run(&mut program)
}
