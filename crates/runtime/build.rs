//! Writes the `bindgen!` invocation for the host bindings of `spin:variables` and `spin:postgres`, which src/wit.rs
//! includes.

#[path = "build/spin_sdk.rs"]
mod spin_sdk;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/spin_sdk.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let wit = spin_sdk::wit();
    spin_sdk::write_invocation(&format!(
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
    ));
}
