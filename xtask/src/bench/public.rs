//! Public documents that git fetches when a bench runs. Nothing of them is in the tree, and the bench does without them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::paths::Tree;
use crate::{console, process};

/// For one command of git: some hundred small files.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Documents of a repository, as they are in one commit.
struct Source {
    /// On GitHub.
    repository: &'static str,
    commit: &'static str,
    licence: &'static str,
    /// A pattern of git's sparse checkout.
    files: &'static str,
}

const SOURCES: [Source; 2] = [
    Source {
        repository: "MartinThoma/LaTeX-examples",
        commit: "2286e6e3833904b2c058b2a855db9b7f81776c59",
        licence: "MIT",
        files: "/documents/**/*.tex",
    },
    Source {
        repository: "davidstutz/latex-resources",
        commit: "6de42dca4b15dd87e6467c48b64b44992dd7755d",
        licence: "BSD-3-Clause",
        files: "*.tex",
    },
];

/// The folder with a folder of documents for each source, named after it. What cannot be fetched is said and left out.
pub(super) fn fetch(tree: &Tree) -> Result<PathBuf> {
    let folder = tree.target.join("public-documents");
    fs::create_dir_all(&folder)?;
    for source in &SOURCES {
        let name = source.repository.rsplit('/').next().unwrap_or(source.repository);
        let documents = folder.join(name);
        if documents.join(source.commit).exists() {
            continue;
        }
        console::step(&format!("Fetching public documents: {} ({}).", source.repository, source.licence));
        if let Err(error) = source.fetch("https://github.com", &documents) {
            process::check_stop()?;
            fs::remove_dir_all(&documents).ok();
            console::detail(&format!("left out, and the bench goes on without these documents: {error:#}"));
        }
    }
    Ok(folder)
}

impl Source {
    /// Its documents and licence, into a folder of their own.
    fn fetch(&self, origin: &str, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let url = format!("{origin}/{}", self.repository);
        git(Command::new("git").args(["init", "--quiet"]).arg(folder))?;
        for args in [
            &["remote", "add", "origin", &url][..],
            // Only the files that are read are fetched.
            &["config", "remote.origin.promisor", "true"],
            &["config", "remote.origin.partialclonefilter", "blob:none"],
            &["sparse-checkout", "set", "--no-cone", "/LICENSE*", self.files],
            &["fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", self.commit],
            &["checkout", "--quiet", "FETCH_HEAD"],
        ] {
            git(Command::new("git").arg("-C").arg(folder).args(args))?;
        }
        // The last thing, so that a fetch that was stopped is begun again.
        Ok(fs::write(folder.join(self.commit), "")?)
    }
}

/// Asks for no password, and shows what git says.
fn git(command: &mut Command) -> Result<()> {
    command.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null()).stdout(Stdio::null());
    if !process::status(command, Some(TIMEOUT))?.success() {
        bail!("`{}` failed", process::command_line(command));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &Path, args: &[&str]) -> String {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
        process::output(Command::new("git").arg("-C").arg(folder).args(identity).args(args)).unwrap()
    }

    #[test]
    fn documents_come_with_their_licence_and_nothing_else_and_what_cannot_be_fetched_is_an_error() {
        let scratch = crate::test::Scratch::make("public").unwrap();
        let origin = scratch.0.join("someone/documents");
        fs::create_dir_all(origin.join("documents/one")).unwrap();
        for file in ["documents/one/a.tex", "documents/one/a.pdf", "other.tex", "LICENSE"] {
            fs::write(origin.join(file), file).unwrap();
        }
        at(&origin, &["init", "--quiet"]);
        for name in ["allowFilter", "allowAnySHA1InWant"] {
            at(&origin, &["config", &format!("uploadpack.{name}"), "true"]);
        }
        at(&origin, &["add", "."]);
        at(&origin, &["commit", "--quiet", "--message=a"]);
        let commit = at(&origin, &["rev-parse", "HEAD"]).trim().to_owned();
        let commit: &'static str = commit.leak();
        let source =
            Source { repository: "someone/documents", commit, licence: "MIT", files: "/documents/**/*.tex" };
        let folder = scratch.0.join("fetched");
        let url = format!("file://{}", scratch.0.display());
        // The second time as the first.
        for _ in 0..2 {
            source.fetch(&url, &folder).unwrap();
            let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
            assert_eq!(read("documents/one/a.tex").as_deref(), Some("documents/one/a.tex"));
            assert!(read("LICENSE").is_some() && read(commit).is_some());
            assert!(read("documents/one/a.pdf").is_none() && read("other.tex").is_none());
        }
        let error = source.fetch("file:///no/such/folder", &folder).unwrap_err();
        assert!(format!("{error:#}").contains("fetch"), "{error:#}");
        assert!(!folder.join(commit).exists());
    }
}
