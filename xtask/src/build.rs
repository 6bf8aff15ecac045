//! `cargo xtask build`: the three components as WebAssembly, then the native programs that run them here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::paths::{COMPONENTS, Tree};
use crate::toolchain::{self, Toolchain};
use crate::{process, say};

/// Build the three components, the embedded runtime and the mocks.
///
/// Installs the WebAssembly target if there is none: with rustup, or from Debian's packages where rustup's
/// server is out of reach. The components end in target/wasm32-wasip2/release, where spin.toml looks for them,
/// also when CARGO_TARGET_DIR points elsewhere. Only what changed is rebuilt.
#[derive(Args)]
pub(crate) struct Options {
    /// Build the components only
    #[arg(long)]
    components_only: bool,
}

/// A native program of ours: its package, its name, and why it is built.
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

pub(crate) fn run(options: &Options) -> Result<()> {
    process::catch_signals()?;
    let tree = Tree::find()?;
    let files = components(&tree)?;
    if !options.components_only {
        natives(&tree, &Native::ALL)?;
    }
    for file in files {
        let bytes = file.metadata()?.len();
        println!("{} {} KiB", file.display(), bytes.div_ceil(1024));
    }
    Ok(())
}

/// Builds the components; gives their files, where `spin.toml` looks for them.
///
/// # Errors
/// When there is no toolchain to be had or the code does not compile.
pub(crate) fn components(tree: &Tree) -> Result<Vec<PathBuf>> {
    let toolchain = toolchain::prepare()?;
    let first =
        COMPONENTS.iter().any(|name| !toolchain.results(&tree.target).join(format!("{name}.wasm")).exists());
    let note = if first { " (the first time: two to five minutes on two cores)" } else { "" };
    say::step(&format!("Building the components auth, llm and ocr{note}."));
    say::timed("components built", || wasm(tree, toolchain, &COMPONENTS))?;
    fs::create_dir_all(tree.guests())?;
    let results = toolchain.results(&tree.target);
    COMPONENTS
        .iter()
        .map(|name| {
            let file = format!("{name}.wasm");
            let place = tree.guests().join(&file);
            publish(&results.join(file), &place)?;
            Ok(place)
        })
        .collect()
}

/// Builds the guest of the runtime's own tests; gives its file.
///
/// # Errors
/// As [`components`].
pub(crate) fn test_guest(tree: &Tree) -> Result<PathBuf> {
    let toolchain = toolchain::prepare()?;
    wasm(tree, toolchain, &["atelier-runtime-guest"])?;
    Ok(toolchain.results(&tree.target).join("runtime_guest.wasm"))
}

fn wasm(tree: &Tree, toolchain: Toolchain, packages: &[&str]) -> Result<()> {
    let mut cargo = toolchain.cargo("build", &tree.target);
    cargo
        .current_dir(&tree.root)
        .arg("--release")
        .args(packages.iter().map(|name| format!("--package={name}")));
    process::run(&mut cargo)
}

/// Builds native programs with the `native` profile.
///
/// # Errors
/// When the code does not compile.
pub(crate) fn natives(tree: &Tree, programs: &[Native]) -> Result<()> {
    if programs.is_empty() {
        return Ok(());
    }
    let names = programs.iter().map(|program| program.name()).collect::<Vec<_>>();
    let first = programs.contains(&Native::Runtime) && !tree.native(Native::Runtime.name()).exists();
    let note =
        if first { " (the first time: five to eight minutes on two cores, most of it wasmtime)" } else { "" };
    say::step(&format!("Building {}{note}.", names.join(" and ")));
    // One by one: built together, the mocks' features would reach wasmtime's dependencies, and the runtime's own
    // tests, which are built alone, would compile all of wasmtime a second time.
    say::timed("native programs built", || {
        names.iter().try_for_each(|name| {
            let mut cargo = process::cargo();
            cargo
                .current_dir(&tree.root)
                .args(["build", "--profile", "native", "--target-dir"])
                .arg(&tree.target);
            process::run(cargo.arg(format!("--package={name}")))
        })
    })?;
    for name in names {
        let program = tree.native(name);
        if !process::is_program(&program) {
            bail!("the build succeeded, but there is no {}", program.display());
        }
    }
    Ok(())
}

/// Puts `made` at `place` unless the same bytes are there; by rename, so that nobody reads half a file.
fn publish(made: &Path, place: &Path) -> Result<()> {
    if made == place {
        return Ok(());
    }
    let bytes =
        fs::read(made).with_context(|| format!("the build succeeded, but cannot read {}", made.display()))?;
    match fs::read(place) {
        Ok(there) if there == bytes => return Ok(()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", place.display())),
    }
    let fresh = place.with_extension("wasm.new");
    fs::write(&fresh, bytes)
        .and_then(|()| fs::rename(&fresh, place))
        .with_context(|| format!("cannot write {}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_published_when_it_differs_and_only_then() {
        let folder = std::env::temp_dir().join(format!("atelier-xtask-publish-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (made, place) = (folder.join("made.wasm"), folder.join("place.wasm"));
        fs::write(&made, b"one").unwrap();
        publish(&made, &place).unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"one");
        let before = place.metadata().unwrap().modified().unwrap();
        publish(&made, &place).unwrap();
        assert_eq!(place.metadata().unwrap().modified().unwrap(), before);
        fs::write(&made, b"two").unwrap();
        publish(&made, &place).unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"two");
        assert!(publish(&folder.join("absent.wasm"), &place).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
