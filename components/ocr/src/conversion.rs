//! One conversion: a PDF or pictures in, a LaTeX document out, and the reservation that pays for it.

use std::time::Duration;

use auth_api::Refund;
use latex::markdown::Document;
use latex::{Figure, Finished};
use serde_json::{Value, json};
use web::{Clock, IncomingBody, Lang, TooLong, Work};

use crate::charge::Charge;
use crate::compile::{Compiled, compile};
use crate::error::Failure;
use crate::events::Event;
use crate::intake::{Received, receive};
use crate::page_range::PageRange;
use crate::ports::ConversionPorts;
use crate::settings::GeminiSettings;
use crate::stored_file::{delete, wait_until_active};
use crate::transcribe::{Transcriber, Transcript};
use crate::upload::{FileName, Upload};
use crate::warning::Warning;

/// A finished conversion. No `Debug`: it is the user's document.
pub struct Conversion {
    pub latex: String,
    /// Made from `latex`, like the Markdown.
    pub document: Document,
    pub markdown: String,
    /// The boxes with words whose figure has its place on a page that was asked for.
    pub figures: Vec<PlacedFigure>,
    /// `None`: could not be read from the PDF.
    pub pages: Option<u32>,
    /// Taken from the daily quota.
    pub pages_charged: u32,
    pub warnings: Vec<Warning>,
    /// What pdflatex said; `None`: nothing was compiled.
    pub compiles: Option<bool>,
    /// The version that answered.
    pub model: String,
    /// The answer comes from a local mock, not from Google.
    pub simulated: bool,
    pub file: FileName,
}

/// A box with words, and the figure that it stands for.
pub struct PlacedFigure {
    pub place: Figure,
    /// The box as it stands in the LaTeX.
    pub source: String,
    /// How often the same stands before it.
    pub before: usize,
    /// Its words as Markdown.
    pub words: String,
}

/// What auth did with the settlement; if that is not known, the cause, for the log.
pub type Settled = Result<Refund, String>;

/// Converts one upload. Reserves its pages and settles the reservation, whatever the outcome. After a failure nothing
/// is stored anywhere, and [`Failure::Charged`] says so if the pages stay spent.
pub async fn convert<P: ConversionPorts, B: IncomingBody, C: Clock>(
    ports: &P,
    settings: &GeminiSettings,
    upload: Upload<'_, B, C>,
) -> (Result<Conversion, Failure>, Settled) {
    let charge = match Charge::new(ports).await {
        Ok(charge) => charge,
        Err(denied) => return (Err(denied.into()), Ok(Refund::AsAsked)),
    };
    let outcome = convert_reserved(ports, settings, upload, &charge).await;
    let settled = charge.settle(outcome.as_ref().err()).await;
    match outcome {
        Err(failure) if charge.stays_spent(&settled) => (Err(Failure::Charged(Box::new(failure))), settled),
        outcome => (outcome, settled),
    }
}

async fn convert_reserved<P: ConversionPorts, B: IncomingBody, C: Clock>(
    ports: &P,
    settings: &GeminiSettings,
    upload: Upload<'_, B, C>,
    charge: &Charge<'_, P>,
) -> Result<Conversion, Failure> {
    let received = receive(ports, settings, upload).await?;
    let outcome = transcribe(ports, settings, &received, charge).await;
    delete(ports, settings, &received.document).await;
    let transcript = outcome?;
    // What has been answered, and may be paid, is delivered however long that takes.
    let work = || Work::new(ports, Duration::MAX);
    let finished = finished(&transcript.raw, transcript.stopped, &work()).await?;
    let compiled = compile(ports, settings, charge, finished, &transcript.asked).await?;
    conversion(&work(), received, transcript, compiled, charge.pages()).await
}

/// The rest of the price is reserved first.
async fn transcribe<P: ConversionPorts>(
    ports: &P,
    settings: &GeminiSettings,
    received: &Received,
    charge: &Charge<'_, P>,
) -> Result<Transcript, Failure> {
    let pages = received.file.facts.pages;
    charge.reserve(&received.file).await?;
    ports.emit(Event::Accepted { pages, bytes: received.file.bytes }).await?;
    wait_until_active(ports, settings, &received.pending).await?;
    let range = received.file.range.as_ref();
    let document = (received.document.as_slice(), received.file.form);
    Transcriber::new(ports, settings, document, pages, range, charge).transcribe().await
}

/// Checks the pages, and collects the warnings, those about missing parts first.
async fn conversion(
    work: &Work<'_, impl Clock>,
    received: Received,
    transcript: Transcript,
    Compiled { finished, compiles, warning }: Compiled,
    pages_charged: u32,
) -> Result<Conversion, Failure> {
    let mut warnings = transcript.warnings;
    warnings.extend(warning);
    let file = &received.file;
    let due = file.facts.pages.map(|pages| PageRange::or_all(file.range.as_ref(), pages));
    let pages = latex::check_pages(&finished.latex, due.as_deref());
    warnings.extend(pages.into_iter().chain(finished.findings).map(Warning::from));
    if received.file.facts.pages.is_none() {
        warnings.push(Warning::PagesUnknown);
    }
    if !received.file.facts.ends_cleanly {
        warnings.push(Warning::OddEnd);
    }
    let (mut warnings, others): (Vec<_>, Vec<_>) = warnings.into_iter().partition(Warning::is_incomplete);
    let complete = warnings.is_empty();
    warnings.extend(others);
    let (document, markdown) = rendered(&finished.latex, complete, work).await?;
    Ok(Conversion {
        markdown,
        document,
        figures: placed(&finished.latex, &finished.figures, due.as_deref()),
        latex: finished.latex,
        pages: received.file.facts.pages,
        pages_charged,
        warnings,
        compiles,
        model: transcript.model,
        simulated: transcript.simulated,
        file: received.file.name,
    })
}

/// [`latex::finish`] in its steps.
pub(crate) async fn finished(
    raw: &str,
    stopped_by_itself: bool,
    work: &Work<'_, impl Clock>,
) -> Result<Finished, TooLong> {
    let mut finishing = latex::assemble(raw, stopped_by_itself);
    loop {
        work.give_way().await?;
        if !finishing.step() {
            return Ok(finishing.finished());
        }
    }
}

/// A finished document as blocks and as Markdown; the page after them is a step like these.
pub(crate) async fn rendered(
    latex: &str,
    complete: bool,
    work: &Work<'_, impl Clock>,
) -> Result<(Document, String), TooLong> {
    let document = Document::from_latex(latex, complete);
    work.give_way().await?;
    let markdown = document.to_markdown();
    work.give_way().await?;
    Ok((document, markdown))
}

/// `due`: the pages that were asked for, in order, if they are known.
fn placed(latex: &str, figures: &[Figure], due: Option<&[u32]>) -> Vec<PlacedFigure> {
    let boxes = if figures.is_empty() { Vec::new() } else { latex::figure_boxes(latex) };
    let is_due = |figure: &&Figure| due.is_none_or(|due| due.binary_search(&figure.page).is_ok());
    let placed = figures.iter().filter(is_due).filter_map(|figure| {
        let (at, source) = *boxes.get(figure.index)?;
        let words = latex::markdown::from_latex(source, true).trim_end().to_owned();
        let before = latex.get(..at).unwrap_or_default().matches(source).count();
        Some(PlacedFigure { place: *figure, source: source.to_owned(), before, words })
    });
    placed.collect()
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
                    "repair": warning.is_repair(),
                })
            })
            .collect();
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|PlacedFigure { place, source, before, words }| {
                json!({
                    "page": place.page,
                    "box": place.area,
                    "source": source,
                    "before": before,
                    "words": words,
                })
            })
            .collect();
        json!({
            "latex": self.latex,
            "markdown": self.markdown,
            "complete": self.is_complete(),
            "pages": self.pages,
            "pages_charged": self.pages_charged,
            "figures": figures,
            "warnings": warnings,
            "compiles": self.compiles,
            "model": self.model,
            "simulated": self.simulated,
            "file": self.file.as_str(),
            "tex_file": self.file.tex(),
            "markdown_file": self.file.markdown(),
            "request_id": request_id,
        })
    }
}
