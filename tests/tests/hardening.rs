//! Rules of docs/asvs.md that can be read off the tree.

use std::fs;

use atelier_tests::repository;
use toml::Table;

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn toml(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files below `folder` whose names end in `end`, with their text.
fn files(folder: &str, end: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(repository().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: Vec<_> = names
        .filter(|name| name.ends_with(end))
        .map(|name| (name.clone(), read(&format!("{folder}/{name}"))))
        .collect();
    assert!(!found.is_empty(), "{folder} has no {end}");
    found
}

#[test]
fn no_crate_of_ours_escapes_the_lints() {
    let workspace = toml("Cargo.toml");
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for member in workspace["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        let folders = match member.strip_suffix("/*") {
            None => vec![member.to_owned()],
            Some(parent) => fs::read_dir(repository().join(parent))
                .unwrap()
                .map(|entry| format!("{parent}/{}", entry.unwrap().file_name().to_string_lossy()))
                .collect(),
        };
        for folder in folders {
            let lints = toml(&format!("{folder}/Cargo.toml")).remove("lints");
            let inherited = lints.and_then(|lints| lints.get("workspace").and_then(toml::Value::as_bool));
            assert_eq!(inherited, Some(true), "{folder} has lints of its own");
        }
    }
}

#[test]
fn components_are_given_no_files() {
    for (name, component) in toml("spin.toml")["component"].as_table().unwrap() {
        assert!(component.get("files").is_none(), "{name} can read files");
    }
}

#[test]
fn no_migration_makes_an_account() {
    for (name, sql) in files("components/auth/migrations", ".sql") {
        assert!(!sql.to_uppercase().contains("INSERT INTO"), "{name} brings rows along");
    }
}

#[test]
fn every_password_field_is_masked_and_helped() {
    let mut seen = 0;
    for (name, page) in files("components/auth/templates", ".html") {
        for tag in page.split('<').filter(|tag| tag.starts_with("input ") && tag.contains("password\"")) {
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            seen += 1;
            assert!(tag.contains("type=\"password\""), "{name}: <{tag}");
            let helped = ["autocomplete=\"current-password\"", "autocomplete=\"new-password\""];
            assert!(helped.iter().any(|help| tag.contains(help)), "{name}: <{tag}");
            assert!(!tag.contains("maxlength"), "{name} would cut a pasted password: <{tag}");
        }
        for form in page.split("<form").skip(1) {
            let secret = form.split("</form").next().unwrap_or_default().contains("type=\"password\"");
            assert!(
                !secret || form.starts_with(" method=\"post\""),
                "{name} puts a password into an address"
            );
        }
    }
    assert!(seen >= 5, "only {seen} fields found");
}
