//! `ocr-bench FOLDER FETCHED RECORD DATE [DOCUMENTS [SPOILT]]`: measures, prints the figures as JSON, and writes them with
//! their page into the folder RECORD; FOLDER keeps what was compiled, FETCHED has public documents. `ocr-bench markdown RECORD`
//! measures only the Markdown, which needs no TeX. `ocr-bench sources FOLDER FETCHED` writes the documents and spoilt answers
//! that tests/bench/tracks sends.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bench::generator::{self, Document};
use bench::measure;
use bench::tex::Tex;
use bench::{OFFLINE_CUTS, OFFLINE_DOCUMENTS, markdown, public, report, sources};
use serde_json::{Value, json};

/// Documents that are made; as many are spoilt in each way as `--spoilt` says.
const DOCUMENTS: usize = 120;
const SPOILT: usize = 12;
const CUTS: usize = 5;

/// What of Debian's TeX Live the documents need.
const TEX: &str = "texlive-latex-extra texlive-plain-generic texlive-science texlive-pictures texlive-lang-french \
                   texlive-fonts-recommended";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut text = || args.next().context("usage: ocr-bench FOLDER FETCHED RECORD DATE [DOCUMENTS [SPOILT]]");
    let folder = text()?;
    if folder == "sources" {
        return sources::write(Path::new(&text()?), Path::new(&text()?));
    }
    if folder == "markdown" {
        return markdown_again(Path::new(&text()?));
    }
    let (fetched, record, date) = (text()?, text()?, text()?);
    let mut number = |default| args.next().map_or(Ok(default), |text| text.parse::<usize>());
    let (count, spoilt) = (number(DOCUMENTS)?, number(SPOILT)?);
    let tex = Tex::new(Path::new(&folder))?;
    let made = generator::documents(count);
    eprintln!("Compiling {} documents that were made here.", made.len());
    let compiling = compiling(&tex, made)?;
    ensure!(
        compiling.len() * 10 >= count * 9,
        "only {} of {count} documents that are made to compile do so: this TeX lacks packages, and nothing is recorded. \
         `apt-get install {TEX}` brings them",
        compiling.len()
    );
    eprintln!("Compiling the documents of others.");
    let (mut public, mut origins) = (Vec::new(), serde_json::Map::new());
    for origin in public::origins(Path::new(&fetched)) {
        let good = self::compiling(&tex, origin.documents)?;
        origins.insert(origin.name, json!(good.len()));
        public.extend(good);
    }
    let (made_clean, public_clean) = (measure::clean(&compiling), measure::clean(&public));
    for warned in made_clean.warned.iter().chain(&public_clean.warned) {
        eprintln!("  {warned}");
    }
    eprintln!("Putting defects into {spoilt} of them, and compiling what is delivered.");
    let few = compiling.get(..spoilt.min(compiling.len())).unwrap_or_default();
    let (classes, compiled) = measure::defects(few, Some(&tex))?;
    let seams = measure::seams(&compiling, CUTS);
    let public_seams = measure::seams(&public, CUTS);
    eprintln!("Comparing with pandoc.");
    let markdown = markdown(&compiling)?;
    let figures = json!({
        "documents": {"made": count, "made_compile": compiling.len(), "public_compile": public.len(), "public_origins": origins, "spoilt": few.len()},
        "clean": {"made": report::clean(&made_clean), "public": report::clean(&public_clean)},
        "defects": report::classes(&classes),
        "compiled": report::compiled(&compiled),
        "seams": report::classes(&seams),
        "public_seams": report::classes(&public_seams),
        "markdown": markdown,
    });
    let model = "none: the answers are played back";
    let made = generator::documents(OFFLINE_DOCUMENTS);
    let offline = json!({
        "clean": report::clean(&measure::clean(&made)),
        "defects": report::classes(&measure::defects(&made, None)?.0),
        "seams": report::classes(&measure::seams(&made, OFFLINE_CUTS)),
        "markdown": report::markdown(&markdown::ours(&made)),
    });
    let figures = json!({"date": date, "model": model, "offline": offline, "measured": figures});
    write(Path::new(&record), &figures)
}

fn markdown(documents: &[Document]) -> Result<Value> {
    let (ours, pandoc) = markdown::compare(documents)?;
    Ok(json!({"ours": report::markdown(&ours), "pandoc": report::markdown(&pandoc)}))
}

/// Of the recorded documents; which of them compile is known only where all do.
fn markdown_again(record: &Path) -> Result<()> {
    let mut figures: Value = serde_json::from_slice(&std::fs::read(record.join("ocr.json"))?)?;
    let documents = &figures["measured"]["documents"];
    ensure!(
        documents["made"] == documents["made_compile"],
        "some documents do not compile: this needs a TeX"
    );
    let count = documents["made"].as_u64().and_then(|count| usize::try_from(count).ok());
    figures["measured"]["markdown"] = markdown(&generator::documents(count.context("no documents")?))?;
    let offline = markdown::ours(&generator::documents(OFFLINE_DOCUMENTS));
    figures["offline"]["markdown"] = report::markdown(&offline);
    write(record, &figures)
}

fn write(record: &Path, figures: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(figures)? + "\n";
    std::fs::write(record.join("ocr.json"), &text)?;
    std::fs::write(record.join("ocr.md"), report::page(figures))?;
    print!("{text}");
    Ok(())
}

fn compiling(tex: &Tex, documents: Vec<Document>) -> Result<Vec<Document>> {
    let sources: Vec<&str> = documents.iter().map(|document| document.latex.as_str()).collect();
    tex.compile_all(&sources)?;
    let (good, bad): (Vec<Document>, Vec<Document>) =
        documents.into_iter().partition(|document| tex.error(&document.latex).is_none());
    for document in bad.iter().take(12) {
        eprintln!("  {} does not compile: {}", document.name, tex.error(&document.latex).unwrap_or_default());
    }
    Ok(good)
}
