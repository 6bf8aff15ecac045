//! `ocr-bench FOLDER RECORD DATE [DOCUMENTS [SPOILT]]`: measures, prints the figures as JSON, and writes them with their
//! page into the folder RECORD; FOLDER keeps what was compiled. `ocr-bench markdown RECORD` measures only the Markdown, which
//! needs no TeX. `ocr-bench sources FOLDER` writes the documents and spoilt answers that tests/bench/tracks sends.

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

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut text = || args.next().context("usage: ocr-bench FOLDER RECORD DATE [DOCUMENTS [SPOILT]]");
    let folder = text()?;
    if folder == "sources" {
        return sources::write(Path::new(&text()?));
    }
    if folder == "markdown" {
        return markdown_again(Path::new(&text()?));
    }
    let (record, date) = (text()?, text()?);
    let mut number = |default| args.next().map_or(Ok(default), |text| text.parse::<usize>());
    let (count, spoilt) = (number(DOCUMENTS)?, number(SPOILT)?);
    let tex = Tex::new(Path::new(&folder))?;
    let made = generator::documents(count);
    eprintln!("Compiling {} documents that were made here.", made.len());
    let compiling = compiling(&tex, made)?;
    eprintln!("Compiling the documents of others.");
    let public = self::compiling(&tex, public::documents())?;
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
        "documents": {"made": count, "made_compile": compiling.len(), "public_compile": public.len(), "spoilt": few.len()},
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
