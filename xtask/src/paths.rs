//! Where files are: the tree, cargo's target directory and the git-ignored `.atelier`.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The three components; each has a folder, a package and a `.wasm` file of this name.
pub(crate) const COMPONENTS: [&str; 3] = ["auth", "llm", "ocr"];

/// The checked-out tree and the folders that belong to it.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// The folder of `Cargo.toml` and `spin.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory: `target/`, or wherever `CARGO_TARGET_DIR` or cargo's configuration puts it.
    pub(crate) target: PathBuf,
}

impl Tree {
    /// The tree that this xtask was built from.
    ///
    /// # Errors
    /// When the tree has been moved away since, or the running program has no path.
    pub(crate) fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask's folder has no parent")?;
        let root = root
            .canonicalize()
            .with_context(|| format!("{} is missing; call `cargo xtask` inside the tree", root.display()))?;
        let program = env::current_exe().context("cannot tell where xtask's own program is")?;
        // Set for the bench only, which is a second xtask in a target directory of its own.
        let named = env::var_os("ATELIER_TARGET").map(PathBuf::from);
        let target = named.or_else(|| target_of(&program)).unwrap_or_else(|| root.join("target"));
        Ok(Self { root, target })
    }

    /// The manifest that Spin and the embedded runtime read.
    pub(crate) fn spin_toml(&self) -> PathBuf {
        self.root.join("spin.toml")
    }

    /// Where `spin.toml` looks for the components, wherever cargo built them.
    pub(crate) fn components(&self) -> PathBuf {
        self.root.join("target/wasm32-wasip2/release")
    }

    /// What comes from npm for the pages: the file that pins it, and its copy where `spin.toml` looks for the rest.
    pub(crate) fn browser_files(&self) -> [(PathBuf, PathBuf); 2] {
        [
            ("components/llm/pyodide.json", "target/pyodide/pyodide.json"),
            ("components/ocr/pdfjs.json", "target/pdfjs/pdfjs.json"),
        ]
        .map(|(pinned, copy)| (self.root.join(pinned), self.root.join(copy)))
    }

    /// A program built with the `native` profile.
    pub(crate) fn native(&self, program: &str) -> PathBuf {
        self.target.join("native").join(program)
    }

    /// The data folder of a run: database, secrets, logs.
    pub(crate) fn data(&self, chosen: Option<&Path>) -> Result<PathBuf> {
        let folder = match chosen {
            Some(path) => std::path::absolute(path)?,
            None => self.root.join(".atelier"),
        };
        private_folder(&folder)?;
        Ok(folder)
    }

    /// Programs that xtask builds or downloads for itself.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".atelier/tools")
    }
}

/// `<target>/debug/xtask` gives `<target>`.
fn target_of(program: &Path) -> Option<PathBuf> {
    program.parent()?.parent().map(Path::to_path_buf)
}

/// Makes `folder` and its parents; only the owner may look inside.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match fs::DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot make the folder {}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_directory_is_two_above_the_program() {
        assert_eq!(target_of(Path::new("/x/out/debug/xtask")), Some(PathBuf::from("/x/out")));
        assert_eq!(target_of(Path::new("xtask")), None);
    }
}
