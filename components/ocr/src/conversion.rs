//! One conversion: a PDF in, a LaTeX document out, and the reservation that pays for it.

use auth_api::{ReservationId, Settlement};
use serde_json::{Value, json};
use web::{Clock, IncomingBody, Lang};

use crate::error::Failure;
use crate::events::Event;
use crate::gemini::request::Document;
use crate::intake::{Received, receive};
use crate::pdf;
use crate::ports::ConversionPorts;
use crate::settings::GeminiSettings;
use crate::stored_file::{delete, wait_until_active};
use crate::transcribe::{Transcriber, Transcript};
use crate::upload::{FileName, Upload};
use crate::warning::Warning;

/// A finished conversion. No `Debug`: it is the user's document.
pub struct Conversion {
    pub latex: String,
    /// Made from `latex`.
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

/// Whether auth knows the outcome; if not, the cause, for the log.
pub type Settled = Result<(), String>;

/// Pages that are reserved before anything is read, so that a user without quota does not upload 50 MB to learn it.
const PAGES_FIRST: u32 = 1;

/// Converts one upload. Reserves its pages and settles the reservation, whatever the outcome. After a failure nothing
/// was charged and nothing is stored anywhere.
pub async fn convert<P: ConversionPorts, B: IncomingBody, C: Clock>(
    ports: &P,
    settings: &GeminiSettings,
    upload: Upload<'_, B, C>,
) -> (Result<Conversion, Failure>, Settled) {
    let id = match ports.reserve(PAGES_FIRST).await {
        Ok(id) => id,
        Err(denied) => return (Err(denied.into()), Ok(())),
    };
    let outcome = convert_reserved(ports, settings, upload, &id).await;
    let settlement = match &outcome {
        Ok(_) => Settlement::Delivered { response: None },
        Err(failure) => Settlement::NotDelivered { reason: failure.reason() },
    };
    let settled = ports.settle(&id, &settlement).await;
    (outcome, settled.map_err(|denied| format!("{denied:?}")))
}

async fn convert_reserved<P: ConversionPorts, B: IncomingBody, C: Clock>(
    ports: &P,
    settings: &GeminiSettings,
    upload: Upload<'_, B, C>,
    id: &ReservationId,
) -> Result<Conversion, Failure> {
    let received = receive(ports, settings, upload).await?;
    let outcome = transcribe(ports, settings, &received, id).await;
    delete(ports, settings, &received.document).await;
    let (transcript, pages_charged) = outcome?;
    Ok(conversion(received, transcript, pages_charged))
}

/// The rest of the price is reserved first: a document that the quota does not cover never reaches a model. Returns
/// the pages that are reserved, too.
async fn transcribe<P: ConversionPorts>(
    ports: &P,
    settings: &GeminiSettings,
    received: &Received,
    id: &ReservationId,
) -> Result<(Transcript, u32), Failure> {
    let pages = received.file.facts.pages;
    let price = pdf::price(pages, received.file.bytes);
    if price > PAGES_FIRST {
        ports.extend(id, price - PAGES_FIRST).await?;
    }
    ports.emit(Event::Accepted { pages, bytes: received.file.bytes }).await?;
    if let (Document::Stored(file), false) = (&received.document, received.ready) {
        wait_until_active(ports, settings, file).await?;
    }
    let transcript = Transcriber::new(ports, settings, &received.document, pages).transcribe().await?;
    Ok((transcript, price))
}

/// Repairs and checks the transcript, and collects the warnings, those about missing parts first.
fn conversion(received: Received, transcript: Transcript, pages_charged: u32) -> Conversion {
    let finished = latex::finish(&transcript.raw, transcript.stopped);
    let mut warnings = transcript.warnings;
    warnings.extend(finished.findings.into_iter().map(Warning::from));
    if received.file.facts.pages.is_none() {
        warnings.push(Warning::PagesUnknown);
    }
    if !received.file.facts.ends_cleanly {
        warnings.push(Warning::OddEnd);
    }
    let (mut warnings, others): (Vec<_>, Vec<_>) = warnings.into_iter().partition(Warning::is_incomplete);
    let complete = warnings.is_empty();
    warnings.extend(others);
    Conversion {
        markdown: latex::markdown::from_latex(&finished.latex, complete),
        latex: finished.latex,
        pages: received.file.facts.pages,
        pages_charged,
        warnings,
        model: transcript.model,
        simulated: transcript.simulated,
        file: received.file.name,
    }
}

impl Conversion {
    /// No part of the PDF is known to be missing.
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
