//! The invariants of ARCHITECTURE.md that can be read off the tree: who may name what, and that the documents say
//! what `spin.toml` says.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use toml::Table;

const COMPONENTS: [&str; 3] = ["auth", "llm", "ocr"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn toml(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no source file");
    found
}

fn dependencies(manifest: &Table) -> BTreeSet<String> {
    manifest
        .get("dependencies")
        .and_then(|table| table.as_table())
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn only_the_edge_names_the_spin_sdk_and_only_for_wasm() {
    for package in ["components/auth", "components/llm", "components/ocr", "crates/web", "crates/session"] {
        for (path, text) in sources(&format!("{package}/src")) {
            let names_it = text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains("spin_sdk") || code.contains("wasip3")
            });
            let is_edge = path.ends_with("/spin.rs") || path.contains("/spin/");
            assert!(is_edge || !names_it, "{path} names spin_sdk; only spin.rs may");
        }
        let manifest = toml(&format!("{package}/Cargo.toml"));
        assert!(!dependencies(&manifest).contains("spin-sdk"), "{package} has spin-sdk for every target");
    }
}

#[test]
fn components_do_not_know_each_other_and_web_knows_nobody() {
    for component in COMPONENTS {
        let known = dependencies(&toml(&format!("components/{component}/Cargo.toml")));
        for other in COMPONENTS {
            assert!(!known.contains(other), "{component} depends on {other}");
        }
    }
    for base in ["crates/web", "crates/latex"] {
        let known = dependencies(&toml(&format!("{base}/Cargo.toml")));
        assert!(
            known.iter().all(|name| !name.starts_with("atelier-") && !COMPONENTS.contains(&name.as_str())),
            "{base} depends on {known:?}"
        );
    }
}

/// The folders that a component is compiled from: its own, and those of our crates that it needs.
fn compiled_from(component: &str) -> BTreeSet<String> {
    let workspace = toml("Cargo.toml");
    let ours = workspace["workspace"]["dependencies"].as_table().unwrap();
    let mut found = BTreeSet::new();
    let mut folders = vec![format!("components/{component}")];
    while let Some(folder) = folders.pop() {
        for name in dependencies(&toml(&format!("{folder}/Cargo.toml"))) {
            folders.extend(ours[&name].get("path").and_then(|path| path.as_str()).map(str::to_owned));
        }
        found.insert(folder);
    }
    found
}

#[test]
fn spin_watch_sees_whatever_a_component_is_compiled_from() {
    let manifest = toml("spin.toml");
    for component in COMPONENTS {
        let watched: Vec<&str> = manifest["component"][component]["build"]["watch"]
            .as_array()
            .unwrap()
            .iter()
            .map(|glob| glob.as_str().unwrap())
            .collect();
        // Templates, styles and migrations are compiled in, not the Rust alone.
        let folders = compiled_from(component).into_iter().map(|folder| format!("{folder}/**/*"));
        let expected: BTreeSet<String> =
            folders.chain(["Cargo.toml", "Cargo.lock"].map(str::to_owned)).collect();
        assert_eq!(watched.iter().map(|glob| (*glob).to_owned()).collect::<BTreeSet<_>>(), expected);
    }
}

#[test]
fn no_secret_has_a_value_and_nothing_is_required() {
    let manifest = toml("spin.toml");
    for (name, variable) in manifest["variables"].as_table().unwrap() {
        assert!(
            variable.get("required").is_none(),
            "{name} is required: see docs/adr/0002-no-required-variables.md"
        );
        let default = variable["default"].as_str().unwrap();
        let sounds_secret = ["password", "key", "webhook_url"].iter().any(|word| name.contains(word));
        let is_secret = variable.get("secret").is_some_and(|secret| secret.as_bool() == Some(true));
        assert_eq!(sounds_secret, is_secret, "{name}: is it a secret or not?");
        assert!(!is_secret || default.is_empty(), "the secret {name} has a default");
    }
}

#[test]
fn each_component_gets_only_its_own_secrets_and_upstream() {
    let manifest = toml("spin.toml");
    let may_have = |component: &str, variable: &str| match variable {
        name if name.starts_with("db_") => component == "auth",
        name if name.starts_with("webhook_") => component == "llm",
        name if name.starts_with("gemini_") => component == "ocr",
        _ => true,
    };
    for component in COMPONENTS {
        let entry = &manifest["component"][component];
        for name in entry["variables"].as_table().unwrap().keys() {
            assert!(may_have(component, name), "{component} gets {name}");
        }
        for host in entry["allowed_outbound_hosts"].as_array().unwrap() {
            let host = host.as_str().unwrap();
            let upstream = host.contains("webhook") && component == "llm"
                || host.contains("gemini") && component == "ocr"
                || host.starts_with("postgres://") && component == "auth"
                || host == "{{ auth_url }}" && component != "auth";
            assert!(upstream, "{component} may reach {host}");
        }
    }
}

#[test]
fn every_variable_reaches_a_component_and_is_read_by_it() {
    let manifest = toml("spin.toml");
    let app = manifest["variables"].as_table().unwrap();
    let whole = read("spin.toml");
    for name in app.keys() {
        assert!(whole.contains(&format!("{{{{ {name} }}}}")), "no component gets {name}");
    }
    let web: String = sources("crates/web/src").into_iter().map(|(_, text)| text).collect();
    for component in COMPONENTS {
        let own: String =
            sources(&format!("components/{component}/src")).into_iter().map(|(_, text)| text).collect();
        for name in manifest["component"][component]["variables"].as_table().unwrap().keys() {
            let quoted = format!("\"{name}\"");
            assert!(own.contains(&quoted) || web.contains(&quoted), "{component} never reads {name}");
        }
    }
}

#[test]
fn the_readme_names_every_route_of_the_manifest_and_no_other() {
    let manifest = toml("spin.toml");
    let readme = read("README.md");
    let rows = readme.split("## Routes").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let documented: BTreeSet<(String, &str)> = rows
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let component = *COMPONENTS.iter().find(|name| cells.get(2) == Some(name))?;
            Some(
                cells[1]
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .map(move |path| (path.to_owned(), component))
                    .collect::<Vec<_>>(),
            )
        })
        .flatten()
        .collect();
    let routed: Vec<(&str, &str)> = manifest["trigger"]["http"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trigger| (trigger["route"].as_str().unwrap(), trigger["component"].as_str().unwrap()))
        .collect();
    for (route, component) in &routed {
        let base = route.trim_end_matches("/...");
        let base = if base.is_empty() { "/" } else { base };
        assert!(documented.contains(&(base.to_owned(), *component)), "README lacks {route} of {component}");
    }
    for (path, component) in &documented {
        let served = routed.iter().filter(|(route, _)| match route.strip_suffix("/...") {
            Some(prefix) => path == prefix || path.starts_with(&format!("{prefix}/")),
            None => path == route,
        });
        let best = served.max_by_key(|(route, _)| route.len());
        assert_eq!(
            best.map(|(_, component)| component),
            Some(component),
            "README says {component} serves {path}"
        );
    }
}

#[test]
fn the_readme_is_short_enough_to_be_read() {
    let lines = read("README.md").lines().count();
    assert!((60..=120).contains(&lines), "README.md has {lines} lines");
}
