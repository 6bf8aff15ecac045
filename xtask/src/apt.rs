//! The distribution's packages, on Debian and its kin.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::{process, say};

/// A slow mirror may take minutes; a dead one must not take for ever.
const LIMIT: Duration = Duration::from_secs(900);

/// What we may do with `apt-get` on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apt {
    /// There is none: not Debian or its kin.
    Absent,
    /// There is one, but we are not root and `sudo` wants a password.
    Denied,
    /// We are root.
    Root,
    /// `sudo -n` works.
    Sudo,
}

impl Apt {
    /// Looks, without changing anything.
    pub(crate) fn look() -> Self {
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

    /// Whether packages can be installed without asking anybody.
    pub(crate) fn usable(self) -> bool {
        matches!(self, Self::Root | Self::Sudo)
    }

    /// Installs packages and says so. `why` completes "Installing X: …".
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
        say::step(&format!("Installing Debian's {names}: {why}."));
        // Lists may be stale or, in a container, absent. A mirror out of order need not matter if the lists do.
        if let Err(error) = self.call(&["update", "-q"]) {
            say::detail(&format!("{error:#}; going on with the lists there are"));
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
        // apt's chatter is progress, not a result.
        command.stdout(std::io::stderr());
        let status = process::status(&mut command, Some(LIMIT))?;
        if !status.success() {
            bail!("`apt-get {}` ended with {status}", args.join(" "));
        }
        Ok(())
    }
}
