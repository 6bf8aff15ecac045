//! `cargo xtask bench ocr`: what becomes of a model's answers, written to docs/benchmarks.

use std::process::Command as Program;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{number::number, public};
use crate::apt::Apt;
use crate::paths::Tree;
use crate::{console, process};

const TEX: [&str; 6] = [
    "texlive-latex-extra",
    "texlive-plain-generic",
    "texlive-science",
    "texlive-pictures",
    "texlive-lang-french",
    "texlive-fonts-recommended",
];

pub(super) fn command() -> Command {
    Command::new("ocr")
        .about("Measure what becomes of a model's answers, and record it in docs/benchmarks")
        .long_about(
            "Measure what becomes of a model's answers, and record it in docs/benchmarks.\n\n\
             Documents are made, spoilt as answers are, and delivered; what is delivered is compiled with pdflatex, and\n\
             the Markdown is compared with pandoc's. What was compiled is kept in the target folder, so that a second run\n\
             takes minutes less. Needs no key, and a network only for what it installs and for public documents, which are\n\
             left out without one.",
        )
        .args([
            number("documents", "120", 2000).help("How many documents are made"),
            number("spoilt", "12", 2000).help("How many of them are spoilt in each way, and compiled"),
            Arg::new("markdown")
                .long("markdown")
                .action(ArgAction::SetTrue)
                .help("Measure only the Markdown, of the recorded documents: that needs no TeX"),
        ])
}

#[cfg_attr(feature = "bench", expect(dead_code, reason = "the program with the feature measures the rest"))]
pub(super) fn run(matches: &ArgMatches) -> Result<()> {
    let tree = Tree::find()?;
    if process::on_path("pandoc").is_none() {
        Apt::detect().install(&["pandoc"], "the Markdown is compared with it")?;
    }
    if matches.get_flag("markdown") {
        return process::run(built(&tree)?.arg("markdown").arg(tree.root.join("docs/benchmarks")));
    }
    let mut bench = program(&tree)?;
    console::step("Measuring. The first run compiles some hundred documents, which takes several minutes.");
    bench.arg(tree.target.join("ocr-bench")).arg(public::fetch(&tree)?);
    bench.arg(tree.root.join("docs/benchmarks")).arg(today()?);
    for name in ["documents", "spoilt"] {
        bench.arg(matches.get_one::<u64>(name).context("it has a default")?.to_string());
    }
    process::run(&mut bench)
}

/// The built bench, beside a TeX.
pub(super) fn program(tree: &Tree) -> Result<Program> {
    if process::on_path("pdflatex").is_none() {
        Apt::detect().install(&TEX, "what is delivered is compiled (about 1 GB, some minutes)")?;
    }
    built(tree)
}

fn built(tree: &Tree) -> Result<Program> {
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args([
        "build",
        "--profile=native",
        "--package=atelier-bench",
        "--target-dir",
    ]);
    process::run(cargo.arg(&tree.target)).context("cannot build the bench")?;
    Ok(Program::new(tree.target.join("native/ocr-bench")))
}

pub(super) fn today() -> Result<String> {
    Ok(process::output(Program::new("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned())
}
