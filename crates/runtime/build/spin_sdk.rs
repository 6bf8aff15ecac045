//! Finds the spin-sdk package that the guests are built with, for two build scripts: the runtime's and its test guest's.
//! Both generate their bindings from the WIT in that package, so host and guests cannot differ.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The `wit` folder of the spin-sdk package that Cargo.lock names.
pub(crate) fn wit() -> PathBuf {
    let wit = package().join("wit");
    assert!(
        wit.join("deps").is_dir(),
        "the spin-sdk package has no WIT at {}: use the release named in Cargo.toml",
        wit.display()
    );
    wit
}

/// Writes the invocation of a bindings macro, which accepts literal paths only.
pub(crate) fn write_invocation(invocation: &str) {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("bindings.rs"), invocation).expect("OUT_DIR is writable");
}

fn package() -> PathBuf {
    let cargo = std::env::var_os("CARGO").expect("cargo sets CARGO");
    // The platform filter keeps cargo from fetching packages that only Windows needs.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "wasm32-wasip2"])
        .output()
        .expect("cargo runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata cannot find the spin-sdk package: {stderr}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "spin-sdk")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("spin-sdk is a dependency in Cargo.toml");
    Path::new(manifest).parent().expect("a manifest is in a folder").to_owned()
}
