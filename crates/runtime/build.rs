//! Generates the host bindings of `spin:variables` and `spin:postgres`.
//!
//! Their WIT is taken from the `wit` folder of the very `spin-sdk` package that the guests are built with,
//! so that host and guests cannot drift apart. `bindgen!` wants a literal path: what is written here is
//! one invocation of it with that path, which src/wit.rs includes.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let wit = sdk_package().join("wit");
    assert!(
        wit.join("deps").is_dir(),
        "the spin-sdk package has no WIT at {}: use the release named in Cargo.toml",
        wit.display()
    );
    let invocation = format!(
        r#"wasmtime::component::bindgen!({{
    path: {wit:?},
    inline: "package atelier:runtime; world host {{ import spin:variables/variables@3.0.0; import spin:postgres/postgres@4.2.0; }}",
    world: "atelier:runtime/host",
    imports: {{ default: async | trappable }},
    with: {{
        "spin:postgres/postgres.connection": crate::postgres::Connection,
        "spin:postgres/postgres.connection-builder": crate::postgres::ConnectionBuilder,
    }},
}});
"#
    );
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("bindings.rs"), invocation).expect("OUT_DIR is writable");
}

/// The folder of the spin-sdk package that Cargo.lock names.
fn sdk_package() -> PathBuf {
    let cargo = std::env::var_os("CARGO").expect("cargo sets CARGO");
    // The platform filter keeps cargo from fetching packages that only Windows needs.
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "wasm32-wasip2"])
        .output()
        .expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata cannot find the spin-sdk package: {complaint}");
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
