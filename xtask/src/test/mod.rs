//! `cargo xtask test`: every suite that needs no credentials, each as a part, and the total in the last line.
//!
//! A part that cannot be prepared is a failed test, never an omission.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, ValueEnum, value_parser};

use crate::build::{self, Build, Native};
use crate::paths::{Tree, private_folder};
use crate::postgres::{Cluster, Purpose};
use crate::spin::{Choice, Runtime};
use crate::{console, process};

mod browser;
mod counts;
mod part;

use counts::TestCounts;
use part::Part;

pub(crate) fn command() -> clap::Command {
    clap::Command::new("test")
        .about("Run every test that needs no credentials")
        .long_about(
            "Run every test that needs no credentials.\n\n\
             Builds what is missing, starts a throw-away PostgreSQL, and runs the parts named (all of them by default).\n\
             What follows `--` goes to each part's own runner, e.g. `cargo xtask test blackbox -- sign_in`. Ends with a\n\
             line \"N passed, N failed\" and fails if any test failed.",
        )
        .args([
            Arg::new("parts")
                .value_name("PART")
                .num_args(0..)
                .value_parser(value_parser!(Part))
                .help("Which parts [default: all]"),
            Arg::new("runtime")
                .long("runtime")
                .value_name("RUNTIME")
                .default_value("embedded")
                .value_parser(value_parser!(Choice))
                .help("What runs the components in the parts `blackbox`, `up` and `browser`"),
            Arg::new("filters")
                .value_name("FILTER")
                .num_args(0..)
                .last(true)
                .value_parser(value_parser!(OsString))
                .help("Handed to the runner of each part, usually a filter"),
        ])
}

/// What the parts share.
struct Suite {
    tree: Tree,
    runtime: Runtime,
    filters: Vec<OsString>,
    scratch: Scratch,
    cluster: Option<Cluster>,
    /// What the tests of the LaTeX crate and of the runtime run, each with the variable that names it.
    guests: Vec<(&'static str, PathBuf)>,
}

/// A folder that is removed when dropped.
pub(crate) struct Scratch(pub(crate) PathBuf);

pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let mut parts: Vec<Part> = matches.get_many("parts").into_iter().flatten().copied().collect();
    if parts.is_empty() {
        parts = Part::value_variants().to_vec();
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
    /// Builds once what several parts need. A failure here is a failure of all parts.
    fn prepare(&mut self, parts: &[Part]) -> Result<()> {
        // Some units are adapters, which are tested against a real server.
        if parts.iter().any(|part| matches!(part, Part::Unit | Part::Blackbox)) {
            self.cluster = Some(Cluster::start(&self.scratch.0, Purpose::ThrowAway)?);
        }
        let app = parts.iter().any(|part| part.runs_app());
        if parts.contains(&Part::Unit) {
            self.guests.push(("ATELIER_LATEX_GUEST", build::test_guest(&self.tree, "latex")?));
        }
        if parts.contains(&Part::Runtime) {
            self.guests.push(("ATELIER_RUNTIME_GUEST", build::test_guest(&self.tree, "runtime")?));
        }
        if app {
            // `up` starts both by itself, whatever runs the components.
            Build::start(&self.tree, &Native::ALL)?.finish()?;
        }
        Ok(())
    }

    fn part(&self, part: Part) -> Result<TestCounts> {
        match part {
            Part::Unit => {
                let others =
                    ["--exclude=atelier-tests", "--exclude=atelier-runtime", "--exclude=atelier-mocks"];
                self.cargo(&[&["--workspace"], &others[..]].concat(), &[])
            }
            // With the profile of the program, so that guests run at full speed, and together with the mocks, as both are
            // built for `up`: other features of the crates that they share would compile wasmtime a second time.
            Part::Runtime => {
                self.cargo(&["--profile=native", "--package=atelier-runtime", "--package=atelier-mocks"], &[])
            }
            Part::Blackbox => self.cargo(&["--package=atelier-tests"], &[]),
            Part::Up => self.cargo(&["--package=xtask", "--test=up"], &["--ignored", "--test-threads=1"]),
            Part::Browser => browser::run(self),
            Part::Iac => self.iac(),
        }
    }

    fn cargo(&self, select: &[&str], harness: &[&str]) -> Result<TestCounts> {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&self.tree.root)
            .args(["test", "--no-fail-fast", "--target-dir"])
            .arg(&self.tree.target);
        cargo.args(select).arg("--").args(harness).args(&self.filters);
        self.count(cargo)
    }

    fn iac(&self) -> Result<TestCounts> {
        let runner = self.tree.root.join("tests/iac/run");
        if !process::is_program(&runner) {
            bail!("there is no program {}", runner.display());
        }
        let mut command = Command::new(runner);
        command.current_dir(&self.tree.root).args(&self.filters);
        self.count(command)
    }

    /// Runs a test runner, shows its output as it comes, and counts.
    fn count(&self, command: Command) -> Result<TestCounts> {
        let mut command = process::without_settings(process::without_cargo_variables(command));
        command
            .env("ATELIER_RUNTIME", self.runtime.name())
            .env("ATELIER_RUNTIME_BIN", self.runtime.program(&self.tree))
            .env("ATELIER_MOCKS_BIN", self.tree.native(Native::Mocks.name()))
            .env("ATELIER_SPIN_TOML", self.tree.spin_toml());
        if let Some(cluster) = &self.cluster {
            command.env("ATELIER_TEST_DATABASE_URL", cluster.admin_url());
        }
        let line = process::command_line(&command);
        command.envs(self.guests.iter().map(|(variable, file)| (variable, file)));
        let mut child =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{line}`"))?;
        let reader = child.stdout.take().map(|stdout| std::thread::spawn(move || show_and_read(stdout)));
        let status = process::wait(&mut child, &line, Some(TIMEOUT))?;
        let counts = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        if !status.success() {
            console::detail(&format!("`{line}` ended with {status}"));
        }
        Ok(counts.result(status.success(), !self.filters.is_empty()))
    }
}

/// No part takes this long; one that hangs must not block CI.
const TIMEOUT: Duration = Duration::from_secs(3600);

fn show_and_read(stdout: impl std::io::Read) -> TestCounts {
    let mut counts = TestCounts::default();
    for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        counts.read(&line);
    }
    counts
}

impl Scratch {
    /// Each directly in the system's folder: PostgreSQL's user must be able to reach it.
    pub(crate) fn make(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("atelier-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        private_folder(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
