//! « Exécuter »: what a browser needs to run the code of an answer in itself. The server runs nothing.
//!
//! The page's script fetches the panel and Python (Pyodide, mounted into the component by spin.toml) when the user asks
//! for it. The program then runs in a frame of an opaque origin without network (docs/adr/0032). All of it is the same
//! for everybody, so it needs no session.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use web::assets::{Asset, fnv1a};
use web::files::Folder;
use web::{ContentSecurityPolicy, Lang, Reply, Request};

use crate::route::PREFIX;

/// The version of Python, and the file that says that the mounted folder is of this version.
const PINNED: (&str, &[u8]) = ("pyodide.json", include_bytes!("../pyodide.json"));
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
const FRAME_SCRIPT: &str = "sha256-cDDeFc53Jk05FaqONQY4R0lXlcqIrQc025OLE0p1VRY=";

/// A file of Pyodide.
struct PythonFile {
    name: &'static str,
    content_type: &'static str,
    /// Its name in the folder ends in `.gz`.
    is_packed: bool,
}

const fn packed(name: &'static str, content_type: &'static str) -> PythonFile {
    PythonFile { name, content_type, is_packed: true }
}

const FILES: [PythonFile; 4] = [
    packed("pyodide.mjs", "text/javascript; charset=utf-8"),
    packed("pyodide.asm.mjs", "text/javascript; charset=utf-8"),
    packed("pyodide.asm.wasm", "application/wasm"),
    PythonFile { name: "python_stdlib.zip", content_type: "application/zip", is_packed: false },
];

/// What the page's script shows below the code, and the addresses that it needs.
#[derive(Template)]
#[template(path = "run.html")]
struct Panel {
    lang: Lang,
}

impl Panel {
    /// Where the files are; another version has another address.
    fn python(&self) -> String {
        format!("{PREFIX}/python/{:016x}", fnv1a(PINNED.1))
    }

    fn files(&self) -> String {
        FILES.map(|file| file.name).join(" ")
    }
}

/// Whether the mounted folder has Python, in the version that belongs to this component.
pub(crate) fn is_there(folder: &Folder) -> bool {
    folder.has(PINNED.0, PINNED.1)
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
        return Some(if is_current { for_ever(reply) } else { reply });
    }
    let name = path.strip_prefix(&Panel { lang: request.lang() }.python())?.strip_prefix('/')?;
    let file = FILES.iter().find(|file| file.name == name).filter(|_| is_there(folder))?;
    let stored = if file.is_packed { format!("{name}.gz") } else { name.to_owned() };
    let reply = folder.reply(&stored, file.content_type).await?;
    if !reply.status.is_success() {
        return Some(reply);
    }
    let reply = for_ever(reply);
    Some(match file.is_packed {
        true => reply.with(header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        false => reply,
    })
}

fn for_ever(reply: Reply) -> Reply {
    reply
        .with(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"))
        .with(header::VARY, HeaderValue::from_static("accept-encoding"))
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
