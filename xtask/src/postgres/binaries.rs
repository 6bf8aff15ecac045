//! Which PostgreSQL server programs are used: those of this machine, else Debian's package where it can be installed,
//! else a download.
//!
//! The package comes before the download: the machine's updates maintain it, and nothing has to be compiled. Version
//! 14 is the oldest that has community support.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt::Apt;
use crate::paths::Tree;
use crate::{console, process};

const MAJOR_MIN: u32 = 14;
/// What is downloaded where existing data do not need another; the same as in the cluster.
const MAJOR_DOWNLOADED: u32 = 17;
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

/// Server programs that can open the database in `data`, or make one there. Downloads are kept in `store`.
///
/// # Errors
/// When there are none and none can be had.
pub(crate) fn find(data: &Path, store: &Path) -> Result<Binaries> {
    let needed = data_major(data);
    let choose = || choose(installed(store), needed);
    if let Some(found) = choose() {
        return Ok(found);
    }
    // The distribution has one version; data that were made by another need that one.
    let apt = Apt::detect();
    if needed.is_none() && apt.usable() {
        let why = "the accounts are kept in PostgreSQL, and there is no server of version 14 or newer here (50 MB, about a minute)";
        match apt.install(&["postgresql"], why) {
            Ok(()) => {
                if let Some(found) = choose() {
                    return Ok(found);
                }
                console::detail(&format!("the distribution's PostgreSQL is older than {MAJOR_MIN}"));
            }
            Err(error) => console::detail(&format!("{error:#}")),
        }
    }
    download(needed.unwrap_or(MAJOR_DOWNLOADED), store).with_context(|| remediation(needed, data))?;
    choose().with_context(|| remediation(needed, data))
}

/// What to do when no server was found or installed.
fn remediation(needed: Option<u32>, data: &Path) -> String {
    match needed {
        Some(major) => format!(
            "the database in {} was made by PostgreSQL {major}, which is not here: install PostgreSQL {major}, or move that folder away to start with an empty database",
            data.display()
        ),
        None => "PostgreSQL is missing: install version 14 or newer, or name a server of yours with --database-url postgres://USER:PASSWORD@HOST/DATABASE".to_owned(),
    }
}

/// Fetches the server programs of a version with a program of our own, which is compiled for it.
fn download(major: u32, store: &Path) -> Result<()> {
    if major < MAJOR_MIN {
        bail!("version {major} is too old");
    }
    console::step(&format!(
        "Downloading PostgreSQL {major} from Maven Central: the accounts are kept in it, and there is no such server here (15 MB, and two minutes to compile what fetches it)."
    ));
    let tree = Tree::find()?;
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args(["run", "--quiet", "--package=atelier-postgres-download"]);
    cargo.arg("--target-dir").arg(&tree.target).arg("--").arg(major.to_string());
    process::run(cargo.arg(store.join(format!("postgresql-{major}"))))
}

/// The newest, unless existing data need a certain version.
fn choose(found: impl IntoIterator<Item = Binaries>, needed: Option<u32>) -> Option<Binaries> {
    let usable = |one: &Binaries| one.major >= MAJOR_MIN && needed.is_none_or(|major| one.major == major);
    found.into_iter().filter(usable).max()
}

/// The version that made the data, if there are any.
fn data_major(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

fn installed(store: &Path) -> BTreeSet<Binaries> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    for parent in PARENTS.map(Path::new).into_iter().chain([store]) {
        let below = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(below.map(|entry| entry.path().join("bin")));
    }
    folders.iter().filter_map(|folder| inspect(folder)).collect()
}

/// The server in this folder, followed through links, so that what belongs beside it is found.
fn inspect(folder: &Path) -> Option<Binaries> {
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
        let found = || [at(13, "/old"), at(15, "/fifteen"), at(17, "/seventeen")];
        assert_eq!(choose(found(), None), Some(at(17, "/seventeen")));
        assert_eq!(choose(found(), Some(15)), Some(at(15, "/fifteen")));
        assert_eq!(choose(found(), Some(16)), None);
        assert_eq!(choose(found(), Some(13)), None);
        assert_eq!(choose([at(13, "/old")], None), None);
        assert_eq!(choose([], None), None);
    }

    #[test]
    fn data_of_a_missing_version_get_a_sentence_that_says_what_to_do() {
        let text = remediation(Some(14), Path::new("/x/data"));
        assert!(text.contains("/x/data") && text.contains("install PostgreSQL 14"), "{text}");
        assert!(remediation(None, Path::new("/x/data")).contains("--database-url"));
    }

    #[test]
    fn a_version_that_is_too_old_is_not_fetched() {
        assert!(download(13, Path::new("/nowhere")).is_err());
    }

    #[test]
    fn what_was_downloaded_is_found_again() {
        let store = std::env::temp_dir().join(format!("atelier-store-{}", std::process::id()));
        let bin = store.join("postgresql-17/bin");
        fs::create_dir_all(&bin).unwrap();
        for (name, script) in
            [("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 17.6'\n"), ("initdb", "#!/bin/sh\n")]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::write(bin.join(name), script).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let found = installed(&store);
        assert!(found.contains(&Binaries { major: 17, folder: bin.canonicalize().unwrap() }), "{found:?}");
        fs::remove_dir_all(store).unwrap();
    }

    #[test]
    fn the_major_version_is_read_from_the_servers_output() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major("sh: postgres: not found"), None);
    }
}
