//! Which runtime serves the components: the embedded one, or a real Spin.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::paths::Tree;
use crate::{build, process};

/// The first Spin that runs WASI 0.3 components.
const SPIN_MIN: Version = Version { major: 4, minor: 1 };

/// What `--runtime` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Embedded,
    Spin,
}

impl ValueEnum for Choice {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Embedded, Self::Spin]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Embedded => {
                PossibleValue::new("embedded").help("The project's own small runtime, built from this tree")
            }
            Self::Spin => PossibleValue::new("spin").help("The `spin` on the PATH, 4.1 or newer"),
        })
    }
}

/// A runtime that can be started with `up -f spin.toml --listen ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Runtime {
    Embedded,
    Spin(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Runtime {
    /// The runtime that was requested, else Spin where there is one, else the embedded one.
    ///
    /// # Errors
    /// When Spin was requested and there is none, or an older one.
    pub(crate) fn resolve(requested: Option<Choice>) -> Result<Self> {
        let found = if requested == Some(Choice::Embedded) { None } else { find_spin() };
        select(requested, found)
    }

    /// The program; [`build::natives`] builds the embedded one.
    pub(crate) fn program(&self, tree: &Tree) -> PathBuf {
        match self {
            Self::Embedded => tree.native(build::Native::Runtime.name()),
            Self::Spin(program) => program.clone(),
        }
    }

    /// Its name on the command line, and for the tests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Spin(_) => "spin",
        }
    }
}

fn find_spin() -> Option<(PathBuf, Option<Version>)> {
    let program = process::on_path("spin")?;
    let version =
        process::output(Command::new(&program).arg("--version")).ok().and_then(|text| version(&text));
    Some((program, version))
}

fn select(requested: Option<Choice>, found: Option<(PathBuf, Option<Version>)>) -> Result<Runtime> {
    match (requested, found) {
        (Some(Choice::Embedded), _) | (None, None) => Ok(Runtime::Embedded),
        (_, Some((program, Some(version)))) if version >= SPIN_MIN => Ok(Runtime::Spin(program)),
        (None, Some(_)) => Ok(Runtime::Embedded),
        (Some(Choice::Spin), None) => bail!(
            "there is no `spin` on the PATH: install Spin {SPIN_MIN} or newer (https://spinframework.dev), or leave out `--runtime spin` to use the embedded runtime"
        ),
        (Some(Choice::Spin), Some((program, version))) => bail!(
            "{} is Spin {}, and the components need {SPIN_MIN} or newer: upgrade it, or leave out `--runtime spin` to use the embedded runtime",
            program.display(),
            version.map_or_else(|| "of an unknown version".to_owned(), |version| version.to_string())
        ),
    }
}

/// `spin 4.1.0 (abc1234 2026-10-01)` gives 4.1; so does `spin 4.1.0-pre0`.
fn version(text: &str) -> Option<Version> {
    let mut numbers = text.strip_prefix("spin ")?.split('.');
    Some(Version { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(text: &str) -> Option<(PathBuf, Option<Version>)> {
        Some((PathBuf::from("/bin/spin"), version(text)))
    }

    #[test]
    fn a_new_enough_spin_is_used_unless_another_runtime_is_requested() {
        let real = Runtime::Spin(PathBuf::from("/bin/spin"));
        let check =
            |requested, found, expected: Runtime| assert_eq!(select(requested, found).unwrap(), expected);
        check(None, None, Runtime::Embedded);
        check(None, spin("spin 4.1.0 (0f2c 2026-10-01)"), real.clone());
        check(None, spin("spin 5.0.0"), real.clone());
        check(None, spin("spin 3.6.1"), Runtime::Embedded);
        check(None, spin("SPIN model checker 6.5"), Runtime::Embedded);
        check(Some(Choice::Embedded), spin("spin 4.1.0"), Runtime::Embedded);
        check(Some(Choice::Spin), spin("spin 4.1.0-pre0"), real);
    }

    #[test]
    fn requesting_a_spin_that_is_absent_or_old_says_what_to_do() {
        let absent = select(Some(Choice::Spin), None).unwrap_err().to_string();
        assert!(absent.contains("install Spin 4.1"), "{absent}");
        let old = select(Some(Choice::Spin), spin("spin 3.6.1")).unwrap_err().to_string();
        assert!(old.contains("is Spin 3.6") && old.contains("upgrade"), "{old}");
    }
}
