//! « Exécuter »: what a browser needs to run the code of an answer in itself. The server runs nothing.
//!
//! The page's script fetches the panel and Python (Pyodide, mounted into the component by spin.toml) when the user asks
//! for it. The program then runs in a frame of an opaque origin without network (docs/adr/0032). All of it is the same
//! for everybody, so it needs no session.

use askama::Template;
use http::StatusCode;
use web::assets::Asset;
use web::files::{Bundle, BundledFile, Folder};
use web::{ContentSecurityPolicy, Lang, Reply, Request};

use crate::route::PREFIX;

const PANEL_PATH: &str = "/llm/run";

pub(crate) const RUN: Asset =
    web::text_asset!("run", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/run.js"));
pub(crate) const RUN_STYLE: Asset =
    web::text_asset!("run", "css", "text/css; charset=utf-8", include_bytes!("../assets/run.css"));
/// As it is written: it contains Python, in which indentation counts.
pub(crate) const WORKER: Asset =
    Asset::new("worker", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/worker.js"));
const FRAME: Asset =
    Asset::new("frame", "html", "text/html; charset=utf-8", include_bytes!("../assets/frame.html"));
/// Of the script in the frame; a test compares it.
const FRAME_SCRIPT: &str = "sha256-BmpoE62ePSUIZ0M/KX+IExprSoVqbsC6ZMQG5cNn89k=";

const PYTHON: Bundle = Bundle {
    path: "/llm/python",
    pinned: ("pyodide.json", include_bytes!("../pyodide.json")),
    files: &[
        BundledFile::packed("pyodide.mjs", "text/javascript; charset=utf-8"),
        BundledFile::packed("pyodide.asm.mjs", "text/javascript; charset=utf-8"),
        BundledFile::packed("pyodide.asm.wasm", "application/wasm"),
        BundledFile::plain("python_stdlib.zip", "application/zip"),
    ],
};

/// What the page's script shows below the code, and the addresses that it needs.
#[derive(Template)]
#[template(path = "run.html")]
struct Panel {
    lang: Lang,
}

impl Panel {
    fn python(&self) -> String {
        PYTHON.href()
    }

    fn files(&self) -> String {
        PYTHON.files.iter().map(|file| file.name).collect::<Vec<_>>().join(" ")
    }
}

/// Whether the mounted folder has Python, in the version that belongs to this component.
pub(crate) fn is_there(folder: &Folder) -> bool {
    PYTHON.is_in(folder)
}

/// The reply to a request for the panel, the frame or a file of Python.
pub(crate) async fn serve(request: &Request, folder: &Folder) -> Option<Reply> {
    if !request.is_get() {
        return None;
    }
    let path = request.path();
    if path == PANEL_PATH {
        return Some(Reply::html(StatusCode::OK, &Panel { lang: request.lang() }));
    }
    let asset = path.strip_prefix(PREFIX).and_then(|path| path.strip_prefix("/assets/"));
    if let Some(is_current) = asset.and_then(|file| FRAME.matches(file)) {
        let policy = ContentSecurityPolicy { confined_script: Some(FRAME_SCRIPT), ..Default::default() };
        let reply = FRAME.reply().with_policy(policy);
        // During a rollout an old page may ask a new instance.
        return Some(if is_current { reply.for_ever() } else { reply });
    }
    PYTHON.serve(request, folder).await
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_frame_runs_its_own_script_and_no_other() {
        let frame = include_str!("../assets/frame.html");
        let (_, rest) = frame.split_once("<script>").unwrap();
        let (script, rest) = rest.split_once("</script>").unwrap();
        assert!(!rest.contains("<script"));
        assert_eq!(FRAME_SCRIPT, format!("sha256-{}", STANDARD.encode(Sha256::digest(script))));
    }

    #[test]
    fn page_and_worker_cut_the_output_at_the_same_length() {
        let line = "const CHARS_MAX = 100_000;\n";
        assert!(include_str!("../assets/run.js").contains(line));
        assert!(include_str!("../assets/worker.js").contains(line));
        let question = format!("QUESTION_CHARS_MAX = {}_000;", crate::question::QUESTION_CHARS_MAX / 1000);
        assert!(include_str!("../assets/run.js").contains(&question));
    }
}
