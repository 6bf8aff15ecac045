//! Gets the transcription of one document from the models: which question goes to which model, and what follows when
//! an answer is refused, cut or missing.

use std::time::Duration;

use latex::Finding;

use crate::attempt::{Attempt, Question, attempt};
use crate::charge::Charge;
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::error::UpstreamError;
use crate::gemini::prompt;
use crate::gemini::reply::Finish;
use crate::gemini::request::{Part, are_pictures};
use crate::gemini::retry::{Situation, Step, next_step};
use crate::page_range::PageRange;
use crate::ports::ConversionPorts;
use crate::settings::GeminiSettings;
use crate::warning::Warning;

/// From the first question to the last answer.
pub(crate) const MODEL_TIME_MAX: Duration = Duration::from_secs(170);
/// How often the rest of a long answer is asked for. Five answers of 65,536 tokens are some 150 dense pages.
const CONTINUATIONS_MAX: u32 = 4;
/// A refused document with more pages is not tried page by page: each page sends the document again.
const PAGES_ONE_BY_ONE_MAX: usize = 20;

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
    ports: &'a P,
    settings: &'a GeminiSettings,
    document: &'a [Part],
    pages: Option<u32>,
    /// The only pages that are asked for.
    range: Option<&'a PageRange>,
    charge: &'a Charge<'a, P>,
    /// On the clock of the ports.
    deadline: Duration,
    /// Which of the models is asked; never goes back within a document.
    model: usize,
    simulated: bool,
    answered_by: String,
}

impl<'a, P: ConversionPorts> Transcriber<'a, P> {
    pub(crate) fn new(
        ports: &'a P,
        settings: &'a GeminiSettings,
        document: &'a [Part],
        pages: Option<u32>,
        range: Option<&'a PageRange>,
        charge: &'a Charge<'a, P>,
    ) -> Self {
        let deadline = ports.elapsed() + MODEL_TIME_MAX;
        Self {
            ports,
            settings,
            document,
            pages,
            range,
            charge,
            deadline,
            model: 0,
            simulated: false,
            answered_by: String::new(),
        }
    }

    /// Transcribes the document.
    pub(crate) async fn transcribe(mut self) -> Result<Transcript, Failure> {
        if self.settings.is_page_by_page() && self.document.len() > 1 && are_pictures(self.document) {
            return self.page_by_page(String::new()).await;
        }
        let mut first = self.ask(&prompt::whole(self.range)).await?;
        if first.end == Ok(Finish::Recitation) && self.next_model() {
            // The same model would refuse again.
            self.ports.emit(Event::Restart(String::new())).await?;
            first = self.ask(&prompt::whole(self.range)).await?;
        }
        match first.end {
            Ok(Finish::Stop) => self.whole(first.text).await,
            Ok(Finish::Recitation) => self.page_by_page(first.text).await,
            Ok(Finish::Blocked(reason)) if first.text.is_empty() => Err(Failure::Blocked(reason)),
            Ok(Finish::MaxTokens) | Err(_) => self.continued(first.text).await,
            Ok(Finish::Blocked(_) | Finish::Other(_)) => self.checked(first.text, false, Vec::new()),
        }
    }

    /// An answer that ended by itself. If it is no document, the next model is asked once.
    async fn whole(mut self, text: String) -> Result<Transcript, Failure> {
        if latex::is_document(&text) {
            return Ok(self.transcript(text, true, Vec::new()));
        }
        if !self.next_model() {
            return Err(Failure::NoDocument);
        }
        self.ports.emit(Event::Restart(String::new())).await?;
        match self.ask(&prompt::whole(self.range)).await?.into_text() {
            Some((text, true)) => self.checked(text, true, Vec::new()),
            Some((text, false)) => self.continued(text).await,
            None => Err(Failure::NoDocument),
        }
    }

    /// Asks for the rest of a cut answer until the model ends the document.
    async fn continued(mut self, mut raw: String) -> Result<Transcript, Failure> {
        let mut warnings = Vec::new();
        let mut stopped = false;
        for _ in 0..CONTINUATIONS_MAX {
            if latex::loops(&raw) || self.remaining().is_zero() {
                break;
            }
            let complete = latex::complete_lines(&raw).to_owned();
            if complete.trim().is_empty() {
                break;
            }
            self.ports.emit(Event::Restart(complete.clone())).await?;
            self.ports.emit(Event::Continuing).await?;
            // Without an answer, the part that has arrived is delivered, marked as cut.
            let Some(rest) =
                self.ask_for_more(&prompt::rest_after(&latex::context(&complete), self.range)).await?
            else {
                break;
            };
            if rest.text.trim().is_empty() {
                stopped = rest.end == Ok(Finish::Stop);
                break;
            }
            stopped = rest.end == Ok(Finish::Stop);
            let joined = latex::join(&raw, &rest.text, stopped);
            if !joined.certain {
                warnings.push(Finding::UncertainSeam.into());
            }
            raw = joined.text;
            if !matches!(rest.end, Ok(Finish::MaxTokens) | Err(_)) {
                break;
            }
        }
        if raw.trim().is_empty() {
            return Err(Failure::NoText("the output limit was reached without any text".to_owned()));
        }
        self.checked(raw, stopped, warnings)
    }

    /// Asks for each page by itself when the whole document was refused, so that only the refused pages are missing.
    async fn page_by_page(mut self, partial: String) -> Result<Transcript, Failure> {
        let pages = match self.pages.map(|pages| PageRange::or_all(self.range, pages)) {
            Some(pages) if pages.len() <= PAGES_ONE_BY_ONE_MAX => pages,
            _ if partial.trim().is_empty() => return Err(Failure::Blocked("RECITATION".to_owned())),
            _ => return self.checked(partial, false, Vec::new()),
        };
        self.ports.emit(Event::Restart(String::new())).await?;
        let mut body = String::new();
        let mut warnings = Vec::new();
        let mut transcribed = 0;
        let document = self.document;
        // A picture is a page, and can be sent alone.
        let alone = are_pictures(document);
        let last = pages.last().copied().unwrap_or_default();
        for (page, picture) in pages.into_iter().zip(document.chunks(1).cycle()) {
            self.ports.emit(Event::Page { page, pages: last }).await?;
            self.document = picture;
            let answer = match self.remaining().is_zero() {
                true => None,
                false => self.ask_for_more(&prompt::only_page(page, alone)).await?,
            };
            let refused = answer
                .as_ref()
                .is_some_and(|answer| matches!(&answer.end, Ok(finish) if finish.is_refusal()));
            let text = answer
                .filter(|answer| {
                    matches!(answer.end, Ok(Finish::Stop | Finish::MaxTokens | Finish::Other(_)))
                })
                .filter(|answer| latex::is_transcription(&answer.text))
                .map(|answer| latex::body(&answer.text));
            body.push_str(&format!("% page {page}\n"));
            match text {
                // A blank page is no failure: the check of the pages names it.
                Some(text) => {
                    transcribed += 1;
                    body.push_str(latex::without_markers(&text).trim());
                }
                None => {
                    warnings.push(match refused {
                        true => Warning::PageRefused { page },
                        false => Warning::PageFailed { page },
                    });
                    body.push_str(&format!("\\textit{{[Page {page} non transcrite.]}}"));
                }
            }
            body.push_str("\n\n");
            self.ports.emit(Event::Restart(body.clone())).await?;
        }
        if transcribed == 0 {
            return Err(Failure::Blocked("RECITATION on every page".to_owned()));
        }
        self.checked(latex::wrap(&body), true, warnings)
    }

    /// Asks for a further part of a document; `None` when that part is not to be had.
    ///
    /// # Errors
    /// What ends the whole conversion: the client has disconnected, or auth denies what the document costs.
    async fn ask_for_more(&mut self, text: &str) -> Result<Option<Attempt>, Failure> {
        match self.ask(text).await {
            Err(failure @ (Failure::ClientDisconnected | Failure::Denied(_))) => Err(failure),
            outcome => Ok(outcome.ok()),
        }
    }

    /// Asks until there is an answer, with retries and other models. A failure means that no text arrived.
    async fn ask(&mut self, text: &str) -> Result<Attempt, Failure> {
        let mut tries = 0;
        loop {
            let Some(model) = self.settings.models().get(self.model).cloned() else {
                return Err(Failure::Refused("no model left".to_owned()));
            };
            if self.remaining().is_zero() {
                return Err(Failure::TimedOut);
            }
            self.ports.emit(Event::Model(model.clone())).await?;
            tries += 1;
            let question = Question {
                model: &model,
                document: self.document,
                text,
                deadline: self.deadline,
                shown: true,
            };
            let answer = attempt(self.ports, self.settings, &question, self.charge).await?;
            let failure = match answer.end {
                Err(failure) if answer.text.is_empty() => failure,
                Ok(finish) if answer.text.is_empty() && !finish.is_refusal() => {
                    UpstreamError::NoText(format!("no text, {finish:?}"))
                }
                _ => {
                    self.simulated |= answer.simulated;
                    self.answered_by = answer.model.clone().unwrap_or(model);
                    return Ok(answer);
                }
            };
            let situation = Situation {
                tries,
                has_next_model: self.model + 1 < self.settings.models().len(),
                remaining: self.remaining(),
                jitter: self.ports.jitter(),
            };
            match next_step(&failure, situation) {
                Step::GiveUp => return Err(failure.into()),
                Step::NextModel => {
                    self.next_model();
                    tries = 0;
                }
                Step::Again(wait) => {
                    self.ports.emit(Event::Waiting { seconds: wait.as_secs() }).await?;
                    self.ports.sleep(wait).await;
                }
            }
        }
    }

    fn next_model(&mut self) -> bool {
        let more = self.model + 1 < self.settings.models().len();
        self.model += usize::from(more);
        more
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_sub(self.ports.elapsed())
    }

    fn checked(self, raw: String, stopped: bool, warnings: Vec<Warning>) -> Result<Transcript, Failure> {
        if latex::is_document(&raw) {
            Ok(self.transcript(raw, stopped, warnings))
        } else {
            Err(Failure::NoDocument)
        }
    }

    fn transcript(self, raw: String, stopped: bool, mut warnings: Vec<Warning>) -> Transcript {
        if self.model > 0 {
            warnings.push(Warning::OtherModel { model: self.answered_by.clone() });
        }
        let asked = self.settings.models().get(self.model).cloned().unwrap_or_default();
        Transcript { raw, stopped, model: self.answered_by, asked, simulated: self.simulated, warnings }
    }
}
