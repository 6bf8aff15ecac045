//! The invariants of ARCHITECTURE.md that can be read off the tree: which package and which file may use which, and that
//! the documents say what `spin.toml` says.

use std::collections::BTreeSet;

use atelier_tests::{files, import_circles, packages, read, read_toml, repository};
use toml::Value;

const COMPONENTS: [&str; 3] = ["auth", "llm", "ocr"];

/// What a package's own code depends on without any feature, for any target.
fn dependencies(package: &str) -> BTreeSet<String> {
    let manifest = read_toml(&format!("{package}/Cargo.toml"));
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    let tables =
        targets.into_iter().flat_map(|targets| targets.values()).filter_map(|target| target.as_table());
    let all = tables.chain([&manifest]).filter_map(|table| table.get("dependencies")?.as_table());
    let is_optional = |entry: &Value| entry.get("optional").and_then(Value::as_bool) == Some(true);
    all.flatten().filter(|(_, entry)| !is_optional(entry)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn only_the_edge_names_the_spin_sdk_and_only_for_wasm() {
    let guests = packages().into_iter().filter(|package| !package.starts_with("crates/runtime"));
    for package in
        guests.filter(|package| package.starts_with("components/") || package.starts_with("crates/"))
    {
        for path in files(&format!("{package}/src"), ".rs") {
            let names_it = read(&path).lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains("spin_sdk") || code.contains("wasip3")
            });
            let is_edge = path.ends_with("/spin.rs") || path.contains("/spin/");
            assert!(is_edge || !names_it, "{path} names spin_sdk; only spin.rs may");
        }
        let manifest = read_toml(&format!("{package}/Cargo.toml"));
        let for_every_target = manifest.get("dependencies").and_then(|table| table.get("spin-sdk"));
        assert!(for_every_target.is_none(), "{package} has spin-sdk for every target");
    }
}

#[test]
fn a_package_depends_on_no_package_of_ours_but_those_named_here() {
    let is_ours = |name: &String| name.starts_with("atelier-") || COMPONENTS.contains(&name.as_str());
    for package in packages() {
        let allowed: &[&str] = match package.as_str() {
            "components/auth" => &["atelier-auth-api", "atelier-migrations", "atelier-web"],
            "components/llm" => &["atelier-auth-api", "atelier-mathml", "atelier-web"],
            "components/ocr" => &["atelier-auth-api", "atelier-latex", "atelier-mathml", "atelier-web"],
            "crates/auth-api" => &["atelier-web"],
            "crates/latex/tests/guest" => &["atelier-latex"],
            "tests" => &["atelier-mocks", "atelier-test-support"],
            "tests/bench" => &["atelier-latex"],
            "tests/parsers" => &["atelier-auth-api", "atelier-latex", "atelier-web", "auth", "llm", "ocr"],
            "xtask/migrate" => &["atelier-migrations"],
            _ => &[],
        };
        let used: BTreeSet<String> = dependencies(&package).into_iter().filter(is_ours).collect();
        let forbidden: Vec<&String> = used.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(forbidden.is_empty(), "{package} depends on {forbidden:?}");
    }
}

#[test]
fn the_components_have_one_shape() {
    for component in COMPONENTS {
        for file in ["lib.rs", "route.rs", "settings.rs", "app.rs", "error.rs", "spin.rs"] {
            let path = format!("components/{component}/src/{file}");
            assert!(repository().join(&path).exists(), "{path} is missing: see ARCHITECTURE.md");
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for package in packages() {
        let roots = ["lib.rs", "main.rs"].map(|root| repository().join(&package).join("src").join(root));
        for root in roots.iter().filter(|root| root.exists()) {
            let found = import_circles(root);
            circles.extend(found.into_iter().map(|circle| format!("{package}: {}", circle.join(", "))));
        }
    }
    assert!(circles.is_empty(), "{} circles:\n{}", circles.len(), circles.join("\n"));
}

/// The words in back quotes of a document that are paths of the repository.
fn paths_in(document: &str) -> Vec<String> {
    let folders =
        ["ansible/", "components/", "crates/", "docs/", "k8s/", "openapi/", "terraform/", "tests/", "xtask/"];
    let text = read(document);
    let words = text.split('`').skip(1).step_by(2);
    words.filter(|word| folders.iter().any(|folder| word.starts_with(folder))).map(str::to_owned).collect()
}

#[test]
fn the_documents_name_only_what_is_there() {
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        for path in paths_in(document) {
            // A pattern counts up to its first special character.
            let fixed = path.split(['*', '{', ' ']).next().unwrap_or_default();
            assert!(repository().join(fixed).exists(), "{document} names {path}");
        }
    }
}

/// The folders that a component is compiled from: its own and those of the crates of ours that it uses.
fn compiled_from(component: &str) -> BTreeSet<String> {
    let workspace = read_toml("Cargo.toml");
    let ours = workspace["workspace"]["dependencies"].as_table().unwrap();
    let mut found = BTreeSet::new();
    let mut folders = vec![format!("components/{component}")];
    while let Some(folder) = folders.pop() {
        for name in dependencies(&folder) {
            folders.extend(ours[&name].get("path").and_then(|path| path.as_str()).map(str::to_owned));
        }
        found.insert(folder);
    }
    found
}

#[test]
fn spin_watch_sees_whatever_a_component_is_compiled_from() {
    let manifest = read_toml("spin.toml");
    for component in COMPONENTS {
        let watched: Vec<&str> = manifest["component"][component]["build"]["watch"]
            .as_array()
            .unwrap()
            .iter()
            .map(|glob| glob.as_str().unwrap())
            .collect();
        // Templates, styles and migrations are compiled in too.
        let folders = compiled_from(component).into_iter().map(|folder| format!("{folder}/**/*"));
        let expected: BTreeSet<String> =
            folders.chain(["Cargo.toml", "Cargo.lock"].map(str::to_owned)).collect();
        assert_eq!(watched.iter().map(|glob| (*glob).to_owned()).collect::<BTreeSet<_>>(), expected);
    }
}

#[test]
fn no_secret_has_a_value_and_nothing_is_required() {
    let manifest = read_toml("spin.toml");
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
    let manifest = read_toml("spin.toml");
    let may_have = |component: &str, variable: &str| match variable {
        name if name.starts_with("db_") => component == "auth",
        name if name.starts_with("webhook_") || name.starts_with("llm_openai_") => component == "llm",
        name if name.starts_with("gemini_") || name == "compile_url" => component == "ocr",
        _ => true,
    };
    for component in COMPONENTS {
        let entry = &manifest["component"][component];
        for name in entry["variables"].as_table().unwrap().keys() {
            assert!(may_have(component, name), "{component} gets {name}");
        }
        for host in entry["allowed_outbound_hosts"].as_array().unwrap() {
            let host = host.as_str().unwrap();
            let upstream = (host.contains("webhook") || host.contains("llm_openai")) && component == "llm"
                || (host.contains("gemini") || host == "{{ compile_url }}") && component == "ocr"
                || host.starts_with("postgres://") && component == "auth"
                || host == "{{ auth_url }}" && component != "auth";
            assert!(upstream, "{component} may reach {host}");
        }
    }
}

#[test]
fn every_variable_reaches_a_component_and_is_read_by_it() {
    let manifest = read_toml("spin.toml");
    let app = manifest["variables"].as_table().unwrap();
    let whole = read("spin.toml");
    for name in app.keys() {
        assert!(whole.contains(&format!("{{{{ {name} }}}}")), "no component gets {name}");
    }
    let code = |folder: &str| files(folder, ".rs").iter().map(|path| read(path)).collect::<String>();
    let web = code("crates/web/src");
    for component in COMPONENTS {
        let own = code(&format!("components/{component}/src"));
        for name in manifest["component"][component]["variables"].as_table().unwrap().keys() {
            let quoted = format!("\"{name}\"");
            assert!(own.contains(&quoted) || web.contains(&quoted), "{component} never reads {name}");
        }
    }
}

#[test]
fn the_readme_names_every_route_of_the_manifest_and_no_other() {
    let manifest = read_toml("spin.toml");
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
fn the_readme_is_between_60_and_120_lines() {
    let lines = read("README.md").lines().count();
    assert!((60..=120).contains(&lines), "README.md has {lines} lines");
}
