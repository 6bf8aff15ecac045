//! Mistakes found at the start: one sentence that says what to do, and a failing exit status.

mod support;

use std::net::TcpListener;

use support::{guest, manifest, refused};

fn complaint(text: &str, arguments: &[&str]) -> String {
    let (status, output) = refused(text, arguments, &[]);
    assert_eq!(status, 1, "{output}");
    let errors: Vec<_> = output.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{output}");
    errors[0].to_owned()
}

#[test]
fn each_mistake_is_named() {
    let good = manifest(
        "allowed_outbound_hosts = []",
        "[variables]\nv = { default = \"x\" }\n[component.guest.variables]\nk = \"{{ v }}\"",
    );
    let source = format!("{:?}", guest());
    for (from, to, expected) in [
        (
            "component = \"guest\"",
            "component = \"gest\"",
            "names the component \"gest\", which does not exist",
        ),
        (source.as_str(), "\"no/such.wasm\"", "build it first"),
        (source.as_str(), "\"spin.toml\"", "is not a WebAssembly component"),
        ("{{ v }}", "{{ v", "never closes"),
        ("{{ v }}", "{{ w }}", "\"w\" is not declared"),
        ("{ default = \"x\" }", "{ required = true }", "SPIN_VARIABLE_V"),
        ("allowed_outbound_hosts = []", "allowed_outbound_hosts = [\"example.org\"]", "has no scheme"),
        ("allowed_outbound_hosts = []", "allowed_outbound_hosts = [\"http://{{ nosuch }}\"]", "nosuch"),
        (
            "allowed_outbound_hosts = []",
            "allowed_outbound_host = []",
            "unknown field `allowed_outbound_host`",
        ),
        (
            "allowed_outbound_hosts = []",
            "files = [{ source = \"no/such\", destination = \"/\" }]",
            "no/such, which is no folder: build the application first",
        ),
        ("spin_manifest_version = 2", "spin_manifest_version = 3", "write version 2"),
        ("[application]", "[application", "correct line 2"),
    ] {
        assert!(good.contains(from), "{from} is not in {good}");
        let error = complaint(&good.replacen(from, to, 1), &[]);
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn a_busy_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = complaint(&manifest("", ""), &["--listen", &address]);
    assert!(
        error.contains(&address) && error.contains("already in use") && error.contains("--listen"),
        "{error}"
    );
}

#[test]
fn a_missing_manifest_is_named() {
    let error = complaint(&manifest("", ""), &["-f", "/no/such/spin.toml"]);
    assert!(error.contains("/no/such/spin.toml"), "{error}");
}

#[test]
fn an_unknown_variable_on_the_command_line_is_named() {
    let error = complaint(&manifest("", ""), &["--variable", "nosuch=1"]);
    assert!(error.contains("nosuch"), "{error}");
}
