//! `cargo xtask bench tracks`: the same documents as PDFs, scans and photographs, sent to the built converter.

use std::path::Path;
use std::process::Command as Program;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{number::number, ocr, public};
use crate::apt::Apt;
use crate::build::{Build, Native};
use crate::paths::Tree;
use crate::{console, process};

/// What draws pages: poppler's `pdftoppm`, and a handwriting font with French letters.
const DRAWING: [&str; 2] = ["poppler-utils", "fonts-sjfonts"];
const FONT: &str = "/usr/share/fonts/truetype/sjfonts/SteveHand.ttf";

/// olmOCR-Bench's scorer (Apache-2.0), with what it uses without saying so, and PureDocBench's (MIT), which is on no registry.
const SCORERS: [(&str, &[&str]); 2] = [
    ("olmOCR-Bench", &["olmocr[bench]==0.4.27", "numpy"]),
    (
        "PureDocBench",
        &[
            "puredocbench @ git+https://github.com/zhihengli-casia/PureDocBench@fac8cec3d4e1972c48c9e533f24018d60d43c54b",
        ],
    ),
];

pub(super) fn command() -> Command {
    Command::new("tracks")
        .about("Send documents as PDFs, scans and photographs to the converter, and record what comes back")
        .long_about(
            "Send documents as PDFs, scans and photographs to the converter, and record what comes back in docs/benchmarks.\n\n\
             With SPIN_VARIABLE_GEMINI_AI_API_KEY set, Google's model is asked: about five times the pages of the documents\n\
             (three tracks, and those of several pages again whole and page by page), and the pages with nothing to read.\n\
             Without it the local mock answers, and no model is measured. Start with --documents 3 --pages 6.",
        )
        .args([
            number("documents", "12", 1000).help("How many documents are sent on each track"),
            number("pages", "50", 1000).help("How many pages with nothing to read are sent"),
            Arg::new("scorers")
                .long("scorers")
                .action(ArgAction::SetTrue)
                .help("Install the scorers of olmOCR-Bench and PureDocBench where they can be had (200 MB)"),
        ])
}

#[cfg_attr(feature = "bench", expect(dead_code, reason = "the program with the feature measures the rest"))]
pub(super) fn run(matches: &ArgMatches) -> Result<()> {
    let tree = Tree::find()?;
    let mut bench = ocr::program(&tree)?;
    if process::on_path("pdftoppm").is_none() || !Path::new(FONT).exists() {
        Apt::detect().install(&DRAWING, "pages are drawn and written with them")?;
    }
    let folder = tree.target.join("tracks");
    let python = folder.join("venv/bin/python");
    // A folder without it is what a stopped installation leaves.
    if process::output(Program::new(&python).args(["-c", "import PIL"])).is_err() {
        console::step("Installing Pillow from PyPI: it draws scans and photographs.");
        process::run(Program::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
        let requirements = tree.root.join("tests/bench/tracks/requirements.txt");
        process::run(
            Program::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .arg(requirements),
        )?;
    }
    if matches.get_flag("scorers") {
        install_scorers(&python)?;
    }
    let fetched = public::fetch(&tree)?;
    process::run(bench.arg("sources").arg(&folder).arg(fetched)).context("cannot write the documents")?;
    Build::start(&tree, &Native::ALL)?.finish()?;
    let mut program = Program::new(python);
    program.arg(tree.root.join("tests/bench/tracks")).arg(std::env::current_exe()?);
    program
        .arg(tree.native(Native::Mocks.name()))
        .arg(&folder)
        .arg(tree.root.join("docs/benchmarks"))
        .arg(ocr::today()?);
    for name in ["documents", "pages"] {
        program.arg(format!("--{name}={}", matches.get_one::<u64>(name).context("it has a default")?));
    }
    process::run(&mut program)
}

/// Into the environment of the run. One that cannot be had is said and left out.
fn install_scorers(python: &Path) -> Result<()> {
    if process::on_path("pandoc").is_none() {
        Apt::detect().install(&["pandoc"], "PureDocBench's scorer is given what it reads")?;
    }
    for (name, requirements) in SCORERS {
        console::step(&format!("Installing the scorer of {name}."));
        let mut pip = Program::new(python);
        pip.args(["-m", "pip", "install", "--quiet"]).args(requirements);
        if let Err(error) = process::run(&mut pip) {
            process::check_stop()?;
            console::detail(&format!("left out, without its figures: {error:#}"));
        }
    }
    Ok(())
}
