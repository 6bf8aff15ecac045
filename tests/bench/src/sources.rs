//! Documents and spoilt answers as files, for what sends them to the built converter.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::defects::DEFECTS;
use crate::generator::{Document, documents};
use crate::public;
use crate::random::Random;

const MADE: usize = 60;

/// Writes `made/*.tex`, `public/*.tex` and `spoilt/*.json`, one for each class, into the folder. What was fetched comes first.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, fetched: &Path) -> Result<()> {
    let made = documents(MADE);
    put(&folder.join("made"), &made)?;
    let public = public::origins(fetched).into_iter().flat_map(|origin| origin.documents);
    put(&folder.join("public"), &public.collect::<Vec<_>>())?;
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
    // Those of another run would be read too.
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    for (number, document) in documents.iter().enumerate() {
        let name = document.name.trim_end_matches(".tex");
        std::fs::write(folder.join(format!("{number:03}-{name}.tex")), &document.latex)?;
    }
    Ok(())
}
