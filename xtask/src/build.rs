//! `cargo xtask build`: the three components as WebAssembly, and the native programs that run them here.
//!
//! Both builds run at the same time: each alone has phases in which one crate keeps one core busy.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::paths::{COMPONENTS, Tree};
use crate::process::Batch;
use crate::toolchain::{self, Toolchain};
use crate::{console, process};

/// A native program of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Native {
    Runtime,
    Mocks,
}

impl Native {
    pub(crate) const ALL: [Self; 2] = [Self::Runtime, Self::Mocks];

    /// The package and the program have the same name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Runtime => "atelier-runtime",
            Self::Mocks => "atelier-mocks",
        }
    }
}

pub(crate) fn command() -> Command {
    Command::new("build")
        .about("Build the three components, the embedded runtime and the mocks")
        .long_about(
            "Build the three components, the embedded runtime and the mocks.\n\n\
             Installs the WebAssembly target if there is none: with rustup, or from Debian's packages where rustup's\n\
             server is out of reach. The components end in target/wasm32-wasip2/release, where spin.toml looks for\n\
             them, also when CARGO_TARGET_DIR points elsewhere. Only what changed is rebuilt. What runs Python and\n\
             draws PDFs in the browser is fetched into target/pyodide and target/pdfjs.",
        )
        .arg(
            Arg::new("components-only")
                .long("components-only")
                .action(ArgAction::SetTrue)
                .help("Build the components only"),
        )
}

pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let natives: &[Native] = if matches.get_flag("components-only") { &[] } else { &Native::ALL };
    for file in Build::start(&tree, natives)?.finish()? {
        let bytes = file.metadata()?.len();
        println!("{} {} KiB", file.display(), bytes.div_ceil(1024));
    }
    Ok(())
}

/// A build of the components and of native programs under way. Dropping it stops it.
pub(crate) struct Build<'a> {
    tree: &'a Tree,
    toolchain: Toolchain,
    natives: Vec<Native>,
    compilers: Batch,
}

impl<'a> Build<'a> {
    /// Starts to compile. The native programs begin first, because a missing WebAssembly toolchain is installed here.
    ///
    /// # Errors
    /// When there is no such toolchain to be had.
    pub(crate) fn start(tree: &'a Tree, natives: &[Native]) -> Result<Self> {
        let mut compilers = Batch::default();
        if !natives.is_empty() {
            let first = natives.iter().any(|program| !tree.native(program.name()).exists());
            let names = natives.iter().map(|program| program.name()).collect::<Vec<_>>().join(" and ");
            let note = if first { " (the first time: some minutes, most of it wasmtime)" } else { "" };
            console::step(&format!("Building {names}{note}."));
            compilers.start(&mut native(tree, natives))?;
        }
        let toolchain = toolchain::prepare()?;
        let results = toolchain.results(&tree.target);
        let first = COMPONENTS.iter().any(|name| !results.join(format!("{name}.wasm")).exists());
        let note = if first { " (the first time: a minute or more)" } else { "" };
        console::step(&format!("Building the components auth, llm and ocr{note}."));
        for name in COMPONENTS {
            // One after the other: cargo locks the folder.
            compilers.start(&mut component(tree, toolchain, name))?;
        }
        Ok(Self { tree, toolchain, natives: natives.to_vec(), compilers })
    }

    /// Waits for both; gives the components' files, where `spin.toml` looks for them.
    ///
    /// # Errors
    /// When the code does not compile.
    pub(crate) fn finish(self) -> Result<Vec<PathBuf>> {
        console::timed("built", || self.compilers.finish())?;
        for program in self.natives {
            let path = self.tree.native(program.name());
            if !process::is_program(&path) {
                bail!("the build succeeded, but there is no {}", path.display());
            }
        }
        fs::create_dir_all(self.tree.components())?;
        fetch_browser_files(self.tree)?;
        let results = self.toolchain.results(&self.tree.target);
        COMPONENTS.iter().map(|name| publish(&results, &self.tree.components(), name)).collect()
    }
}

/// Builds the guest of a crate's own tests, the package `atelier-<name>-guest`; gives its file.
///
/// # Errors
/// When there is no toolchain to be had or the code does not compile.
pub(crate) fn test_guest(tree: &Tree, name: &str) -> Result<PathBuf> {
    let toolchain = toolchain::prepare()?;
    process::run(&mut wasm(tree, toolchain, &[&format!("atelier-{name}-guest")]))?;
    Ok(toolchain.results(&tree.target).join(format!("{name}_guest.wasm")))
}

/// As a `cdylib` alone. With the `rlib` beside it, which the tests use, cargo leaves the link-time optimisation out, and
/// the component is an eighth larger.
fn component(tree: &Tree, toolchain: Toolchain, name: &str) -> std::process::Command {
    let mut cargo = toolchain.cargo("rustc", &tree.target);
    cargo.current_dir(&tree.root).args(["--release", "--lib", "--crate-type=cdylib"]);
    cargo.arg(format!("--package={name}"));
    cargo
}

fn wasm(tree: &Tree, toolchain: Toolchain, packages: &[&str]) -> std::process::Command {
    let mut cargo = toolchain.cargo("build", &tree.target);
    cargo.current_dir(&tree.root).arg("--release");
    cargo.args(packages.iter().map(|name| format!("--package={name}")));
    cargo
}

fn native(tree: &Tree, programs: &[Native]) -> std::process::Command {
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args(["build", "--profile=native", "--target-dir"]).arg(&tree.target);
    cargo.args(programs.iter().map(|program| format!("--package={}", program.name())));
    cargo
}

/// Brings what pages load from npm's packages, unless it is there. Without a network there is none, and the program that
/// fetches it says so; the build goes on.
fn fetch_browser_files(tree: &Tree) -> Result<()> {
    let mut all_there = true;
    for (pinned, copy) in tree.browser_files() {
        let wanted = fs::read(&pinned).with_context(|| format!("cannot read {}", pinned.display()))?;
        all_there &= fs::read(copy).is_ok_and(|there| there == wanted);
    }
    if all_there {
        return Ok(());
    }
    console::step(
        "Fetching Pyodide and pdf.js from npm's registry: « Exécuter » runs Python in the browser, and a PDF's pages are drawn there (16 MB, and a minute to compile what fetches it).",
    );
    let mut cargo = process::cargo();
    cargo.current_dir(&tree.root).args([
        "run",
        "--quiet",
        "--profile=native",
        "--package=atelier-browser-files",
    ]);
    process::run(cargo.arg("--target-dir").arg(&tree.target))
}

/// Copies a component unless the same bytes are there; by rename, so that no reader sees half a file.
fn publish(from: &Path, to: &Path, name: &str) -> Result<PathBuf> {
    let (made, place) = (from.join(format!("{name}.wasm")), to.join(format!("{name}.wasm")));
    if made == place {
        return Ok(place);
    }
    let bytes = fs::read(&made)
        .with_context(|| format!("the build succeeded, but cannot read {}", made.display()))?;
    match fs::read(&place) {
        Ok(there) if there == bytes => return Ok(place),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", place.display())),
    }
    let fresh = place.with_extension("wasm.new");
    fs::write(&fresh, bytes)
        .and_then(|()| fs::rename(&fresh, &place))
        .with_context(|| format!("cannot write {}", place.display()))?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_published_when_it_differs_and_only_then() {
        let folder = std::env::temp_dir().join(format!("atelier-xtask-publish-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::create_dir_all(&from).unwrap();
        fs::create_dir_all(&to).unwrap();
        let made = from.join("auth.wasm");
        fs::write(&made, b"one").unwrap();
        let place = publish(&from, &to, "auth").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"one");
        let before = place.metadata().unwrap().modified().unwrap();
        publish(&from, &to, "auth").unwrap();
        assert_eq!(place.metadata().unwrap().modified().unwrap(), before);
        fs::write(&made, b"two").unwrap();
        publish(&from, &to, "auth").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"two");
        assert!(publish(&from, &to, "absent").is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
