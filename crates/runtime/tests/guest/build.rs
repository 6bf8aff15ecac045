//! Writes the `generate!` invocation for the guest's bindings, which src/bindings.rs includes: the raw WIT, without spin-sdk.

#[path = "../../build/spin_sdk.rs"]
mod spin_sdk;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../build/spin_sdk.rs");
    println!("cargo::rerun-if-changed=../../../../Cargo.lock");
    let wit = spin_sdk::wit();
    spin_sdk::write_invocation(&format!(
        r#"wit_bindgen::generate!({{
    path: {wit:?},
    inline: "package atelier:runtime-guest;
        world guest {{
            export wasi:http/handler@0.3.0;
            import wasi:http/client@0.3.0;
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:sockets/types@0.3.0;
            import spin:variables/variables@3.0.0;
            import spin:postgres/postgres@4.2.0;
        }}",
    world: "atelier:runtime-guest/guest",
    generate_all,
    pub_export_macro: true,
}});
"#
    ));
}
