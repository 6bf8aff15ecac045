//! The interpreter of the test runs core modules, not components.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script everything in its environment")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        println!("cargo::rustc-link-arg-cdylib=--skip-wit-component");
    }
}
