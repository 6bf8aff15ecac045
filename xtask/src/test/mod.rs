//! `cargo xtask test`: every suite that needs no credentials, each as a part, and the total in the last line.
//!
//! A part that cannot be prepared is a failed test, never an omission.

use std::ffi::OsString;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Arg, ArgMatches, value_parser};

use crate::paths::Tree;
use crate::spin::{Choice, Runtime};
use crate::{console, process};

mod browser;
mod counts;
mod part;
mod provider;
mod suite;

use counts::TestCounts;
use part::Part;
pub(crate) use suite::Scratch;
use suite::Suite;

pub(crate) fn command() -> clap::Command {
    clap::Command::new("test")
        .about("Run every test that needs no credentials")
        .long_about(
            "Run every test that needs no credentials.\n\n\
             Builds what is missing, starts a throw-away PostgreSQL, and runs the parts named (all but `node` by default).\n\
             What follows `--` goes to each part's own runner, e.g. `cargo xtask test blackbox -- sign_in`. Ends with a\n\
             line \"N passed, N failed\" and fails if any test failed.",
        )
        .args([
            Arg::new("parts")
                .value_name("PART")
                .num_args(0..)
                .value_parser(value_parser!(Part))
                .help("Which parts [default: all but node]"),
            Arg::new("runtime")
                .long("runtime")
                .value_name("RUNTIME")
                .default_value("embedded")
                .value_parser(value_parser!(Choice))
                .help("What runs the components in the parts `blackbox`, `up`, `browser` and `provider`"),
            Arg::new("filters")
                .value_name("FILTER")
                .num_args(0..)
                .last(true)
                .value_parser(value_parser!(OsString))
                .help("Handed to the runner of each part, usually a filter"),
        ])
}

pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let mut parts: Vec<Part> = matches.get_many("parts").into_iter().flatten().copied().collect();
    if parts.is_empty() {
        parts = Part::DEFAULT.to_vec();
    }
    let mut suite = Suite {
        tree: Tree::find()?,
        runtime: Runtime::resolve(matches.get_one("runtime").copied())?,
        filters: matches.get_many("filters").into_iter().flatten().cloned().collect(),
        scratch: Scratch::make("suite")?,
        cluster: None,
        guests: Vec::new(),
    };
    suite.prepare(&parts)?;

    let mut total = TestCounts::default();
    let mut lines = vec![];
    for part in parts {
        let start = Instant::now();
        console::step(&format!("Testing: {}.", part.name()));
        let counts = suite.part(part).unwrap_or_else(|error| {
            console::failure(&error);
            TestCounts::ERROR
        });
        if process::stop_requested() {
            bail!("stopped");
        }
        lines.push(format!("  {:<9} {counts} ({})", part.name(), console::minutes(start.elapsed())));
        total += counts;
    }
    drop(suite);
    println!("\n{}\n\n{total}", lines.join("\n"));
    if total.failed > 0 { std::process::exit(1) } else { Ok(()) }
}

impl Suite {
    fn part(&self, part: Part) -> Result<TestCounts> {
        match part {
            Part::Unit => {
                let others = [
                    "--exclude=atelier-tests",
                    "--exclude=atelier-parsers",
                    "--exclude=atelier-runtime",
                    "--exclude=atelier-mocks",
                ];
                self.cargo(&[&["--workspace"], &others[..]].concat(), &[])
            }
            // With the profile of the program, so that guests run at full speed, and together with the mocks, as both are
            // built for `up`: other features of the crates that they share would compile wasmtime a second time.
            Part::Runtime => {
                self.cargo(&["--profile=native", "--package=atelier-runtime", "--package=atelier-mocks"], &[])
            }
            Part::Fuzz => self.cargo(&["--package=atelier-parsers"], &[]),
            Part::Blackbox => self.cargo(&["--package=atelier-tests"], &[]),
            Part::Up => self.cargo(&["--package=xtask", "--test=up"], &["--ignored", "--test-threads=1"]),
            Part::Browser => browser::run(self),
            Part::Provider => provider::run(self),
            Part::Iac => self.script("tests/iac/run"),
            Part::Node => self.script("tests/node/run"),
        }
    }
}
