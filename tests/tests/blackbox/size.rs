//! The size of the components: every pod pulls them and every node compiles them.

use std::fs;

use atelier_tests::spin_toml;
use toml::Table;

/// 1 MiB.
const BYTES_MAX: u64 = 1024 * 1024;

#[test]
fn each_component_fits_into_one_mebibyte() {
    let path = spin_toml();
    let manifest: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let components = manifest["component"].as_table().unwrap();
    assert_eq!(components.len(), 3);
    for (id, component) in components {
        let file = path.parent().unwrap().join(component["source"].as_str().unwrap());
        let bytes = fs::metadata(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).len();
        assert!(bytes > 100_000 && bytes <= BYTES_MAX, "{id} has {bytes} bytes of {BYTES_MAX}");
    }
}
