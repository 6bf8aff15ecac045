//! Gets the transcription of one document from the models: which question goes to which model, and what follows when
//! an answer is refused, cut or missing. What is asked page by page is in `page_by_page`.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use latex::Finding;

use crate::attempt::{Attempt, Question, Shown, attempt};
use crate::charge::Charge;
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::error::UpstreamError;
use crate::gemini::prompt;
use crate::gemini::reply::Finish;
use crate::gemini::request::Part;
use crate::gemini::retry::{Situation, Step, next_step};
use crate::page_range::PageRange;
use crate::ports::ConversionPorts;
use crate::settings::GeminiSettings;
use crate::upload::Form;
use crate::warning::Warning;

/// From the first question to the last answer.
pub(crate) const MODEL_TIME_MAX: Duration = Duration::from_secs(170);
/// How often the rest of a long answer is asked for. Five answers of 65,536 tokens are some 150 dense pages.
const CONTINUATIONS_MAX: u32 = 4;

/// What the models answered, before any repair. No `Debug`: it is the user's document.
pub(crate) struct Transcript {
    pub raw: String,
    /// The model ended the document by itself.
    pub stopped: bool,
    pub model: String,
    /// Its name in the settings.
    pub asked: String,
    pub simulated: bool,
    pub warnings: Vec<Warning>,
}

/// Asks the models about one document.
pub(crate) struct Transcriber<'a, P> {
    pub(crate) ports: &'a P,
    settings: &'a GeminiSettings,
    pub(crate) document: &'a [Part],
    /// Each file is a page of a PDF.
    pub(crate) are_pdf_pages: bool,
    pub(crate) pages: Option<u32>,
    /// The only pages that are asked for.
    pub(crate) range: Option<&'a PageRange>,
    charge: &'a Charge<'a, P>,
    /// On the clock of the ports.
    deadline: Duration,
    /// The first of the models that is asked; never goes back within a document.
    model: Cell<usize>,
    simulated: Cell<bool>,
    /// The number of the model whose text the document is, and its version.
    pub(crate) answered_by: RefCell<(usize, String)>,
}

impl<'a, P: ConversionPorts> Transcriber<'a, P> {
    pub(crate) fn new(
        ports: &'a P,
        settings: &'a GeminiSettings,
        (document, form): (&'a [Part], Form),
        pages: Option<u32>,
        range: Option<&'a PageRange>,
        charge: &'a Charge<'a, P>,
    ) -> Self {
        let deadline = ports.elapsed() + MODEL_TIME_MAX;
        Self {
            ports,
            settings,
            document,
            are_pdf_pages: form == Form::PdfPages,
            pages,
            range,
            charge,
            deadline,
            model: Cell::new(0),
            simulated: Cell::new(false),
            answered_by: RefCell::default(),
        }
    }

    /// Transcribes the document.
    pub(crate) async fn transcribe(self) -> Result<Transcript, Failure> {
        // Several files: each is a page. Those of a PDF have its numbers, which a model that sees them together does not know.
        if self.are_pdf_pages || self.settings.is_page_by_page() && self.document.len() > 1 {
            return self.page_by_page(String::new()).await;
        }
        let mut first = self.ask_whole().await?;
        if first.end == Ok(Finish::Recitation) && self.next_model() {
            // The same model would refuse again.
            self.ports.emit(Event::Restart(String::new())).await?;
            first = self.ask_whole().await?;
        }
        match first.end {
            Ok(Finish::Stop) => self.whole(first.text).await,
            Ok(Finish::Recitation) => self.page_by_page(first.text).await,
            Ok(Finish::Blocked(reason)) if first.text.is_empty() => Err(Failure::Blocked(reason)),
            Ok(Finish::Blocked(_) | Finish::Other(_)) => self.checked(first.text, false, Vec::new()),
            Ok(Finish::MaxTokens) | Err(_) => self.continued(first).await,
        }
    }

    /// An answer that ended by itself. If it is no document, the next model is asked once.
    async fn whole(self, text: String) -> Result<Transcript, Failure> {
        if latex::is_document(&text) {
            return Ok(self.transcript(text, true, Vec::new()));
        }
        if !self.next_model() {
            return Err(Failure::NoDocument);
        }
        self.ports.emit(Event::Restart(String::new())).await?;
        let second = self.ask_whole().await?;
        if second.is_refused() || second.text.trim().is_empty() {
            return Err(Failure::NoDocument);
        }
        self.continued(second).await
    }

    /// The document of a cut answer and its rest.
    async fn continued(self, first: Attempt) -> Result<Transcript, Failure> {
        let question = |lines: &str| prompt::rest_after(lines, self.range);
        let (answer, certain) = self.with_rest(self.document, first, Shown::Text, &question).await?;
        if answer.text.trim().is_empty() {
            return Err(Failure::NoText("the output limit was reached without any text".to_owned()));
        }
        let stopped = answer.is_whole();
        self.answered_by.replace((answer.number, answer.model));
        let warnings = if certain { Vec::new() } else { vec![Finding::UncertainSeam.into()] };
        self.checked(answer.text, stopped, warnings)
    }

    /// Asks for the rest of a cut answer until the model ends it, and says whether every seam is certain. Without an answer
    /// to that, it stays the part that has arrived. `question` is made from its last lines.
    pub(crate) async fn with_rest(
        &self,
        document: &[Part],
        mut answer: Attempt,
        shown: Shown<'_>,
        question: &dyn Fn(&str) -> String,
    ) -> Result<(Attempt, bool), Failure> {
        let mut certain = true;
        for _ in 0..CONTINUATIONS_MAX {
            if !answer.is_cut() || latex::loops(&answer.text) || self.remaining().is_zero() {
                break;
            }
            let complete = latex::complete_lines(&answer.text);
            if complete.trim().is_empty() {
                break;
            }
            let whole = matches!(shown, Shown::Text);
            if whole {
                self.ports.emit(Event::Restart(complete.to_owned())).await?;
            }
            self.ports.emit(Event::Continuing).await?;
            let question = question(&latex::context(complete));
            let mut rest = match self.ask(document, &question, shown, answer.number).await {
                Ok(rest) => rest,
                Err(failure @ (Failure::ClientDisconnected | Failure::Denied(_))) => return Err(failure),
                Err(_) => break,
            };
            // A refusal in prose is no part of the document.
            if !latex::continues(complete, &rest.text) {
                break;
            }
            // Of a page, whose number is known, a marker at the seam would only hide lines that stand on both sides.
            if !whole {
                rest.text = latex::without_markers(&rest.text);
            }
            if rest.text.trim().is_empty() {
                rest.text = answer.text;
            } else {
                let joined = latex::join(&answer.text, &rest.text, rest.is_whole());
                certain &= joined.certain;
                rest.text = joined.text;
            }
            answer = rest;
        }
        Ok((answer, certain))
    }

    async fn ask_whole(&self) -> Result<Attempt, Failure> {
        self.ask_about_all(&prompt::whole(self.range)).await
    }

    async fn ask_about_all(&self, text: &str) -> Result<Attempt, Failure> {
        let answer = self.ask(self.document, text, Shown::Text, self.model.get()).await?;
        self.model.set(answer.number);
        self.answered_by.replace((answer.number, answer.model.clone()));
        Ok(answer)
    }

    /// Asks until there is an answer, with retries, from the model with this number on. A failure means that no text arrived.
    pub(crate) async fn ask(
        &self,
        document: &[Part],
        text: &str,
        shown: Shown<'_>,
        mut number: usize,
    ) -> Result<Attempt, Failure> {
        let mut tries = 0;
        loop {
            if number < self.model.get() {
                (number, tries) = (self.model.get(), 0);
            }
            let Some(model) = self.settings.models().get(number).cloned() else {
                return Err(Failure::Refused("no model left".to_owned()));
            };
            if self.remaining().is_zero() {
                return Err(Failure::TimedOut);
            }
            self.ports.emit(Event::Model(model.clone())).await?;
            tries += 1;
            let question = Question { model: &model, document, text, deadline: self.deadline, shown };
            let mut answer = attempt(self.ports, self.settings, &question, self.charge).await?;
            let failure = match answer.end {
                Err(failure) if answer.text.is_empty() => failure,
                Ok(finish) if answer.text.is_empty() && !finish.is_refusal() => {
                    UpstreamError::NoText(format!("no text, {finish:?}"))
                }
                _ => {
                    self.simulated.set(self.simulated.get() || answer.simulated);
                    answer.number = number;
                    if answer.model.is_empty() {
                        answer.model = model;
                    }
                    return Ok(answer);
                }
            };
            let situation = Situation {
                tries,
                has_next_model: self.has_model(number + 1),
                remaining: self.remaining(),
                jitter: self.ports.jitter(),
            };
            match next_step(&failure, situation) {
                Step::GiveUp => return Err(failure.into()),
                Step::NextModel => {
                    (number, tries) = (number + 1, 0);
                    if failure.is_of_the_model() {
                        self.model.set(self.model.get().max(number));
                    }
                }
                Step::Again(wait) => {
                    self.ports.emit(Event::Waiting { seconds: wait.as_secs() }).await?;
                    self.ports.sleep(wait).await;
                }
            }
        }
    }

    fn next_model(&self) -> bool {
        let next = self.model.get() + 1;
        let more = self.has_model(next);
        if more {
            self.model.set(next);
        }
        more
    }

    pub(crate) fn has_model(&self, number: usize) -> bool {
        number < self.settings.models().len()
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_sub(self.ports.elapsed())
    }

    pub(crate) fn checked(
        self,
        raw: String,
        stopped: bool,
        warnings: Vec<Warning>,
    ) -> Result<Transcript, Failure> {
        if latex::is_document(&raw) {
            Ok(self.transcript(raw, stopped, warnings))
        } else {
            Err(Failure::NoDocument)
        }
    }

    fn transcript(self, raw: String, stopped: bool, mut warnings: Vec<Warning>) -> Transcript {
        let (number, model) = self.answered_by.into_inner();
        if number > 0 {
            warnings.push(Warning::OtherModel { model: model.clone(), pages: Vec::new() });
        }
        let asked = self.settings.models().get(number).cloned().unwrap_or_default();
        Transcript { raw, stopped, model, asked, simulated: self.simulated.get(), warnings }
    }
}
