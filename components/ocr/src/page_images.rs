//! What a browser needs to draw the pages of a PDF, to make photographs ready and to cut figures out of both: pdf.js,
//! mounted into the component by spin.toml, and our scripts around it. None of it is in the page, which has to stay small;
//! the scripts ask for it when a file is chosen or a figure is shown (docs/adr/0030, 0036). It is the same for everybody,
//! so it needs no session.

use http::StatusCode;
use serde_json::{Map, Value, json};
use web::assets::Asset;
use web::files::{Bundle, BundledFile, Folder};
use web::{Reply, Request};

use crate::route::PREFIX;

/// Where the scripts ask; `assets/conversion.js` names it too.
const PATH: &str = "/ocr/pages";
pub(crate) const PAGES: Asset = web::packed_asset!("pages", "js", "text/javascript; charset=utf-8");
pub(crate) const PHOTO: Asset = web::packed_asset!("photo", "js", "text/javascript; charset=utf-8");
pub(crate) const FIGURES: Asset = web::packed_asset!("figures", "js", "text/javascript; charset=utf-8");
pub(crate) const ZIP: Asset = web::packed_asset!("zip", "js", "text/javascript; charset=utf-8");

const fn script(name: &'static str) -> BundledFile {
    BundledFile::packed(name, "text/javascript; charset=utf-8")
}

const PDFJS: Bundle = Bundle {
    path: "/ocr/pdfjs",
    pinned: ("pdfjs.json", include_bytes!("../pdfjs.json")),
    files: &[
        script("pdf.min.mjs"),
        script("pdf.worker.min.mjs"),
        // Instead of WebAssembly, which the policy does not allow.
        script("jbig2_nowasm_fallback.js"),
        script("openjpeg_nowasm_fallback.js"),
    ],
};

/// What these scripts say: the name, French, English. `{name}` stands for a value.
const TEXTS: [(&str, &str, &str); 20] = [
    ("count", "pages : {pages}", "pages: {pages}"),
    ("protected", "protégé", "protected"),
    (
        "long",
        "« {name} » a {pages} pages : le maximum est de 300. Choisissez un fichier plus court.",
        "“{name}” has {pages} pages; the limit is 300. Choose a shorter file.",
    ),
    ("sheets", "Pages de {name}", "Pages of {name}"),
    ("sheet", "Page {page} sur {pages}", "Page {page} of {pages}"),
    ("blank", "la page {pages} semble vide", "page {pages} looks blank"),
    ("blanks", "les pages {pages} semblent vides", "pages {pages} look blank"),
    ("blankPhoto", "semble vide", "looks blank"),
    ("whole", "lu d’un seul tenant", "read as a whole"),
    (
        "wholeBeyond",
        "lu d’un seul tenant au-delà de 20 pages à convertir",
        "read as a whole beyond 20 pages to convert",
    ),
    (
        "invented",
        "La page {page} de l’original semble vide, mais la transcription lui donne un texte : il est peut-être inventé.",
        "Page {page} of the original looks blank, but the transcription has text for it: it may be invented.",
    ),
    ("cutting", "Découpe des figures…", "Cutting out the figures…"),
    ("figures", "Figures", "Figures"),
    (
        "hint",
        "Découpées dans l’original là où le modèle les a vues : vérifiez leurs bords. Le .zip les contient.",
        "Cut out of the original where the model saw them: check their edges. The .zip includes them.",
    ),
    ("figure", "{words} (page {page})", "{words} (page {page})"),
    ("toWords", "Remettre les mots", "Words again"),
    ("toFigure", "Mettre la figure", "Use the figure"),
    (
        "gone",
        "Cette figure n’est plus dans le document : rien n’a changé.",
        "This figure is no longer in the document: nothing has changed.",
    ),
    (
        "notKept",
        "Ce document n’est pas conservé dans ce navigateur : téléchargez-le avant de quitter la page.",
        "This document is not kept in this browser: download it before you leave the page.",
    ),
    ("zip", "Télécharger le .zip", "Download the .zip"),
];

/// The reply to a request for any of it. `is_page_by_page`: the pages of a PDF are to be sent as a file each.
pub(crate) async fn serve(request: &Request, folder: &Folder, is_page_by_page: bool) -> Option<Reply> {
    if request.path() != PATH || !request.is_get() {
        return PDFJS.serve(request, folder).await;
    }
    let lang = request.lang();
    let texts: Map<String, Value> = TEXTS
        .iter()
        .map(|(name, french, english)| ((*name).to_owned(), lang.pick(french, english).to_string().into()))
        .collect();
    let known = json!({
        "pages": PAGES.href(PREFIX),
        "photo": PHOTO.href(PREFIX),
        "figures": FIGURES.href(PREFIX),
        "zip": ZIP.href(PREFIX),
        "pdfjs": PDFJS.is_in(folder).then(|| PDFJS.href()),
        "byPage": is_page_by_page,
        "texts": texts,
    });
    Some(Reply::json(StatusCode::OK, &known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdf_js_is_offered_and_served_only_in_the_pinned_version() {
        let path = std::env::temp_dir().join(format!("atelier-ocr-pdfjs-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("pdf.min.mjs.gz"), b"x").unwrap();
        let folder = Folder::new(&path);
        let get = |path: &str| web::testing::run(serve(&Request::test("GET", path), &folder, false));
        let offered =
            || -> Value { serde_json::from_slice(get(PATH).unwrap().body.whole().unwrap()).unwrap() };
        let file = format!("{}/pdf.min.mjs", PDFJS.href());
        for pinned in [&b"{}"[..], PDFJS.pinned.1] {
            std::fs::write(path.join("pdfjs.json"), pinned).unwrap();
            let is_there = pinned != b"{}";
            assert_eq!(offered()["pdfjs"].is_string(), is_there);
            assert_eq!(get(&file).is_some(), is_there);
        }
        assert_eq!(get(&file).unwrap().headers["content-encoding"], "gzip");
        assert!(get("/ocr").is_none() && get(&format!("{}/pdfjs.json", PDFJS.href())).is_none());
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_scripts_use_every_text_and_ask_at_this_path() {
        let scripts = concat!(
            include_str!("../assets/pages.js"),
            include_str!("../assets/figures.js"),
            include_str!("../assets/sending.js"),
            include_str!("../assets/result.js")
        );
        let (_, french, english) = TEXTS.iter().find(|(name, ..)| *name == "long").unwrap();
        assert!([french, english].iter().all(|text| text.contains(&crate::pdf::PAGES_MAX.to_string())));
        for (name, ..) in TEXTS {
            assert!(scripts.contains(&format!("words.{name}")), "{name}");
        }
        assert!(include_str!("../assets/conversion.js").contains(&format!("fetch(\"{PATH}\"")));
    }
}
