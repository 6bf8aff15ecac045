//! Rules of docs/asvs.md that can be read off the tree.

use atelier_tests::{files, packages, read, read_toml};

#[test]
fn no_crate_of_ours_escapes_the_lints() {
    let workspace = read_toml("Cargo.toml");
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for package in packages() {
        let lints = read_toml(&format!("{package}/Cargo.toml")).remove("lints");
        // The guests of tests are never shipped, and `forbid` refuses the exports that wit-bindgen generates for them.
        let unsafe_code = lints.as_ref().and_then(|lints| lints.get("rust")?.get("unsafe_code")?.as_str());
        if package.ends_with("/tests/guest") && unsafe_code == Some("deny") {
            continue;
        }
        let inherited = lints.and_then(|lints| lints.get("workspace").and_then(toml::Value::as_bool));
        assert_eq!(inherited, Some(true), "{package} has lints of its own");
    }
}

#[test]
fn components_are_given_no_files_but_those_for_the_browser() {
    let manifest = read_toml("spin.toml");
    for (name, component) in manifest["component"].as_table().unwrap() {
        // What they serve of them is a list of names in their source.
        let python = toml::toml! { files = [{ source = "target/pyodide", destination = "/pyodide" }] };
        let pages = toml::toml! { files = [{ source = "target/pdfjs", destination = "/pdfjs" }] };
        let allowed = match name.as_str() {
            "llm" => python.get("files"),
            "ocr" => pages.get("files"),
            _ => None,
        };
        assert_eq!(component.get("files"), allowed, "{name} can read files");
    }
}

#[test]
fn no_migration_brings_an_account() {
    for name in files("components/auth/migrations", ".sql") {
        let sql = read(&name).to_lowercase();
        for row in sql.split("insert into").skip(1) {
            let table = row.trim_start();
            assert!(table.starts_with("hashing_turns "), "{name} brings rows along: {table}");
        }
    }
}

#[test]
fn every_password_field_is_masked_and_helped() {
    let mut seen = 0;
    for name in files("components/auth/templates", ".html") {
        let page = read(&name);
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

#[test]
fn no_script_of_the_pages_makes_markup_of_text() {
    let mut seen = 0;
    for folder in ["components/llm/assets", "components/ocr/assets", "crates/web/assets"] {
        for name in files(folder, ".js") {
            seen += 1;
            let script = read(&name);
            for sink in ["innerHTML =", "outerHTML =", "insertAdjacentHTML", "document.write"] {
                assert!(!script.contains(sink), "{name} uses {sink}");
            }
        }
    }
    assert!(seen >= 5, "only {seen} scripts found");
}

#[test]
fn registering_asks_for_a_name_and_a_password_and_nothing_else() {
    let page = read("components/auth/templates/register.html");
    let names: Vec<&str> = page.split("name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(names, ["next", "username", "password"]);
}

#[test]
fn what_is_random_comes_from_the_host() {
    assert!(read("crates/web/src/spin.rs").contains("get_random_bytes"));
    for folder in ["components", "crates/web"] {
        for name in files(folder, ".rs").into_iter().filter(|name| !name.contains("/tests")) {
            let code = read(&name);
            for other in ["insecure", "fastrand", "rand::", "thread_rng"] {
                assert!(!code.contains(other), "{name} uses {other}");
            }
        }
    }
}
