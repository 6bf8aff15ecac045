//! The use case: a PDF in, a LaTeX document out. Read it from top to bottom.

use serde_json::{Value, json};
use web::Lang;

use crate::error::Failure;
use crate::events::Event;
use crate::gemini::request::Document;
use crate::gemini::settings::Settings;
use crate::pdf;
use crate::ports::{Body, Edge};
use crate::storage::{discard, wait_until_active};
use crate::transcribe::{Desk, Transcript};
use crate::upload::{FileName, Received, Upload, receive};
use crate::warning::Warning;

/// A finished conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    pub latex: String,
    /// The same, made from `latex`.
    pub markdown: String,
    /// `None`: could not be read from the PDF.
    pub pages: Option<u32>,
    /// Taken from the daily quota.
    pub pages_charged: u32,
    pub warnings: Vec<Warning>,
    /// The version that answered.
    pub model: String,
    /// The answer comes from a local mock, not from Google.
    pub simulated: bool,
    pub file: FileName,
}

/// Converts one upload. Charges its pages, and gives them back when nothing is delivered.
///
/// # Errors
/// See [`Failure`]. Then nothing was charged and nothing is kept anywhere.
pub async fn convert<E: Edge, B: Body>(
    edge: &E,
    settings: &Settings,
    upload: Upload<B>,
) -> Result<Conversion, Failure> {
    // One page before anything is read: who has none left need not upload 50 MB to learn it.
    edge.spend(1).await?;
    let mut charged = 1;
    let outcome = charged_convert(edge, settings, upload, &mut charged).await;
    if outcome.is_err() {
        edge.refund(charged).await;
    }
    outcome
}

async fn charged_convert<E: Edge, B: Body>(
    edge: &E,
    settings: &Settings,
    upload: Upload<B>,
    charged: &mut u32,
) -> Result<Conversion, Failure> {
    let received = receive(edge, settings, upload).await?;
    let outcome = transcribe(edge, settings, &received, charged).await;
    discard(edge, settings, &received.document).await;
    let transcript = outcome?;

    let finished = latex::finish(&transcript.raw, transcript.stopped);
    let mut warnings = transcript.warnings;
    warnings.extend(finished.findings.into_iter().map(Warning::from));
    if received.facts.pages.is_none() {
        warnings.push(Warning::PagesUnknown);
    }
    if !received.facts.ends_cleanly {
        warnings.push(Warning::OddEnd);
    }
    warnings.sort_by_key(|warning| !warning.is_incomplete());
    let complete = !warnings.iter().any(Warning::is_incomplete);
    Ok(Conversion {
        markdown: latex::markdown::from_latex(&finished.latex, complete),
        latex: finished.latex,
        pages: received.facts.pages,
        pages_charged: *charged,
        warnings,
        model: transcript.model,
        simulated: transcript.simulated,
        file: received.name,
    })
}

/// The rest of the price first: a document that the quota does not cover never reaches a model.
async fn transcribe<E: Edge>(
    edge: &E,
    settings: &Settings,
    received: &Received,
    charged: &mut u32,
) -> Result<Transcript, Failure> {
    let price = pdf::price(received.facts.pages, received.bytes);
    if price > *charged {
        edge.spend(price - *charged).await?;
        *charged = price;
    }
    edge.tell(Event::Accepted { pages: received.facts.pages, bytes: received.bytes }).await?;
    if let (Document::Stored(file), false) = (&received.document, received.ready) {
        wait_until_active(edge, settings, file).await?;
    }
    Desk::new(edge, settings, &received.document, received.facts.pages).transcribe().await
}

impl Conversion {
    /// Nothing of the PDF is known to be missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.warnings.iter().any(Warning::is_incomplete)
    }

    /// The JSON form (openapi/ocr.yaml, `Conversion`).
    #[must_use]
    pub fn to_json(&self, lang: Lang, request_id: &str) -> Value {
        let warnings: Vec<Value> = self
            .warnings
            .iter()
            .map(|warning| {
                json!({
                    "code": warning.code(),
                    "text": warning.text().get(lang),
                    "line": warning.line(),
                    "incomplete": warning.is_incomplete(),
                })
            })
            .collect();
        json!({
            "latex": self.latex,
            "markdown": self.markdown,
            "complete": self.is_complete(),
            "pages": self.pages,
            "pages_charged": self.pages_charged,
            "warnings": warnings,
            "model": self.model,
            "simulated": self.simulated,
            "file": self.file.as_str(),
            "tex_file": self.file.tex(),
            "markdown_file": self.file.markdown(),
            "request_id": request_id,
        })
    }
}
