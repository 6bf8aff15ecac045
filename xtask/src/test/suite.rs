//! What the parts share: the tree, the runtime, a throw-away PostgreSQL, and how a runner's tests are counted.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::counts::TestCounts;
use super::part::Part;
use crate::build::{self, Build, Native};
use crate::paths::{Tree, private_folder};
use crate::postgres::{Cluster, Purpose};
use crate::spin::Runtime;
use crate::{console, process};

/// What the parts share.
pub(super) struct Suite {
    pub(super) tree: Tree,
    pub(super) runtime: Runtime,
    pub(super) filters: Vec<OsString>,
    pub(super) scratch: Scratch,
    pub(super) cluster: Option<Cluster>,
    /// What the tests of the LaTeX crate and of the runtime run, each with the variable that names it.
    pub(super) guests: Vec<(&'static str, PathBuf)>,
}

/// A folder that is removed when dropped.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Suite {
    /// Builds once what several parts need. A failure here is a failure of all parts.
    pub(super) fn prepare(&mut self, parts: &[Part]) -> Result<()> {
        // Some units are adapters, which are tested against a real server.
        if parts.iter().any(|part| matches!(part, Part::Unit | Part::Blackbox | Part::Provider)) {
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

    pub(super) fn cargo(&self, select: &[&str], harness: &[&str]) -> Result<TestCounts> {
        let mut cargo = process::cargo();
        cargo
            .current_dir(&self.tree.root)
            .args(["test", "--no-fail-fast", "--target-dir"])
            .arg(&self.tree.target);
        cargo.args(select).arg("--").args(harness).args(&self.filters);
        self.count(cargo)
    }

    pub(super) fn script(&self, path: &str) -> Result<TestCounts> {
        let runner = self.tree.root.join(path);
        if !process::is_program(&runner) {
            bail!("there is no program {}", runner.display());
        }
        let mut command = Command::new(runner);
        command.current_dir(&self.tree.root).args(&self.filters);
        self.count(command)
    }

    /// Runs a test runner, shows its output as it comes, and counts.
    pub(super) fn count(&self, command: Command) -> Result<TestCounts> {
        let mut command = process::without_settings(process::without_cargo_variables(command));
        command
            .env("ATELIER_RUNTIME", self.runtime.name())
            .env("ATELIER_RUNTIME_BIN", self.runtime.program(&self.tree))
            .env("ATELIER_MOCKS_BIN", self.tree.native(Native::Mocks.name()))
            .env("ATELIER_SPIN_TOML", self.tree.spin_toml());
        if let Some(cluster) = &self.cluster {
            command.env("ATELIER_TEST_DATABASE_URL", cluster.admin_url());
            command.env("ATELIER_TEST_POSTGRES", &cluster.programs);
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
