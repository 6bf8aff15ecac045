//! The route table, spin.toml, the OpenAPI files and the running application say the same.

use atelier_tests::{Manifest, files, read};

use crate::applications::app;

/// The paths of the README's route table, in back quotes, with their component.
fn readme_routes() -> Vec<(String, String)> {
    let readme = read("README.md");
    readme
        .lines()
        .skip_while(|line| !line.starts_with("| route | component |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let (paths, component) =
                (cells.next().unwrap_or_default(), cells.next().unwrap_or_default().to_owned());
            let paths: Vec<String> = paths.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            paths.into_iter().map(move |path| (path, component.clone()))
        })
        .collect()
}

/// The component to which Spin's rules lead a path: the longest route that matches.
fn component_of(routes: &[(String, String)], path: &str) -> Option<String> {
    let matching = routes.iter().filter(|(route, _)| match route.strip_suffix("/...") {
        Some(prefix) => path == prefix || path.starts_with(&format!("{prefix}/")),
        None => path == route,
    });
    matching
        .max_by_key(|(route, _)| (!route.ends_with("..."), route.len()))
        .map(|(_, component)| component.clone())
}

#[test]
fn the_readme_and_spin_toml_agree() {
    let routes = Manifest::load().routes();
    let documented = readme_routes();
    assert!(documented.len() >= 10, "{documented:?}");
    for (path, component) in &documented {
        assert_eq!(component_of(&routes, path).as_ref(), Some(component), "{path}");
    }
    for (route, component) in &routes {
        let path =
            route.strip_suffix("...").map_or(route.as_str(), |prefix| match prefix.trim_end_matches('/') {
                "" => "/",
                prefix => prefix,
            });
        assert!(
            documented.iter().any(|(known, owner)| known == path && owner == component),
            "spin.toml's {route} is not in the README"
        );
    }
}

/// The status of `GET` for a user who is signed in.
fn expected_status(path: &str) -> u16 {
    match path {
        "/" | "/auth" | "/login" => 303,
        "/auth/verify" => 204,
        "/logout" | "/language" | "/send" | "/llm/send" | "/ocr/check" => 405,
        _ if path.starts_with("/auth/internal/") => 405,
        _ => 200,
    }
}

#[test]
fn every_documented_route_exists() {
    let user = app().user();
    for (path, _) in readme_routes() {
        assert_eq!(user.get_json(&path).status, expected_status(&path), "GET {path}");
    }
}

#[test]
fn every_path_of_the_openapi_files_exists() {
    let user = app().user();
    for file in files("openapi", ".yaml") {
        let text = read(&file);
        let paths: Vec<&str> = text
            .lines()
            .skip_while(|line| *line != "paths:")
            .skip(1)
            .take_while(|line| line.starts_with(' ') || line.is_empty())
            .filter_map(|line| line.strip_prefix("  /")?.strip_suffix(':'))
            .filter(|path| !path.contains('{'))
            .collect();
        assert!(!paths.is_empty(), "{file}");
        for path in paths {
            let path = format!("/{path}");
            let status = user.get_json(&path).status;
            assert_eq!(status, expected_status(&path), "{file}: GET {path}");
        }
    }
}
