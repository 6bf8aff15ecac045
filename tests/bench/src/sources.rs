//! Documents and spoilt answers as files, for what sends them to the built converter.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::defects::DEFECTS;
use crate::generator::{Document, documents};
use crate::public;
use crate::random::Random;

const MADE: usize = 60;

/// Writes `made/*.tex`, `public/*.tex` and `spoilt/*.json`, one for each class, into the folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path) -> Result<()> {
    let made = documents(MADE);
    put(&folder.join("made"), &made)?;
    put(&folder.join("public"), &public::documents())?;
    let spoilt = folder.join("spoilt");
    std::fs::create_dir_all(&spoilt)?;
    for defect in DEFECTS {
        let numbered = made.iter().zip(1000..);
        let mut answers = numbered.filter_map(|(document, seed)| {
            Some((document, defect.spoil(document, &mut Random::seeded(seed))?))
        });
        let Some((document, answer)) = answers.next() else { continue };
        let file = spoilt.join(format!("{}.json", defect.name));
        let content = json!({"class": defect.name, "raw": answer.raw, "truth": document.latex});
        std::fs::write(&file, content.to_string()).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

fn put(folder: &Path, documents: &[Document]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, document) in documents.iter().enumerate() {
        let name = document.name.trim_end_matches(".tex");
        std::fs::write(folder.join(format!("{number:03}-{name}.tex")), &document.latex)?;
    }
    Ok(())
}
