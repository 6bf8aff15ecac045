//! The components as files: every pod pulls them and every node compiles them, and they say nothing of their builder.

use std::fs;

use atelier_tests::spin_toml;
use toml::Table;

/// 1 MiB.
const BYTES_MAX: usize = 1024 * 1024;

#[test]
fn each_component_fits_into_one_mebibyte_and_names_no_folder_of_its_builder() {
    let path = spin_toml();
    let manifest: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let components = manifest["component"].as_table().unwrap();
    assert_eq!(components.len(), 3);
    for (id, component) in components {
        let file = path.parent().unwrap().join(component["source"].as_str().unwrap());
        let code = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let bytes = code.len();
        assert!(bytes > 100_000 && bytes <= BYTES_MAX, "{id} has {bytes} bytes of {BYTES_MAX}");
        let contains = |text: &str| code.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(
            contains("index.crates.io-"),
            "{id} names no library's file: the next line looks for nothing"
        );
        assert!(!contains("/registry/src/"), "{id} names the builder's cargo folder");
    }
}
