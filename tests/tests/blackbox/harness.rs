//! The harness itself: when these fail, the other results mean nothing.

use atelier_tests::{Database, Manifest, TcpProxy};

#[test]
fn a_cut_proxy_refuses_and_a_restored_one_serves() {
    let mut database = Database::create();
    let proxy = TcpProxy::to(&database.host, database.port);
    database.port = proxy.address.port();
    let mut held = database.connect();
    proxy.cut();
    assert!(held.simple_query("SELECT 1").is_err());
    assert!(std::panic::catch_unwind(|| database.connect()).is_err());
    proxy.restore();
    assert_eq!(database.value("SELECT 1").as_deref(), Some("1"));
}

#[test]
fn the_manifest_has_three_components_with_absolute_sources() {
    let mut manifest = Manifest::load();
    assert_eq!(manifest.components(), ["auth", "llm", "ocr"]);
    for name in ["auth", "llm", "ocr"] {
        let source = manifest.component(name)["source"].as_str().unwrap().to_owned();
        assert!(source.starts_with('/') && source.ends_with(".wasm"), "{source}");
    }
}
