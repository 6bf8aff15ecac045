//! The distribution's packages, on Debian and what derives from it.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::{console, process};

/// A slow mirror may take minutes; one that never answers must not block a task.
const TIMEOUT: Duration = Duration::from_secs(900);

/// What xtask may do with `apt-get` on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apt {
    /// There is no `apt-get`.
    Absent,
    /// The user is not root, and `sudo` asks for a password.
    Denied,
    /// The user is root.
    Root,
    /// `sudo -n` works.
    Sudo,
}

impl Apt {
    /// Changes nothing.
    pub(crate) fn detect() -> Self {
        if process::on_path("apt-get").is_none() {
            return Self::Absent;
        }
        if nix::unistd::geteuid().is_root() {
            return Self::Root;
        }
        if process::output(Command::new("sudo").args(["-n", "true"])).is_ok() {
            Self::Sudo
        } else {
            Self::Denied
        }
    }

    /// Whether packages can be installed without a password.
    pub(crate) fn usable(self) -> bool {
        matches!(self, Self::Root | Self::Sudo)
    }

    /// Installs packages and reports it. `why` completes "Installing X: …".
    ///
    /// # Errors
    /// When apt is not usable, does not know a package, or does not get it in time.
    pub(crate) fn install(self, packages: &[&str], why: &str) -> Result<()> {
        let names = packages.join(" ");
        if !self.usable() {
            bail!(
                "the packages {names} are missing ({why}): install them with `sudo apt-get install {names}`"
            );
        }
        console::step(&format!("Installing Debian's {names}: {why}."));
        // Lists may be stale or, in a container, absent. The installation can succeed although the update fails.
        if let Err(error) = self.call(&["update", "-q"]) {
            console::detail(&format!("{error:#}; going on with the lists there are"));
        }
        let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
        install.extend_from_slice(packages);
        self.call(&install)
    }

    fn call(self, args: &[&str]) -> Result<()> {
        let mut command = match self {
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                sudo
            }
            _ => Command::new("apt-get"),
        };
        // Another apt may be running (a fresh machine updates itself): wait for it instead of failing.
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]).args(args);
        // apt's output is progress, not a result.
        command.stdout(std::io::stderr());
        let status = process::status(&mut command, Some(TIMEOUT))?;
        if !status.success() {
            bail!("`apt-get {}` ended with {status}", args.join(" "));
        }
        Ok(())
    }
}
