//! The repository as data: its files, its packages.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

/// The folder that holds `spin.toml`.
#[must_use]
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The text of a file of the repository.
///
/// # Panics
/// When it cannot be read.
#[must_use]
#[track_caller]
pub fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A TOML file of the repository.
///
/// # Panics
/// When it cannot be read or parsed.
#[must_use]
#[track_caller]
pub fn read_toml(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files below a folder of the repository whose names end in `extension`: their paths in the repository, sorted.
///
/// # Panics
/// When there is none.
#[must_use]
#[track_caller]
pub fn files(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in entries(&folder) {
            let path = format!("{folder}/{name}");
            if repository().join(&path).is_dir() {
                let is_ours = !["target", "node_modules"].contains(&name.as_str()) && !name.starts_with('.');
                folders.extend(is_ours.then_some(path));
            } else if name.ends_with(extension) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no {extension}");
    found.sort();
    found
}

/// The folders of the workspace's packages.
///
/// # Panics
/// When the manifest cannot be read.
#[must_use]
pub fn packages() -> Vec<String> {
    let manifest = read_toml("Cargo.toml");
    let members = manifest["workspace"]["members"].as_array().into_iter().flatten();
    let folders =
        members.filter_map(|member| member.as_str()).flat_map(|member| match member.strip_suffix("/*") {
            None => vec![member.to_owned()],
            Some(parent) => entries(parent).into_iter().map(|name| format!("{parent}/{name}")).collect(),
        });
    folders.filter(|folder| repository().join(folder).join("Cargo.toml").exists()).collect()
}

fn entries(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(repository().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}
