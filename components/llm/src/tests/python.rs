//! What the browser gets to run code with: for everybody, for ever, and only in the version that is pinned.

use std::fs;
use std::path::PathBuf;

use web::Lang;

use super::*;

const PINNED: &[u8] = include_bytes!("../../pyodide.json");

/// A folder as the build lays it out.
fn folder(name: &str, pinned: &[u8]) -> Folder {
    let path: PathBuf = std::env::temp_dir().join(format!("atelier-llm-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    for file in ["pyodide.mjs.gz", "pyodide.asm.mjs.gz", "pyodide.asm.wasm.gz", "python_stdlib.zip"] {
        fs::write(path.join(file), file).unwrap();
    }
    fs::write(path.join("pyodide.json"), pinned).unwrap();
    Folder::new(path)
}

fn get(folder: &Folder, path: &str) -> Reply {
    handle_in(folder.clone(), variables(), &answering(ANSWER), &Request::test("GET", path))
}

fn show(folder: Folder) -> Reply {
    let request = signed_in("GET", "/llm").with("accept", "text/html");
    handle_in(folder, variables(), &answering(ANSWER), &request)
}

/// The value of an attribute of the panel.
fn attribute(panel: &str, name: &str) -> String {
    let (_, rest) = panel.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn code_is_run_only_where_python_is_there_in_the_pinned_version() {
    let reply = show(folder("there", PINNED));
    assert!(page(&reply).contains("data-run=\"Exécuter\""));
    assert!(reply.policy == web::ContentSecurityPolicy { frames_own: true, ..Default::default() });
    for other in [folder("other", b"{}"), Folder::new("/nowhere")] {
        let reply = show(other);
        assert!(!page(&reply).contains("data-run"));
        assert!(reply.policy == web::ContentSecurityPolicy::default());
    }
}

#[test]
fn the_files_are_for_everybody_and_kept_for_ever() {
    let folder = folder("files", PINNED);
    let panel = page(&get(&folder, "/llm/run"));
    let (python, files) = (attribute(&panel, "data-python"), attribute(&panel, "data-files"));
    assert_eq!(files.split(' ').count(), 4);
    for (name, content_type, encoding) in [
        ("pyodide.mjs", "text/javascript; charset=utf-8", Some("gzip")),
        ("pyodide.asm.mjs", "text/javascript; charset=utf-8", Some("gzip")),
        ("pyodide.asm.wasm", "application/wasm", Some("gzip")),
        ("python_stdlib.zip", "application/zip", None),
    ] {
        assert!(files.split(' ').any(|file| file == name), "{name}");
        let reply = get(&folder, &format!("{python}/{name}"));
        assert_eq!(reply.status, 200, "{name}");
        let header = |header: &str| reply.headers.get(header).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-type"), Some(content_type));
        assert_eq!(header("content-encoding"), encoding);
        assert_eq!(header("cache-control"), Some("public, max-age=31536000, immutable"));
        let stored = if encoding.is_some() { format!("{name}.gz") } else { name.to_owned() };
        assert_eq!(header("content-length"), Some(stored.len().to_string().as_str()));
        assert!(reply.body.whole().is_none(), "{name} is streamed");
    }
    for path in ["/llm/run", &attribute(&panel, "data-frame"), &attribute(&panel, "data-worker")] {
        assert_eq!(get(&folder, path).status, 200, "{path}");
    }
}

#[test]
fn no_other_file_and_no_other_version_is_served() {
    let (whole, other) = (folder("whole", PINNED), folder("stale", b"{}"));
    let python = attribute(&page(&get(&whole, "/llm/run")), "data-python");
    for name in ["pyodide.json", "pyodide.mjs.gz", "../pyodide.mjs", "", "none"] {
        assert_eq!(get(&whole, &format!("{python}/{name}")).status, 404, "{name}");
    }
    assert_eq!(get(&whole, "/llm/python/0123456789abcdef/pyodide.mjs").status, 404);
    assert_eq!(get(&other, &format!("{python}/pyodide.mjs")).status, 404);
}

#[test]
fn the_frame_is_confined_and_the_page_is_not_in_it() {
    let folder = folder("frame", PINNED);
    let panel = page(&get(&folder, "/llm/run"));
    let frame = get(&folder, &attribute(&panel, "data-frame"));
    assert!(frame.policy.confined_script.is_some());
    assert!(frame.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(get(&folder, "/llm/run").policy.confined_script, None);
}

#[test]
fn the_panel_is_in_both_languages() {
    let panel = |lang: Lang| {
        let mut request = Request::test("GET", "/llm/run");
        request.context.lang = lang;
        page(&handle(&answering(ANSWER), &request))
    };
    assert!(panel(Lang::Fr).contains("Votre code ne quitte pas votre navigateur"));
    assert!(panel(Lang::En).contains("Your code never leaves your browser"));
}
