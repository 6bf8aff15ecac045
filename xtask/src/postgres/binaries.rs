//! Which PostgreSQL server programs are used: those of this machine where there are any, else the
//! distribution's package. Version 14 is the oldest whose community support has not long ended.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::apt::Apt;
use crate::process;

const MAJOR_MIN: u32 = 14;
/// Folders below which `*/bin` or `bin` holds a server, for the package managers that do not put it on the PATH.
const PARENTS: [&str; 5] = [
    "/usr/lib/postgresql",
    "/usr",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/Applications/Postgres.app/Contents/Versions",
];

/// A folder with `postgres` and `initdb`, and their major version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Binaries {
    pub(crate) major: u32,
    pub(crate) folder: PathBuf,
}

/// What [`choose`] found.
#[derive(Debug, PartialEq, Eq)]
enum Choice<'a> {
    Use(&'a Binaries),
    /// The data were made by this version, which is not here.
    Missing(u32),
    None,
}

/// Server programs that can open the database in `data`, or make one there.
///
/// # Errors
/// When there are none and none can be installed, or the data need another version.
pub(crate) fn find(data: &Path) -> Result<Binaries> {
    let needed = data_major(data);
    if let Some(found) = settle(&installed(), needed, data)? {
        return Ok(found);
    }
    let why = "the accounts are kept in PostgreSQL, and there is no server of version 14 or newer here (50 MB, about a minute)";
    Apt::look().install(&["postgresql"], why).map_err(|error| {
        error.context("PostgreSQL is missing: install version 14 or newer, or name a server of yours with --database-url")
    })?;
    settle(&installed(), needed, data)?.ok_or_else(|| {
        anyhow::anyhow!(
            "the distribution's PostgreSQL is older than {MAJOR_MIN}: name a newer server with --database-url postgres://USER:PASSWORD@HOST/DATABASE"
        )
    })
}

fn settle(found: &[Binaries], needed: Option<u32>, data: &Path) -> Result<Option<Binaries>> {
    match choose(found, needed) {
        Choice::Use(binaries) => Ok(Some(binaries.clone())),
        Choice::None => Ok(None),
        Choice::Missing(major) => bail!(
            "the database in {} was made by PostgreSQL {major}, which is not here: install PostgreSQL {major}, or move that folder away to start with an empty database",
            data.display()
        ),
    }
}

/// The newest, unless existing data need a certain version.
fn choose(found: &[Binaries], needed: Option<u32>) -> Choice<'_> {
    let usable = found.iter().filter(|binaries| binaries.major >= MAJOR_MIN);
    match needed {
        None => usable.max().map_or(Choice::None, Choice::Use),
        Some(major) => usable
            .filter(|binaries| binaries.major == major)
            .max()
            .map_or(Choice::Missing(major), Choice::Use),
    }
}

/// The version that made the data, if there are any.
fn data_major(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

fn installed() -> Vec<Binaries> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    for parent in PARENTS {
        let below = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(below.map(|entry| entry.path().join("bin")));
    }
    let found: BTreeSet<Binaries> = folders.iter().filter_map(|folder| look(folder)).collect();
    found.into_iter().collect()
}

/// The server in this folder, followed through links, so that what belongs beside it is found.
fn look(folder: &Path) -> Option<Binaries> {
    let server = folder.join("postgres").canonicalize().ok()?;
    let folder = server.parent()?.to_path_buf();
    if !process::is_program(&server) || !process::is_program(&folder.join("initdb")) {
        return None;
    }
    let major = major(&process::output(Command::new(&server).arg("--version")).ok()?)?;
    Some(Binaries { major, folder })
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` gives 15; `18beta1` gives 18.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(major: u32, folder: &str) -> Binaries {
        Binaries { major, folder: PathBuf::from(folder) }
    }

    #[test]
    fn the_newest_is_chosen_unless_the_data_need_another() {
        let found = [at(13, "/old"), at(15, "/fifteen"), at(17, "/seventeen")];
        assert_eq!(choose(&found, None), Choice::Use(&at(17, "/seventeen")));
        assert_eq!(choose(&found, Some(15)), Choice::Use(&at(15, "/fifteen")));
        assert_eq!(choose(&found, Some(16)), Choice::Missing(16));
        assert_eq!(choose(&found, Some(13)), Choice::Missing(13));
        assert_eq!(choose(&[at(13, "/old")], None), Choice::None);
        assert_eq!(choose(&[], None), Choice::None);
    }

    #[test]
    fn data_of_a_missing_version_get_a_sentence_that_says_what_to_do() {
        let error = settle(&[at(17, "/seventeen")], Some(14), Path::new("/x/data")).unwrap_err().to_string();
        assert!(error.contains("/x/data") && error.contains("install PostgreSQL 14"), "{error}");
    }

    #[test]
    fn the_major_version_is_read_from_the_servers_own_words() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major("sh: postgres: not found"), None);
    }
}
