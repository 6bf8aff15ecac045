//! Asks about each page of a document by itself: where the operator wants it, and when the whole was refused, so that only
//! the refused pages are missing. Some pages are asked about at the same time; they are delivered in order.

use std::cell::{Cell, RefCell};

use futures_util::future::try_join3;
use latex::Finding;

use crate::attempt::{Attempt, Shown};
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::prompt;
use crate::gemini::request::{Part, are_pictures};
use crate::page_range::PageRange;
use crate::ports::ConversionPorts;
use crate::transcribe::{Transcriber, Transcript};
use crate::warning::Warning;

/// A document with more pages is not asked about page by page: there is no time for it, and where the whole was refused,
/// each page sends the document again.
const PAGES_MAX: usize = 20;

/// The pages of one document, and what came of them so far.
struct Pages<'t, 'a, P> {
    transcriber: &'t Transcriber<'a, P>,
    pages: Vec<u32>,
    /// Index of the next page that nobody has asked about.
    next: Cell<usize>,
    /// By index, until the pages before them are delivered.
    answers: RefCell<Vec<Option<Result<Attempt, Failure>>>>,
    delivered: Cell<usize>,
    delivers: Cell<bool>,
    /// Of the pages that are delivered.
    body: RefCell<String>,
    warnings: RefCell<Vec<Warning>>,
    /// For each model: its version, and the pages that it transcribed.
    transcribed: RefCell<Vec<(String, Vec<u32>)>>,
    /// Of a page without an answer.
    failure: RefCell<Option<Failure>>,
}

impl<P: ConversionPorts> Transcriber<'_, P> {
    /// `partial`: what arrived of the whole, if it was asked for.
    pub(crate) async fn page_by_page(self, partial: String) -> Result<Transcript, Failure> {
        let pages = match self.pages.map(|pages| PageRange::or_all(self.range, pages)) {
            Some(pages) if pages.len() <= PAGES_MAX => pages,
            _ if partial.trim().is_empty() => return Err(Failure::Blocked("RECITATION".to_owned())),
            _ => return self.checked(partial, false, Vec::new()),
        };
        self.ports.emit(Event::Restart(String::new())).await?;
        let pages = Pages {
            transcriber: &self,
            answers: RefCell::new(pages.iter().map(|_| None).collect()),
            pages,
            next: Cell::new(0),
            delivered: Cell::new(0),
            delivers: Cell::new(false),
            body: RefCell::default(),
            warnings: RefCell::default(),
            transcribed: RefCell::default(),
            failure: RefCell::default(),
        };
        // Three at once: a request of an upload is one of sixteen of its instance, and Google limits requests per minute.
        try_join3(pages.ask(), pages.ask(), pages.ask()).await?;
        let (body, mut warnings) = (pages.body.take(), pages.warnings.take());
        let mut answered_by = None;
        for (number, (model, pages)) in pages.transcribed.take().into_iter().enumerate() {
            match (pages.is_empty(), &answered_by) {
                (true, _) => {}
                (false, None) => answered_by = Some((number, model)),
                (false, Some(_)) => warnings.push(Warning::OtherModel { model, pages }),
            }
        }
        let Some(answered_by) = answered_by else {
            let refused = || Failure::Blocked("every page".to_owned());
            return Err(pages.failure.take().unwrap_or_else(refused));
        };
        self.answered_by.replace(answered_by);
        self.checked(latex::wrap(&body), true, warnings)
    }
}

impl<P: ConversionPorts> Pages<'_, '_, P> {
    /// Asks about one page after the other, until all have been asked about.
    async fn ask(&self) -> Result<(), Failure> {
        let document = self.transcriber.document;
        // A document of one PDF is sent with each of its pages.
        let alone = document.len() > 1 || are_pictures(document) || self.transcriber.are_pdf_pages;
        loop {
            let index = self.next.get();
            let Some(page) = self.pages.get(index) else { return Ok(()) };
            self.next.set(index + 1);
            let part = document.get(index..=index).filter(|_| alone).unwrap_or(document);
            let answer = self.ask_models(part, *page, alone).await;
            if let Err(failure @ (Failure::ClientDisconnected | Failure::Denied(_))) = answer {
                return Err(failure);
            }
            if let Some(place) = self.answers.borrow_mut().get_mut(index) {
                *place = Some(answer);
            }
            self.deliver().await?;
        }
    }

    /// Asks about a page one model after the other, until one does not refuse; else the longest of what they began.
    async fn ask_models(&self, part: &[Part], page: u32, alone: bool) -> Result<Attempt, Failure> {
        let shown = Shown::Instead(&|| self.progress());
        let question = prompt::only_page(page, alone);
        let mut number = 0;
        let mut begun: Option<Attempt> = None;
        loop {
            let answer = match self.transcriber.ask(part, &question, shown, number).await {
                Ok(answer) if has_text(&answer) && !answer.is_refused() => {
                    return self.with_rest(part, answer, page, alone).await;
                }
                Ok(answer) => answer,
                Err(failure @ (Failure::ClientDisconnected | Failure::Denied(_))) => return Err(failure),
                Err(failure) => {
                    return begun.filter(|begun| has_text(begun) || begun.is_refused()).ok_or(failure);
                }
            };
            number = answer.number + 1;
            // Of two without text, the one that broke off: not every model has refused then.
            let rank = |attempt: &Attempt| {
                (if has_text(attempt) { attempt.text.len() } else { 0 }, attempt.end.is_err())
            };
            let longest = match begun {
                Some(begun) if rank(&begun) >= rank(&answer) => begun,
                _ => answer,
            };
            if !self.transcriber.has_model(number) {
                return Ok(longest);
            }
            begun = Some(longest);
        }
    }

    /// The rest of a page that was cut, as of a whole document.
    async fn with_rest(
        &self,
        part: &[Part],
        mut answer: Attempt,
        page: u32,
        alone: bool,
    ) -> Result<Attempt, Failure> {
        if !answer.is_cut() {
            return Ok(answer);
        }
        answer.text = latex::page_begun(&answer.text);
        let shown = Shown::Instead(&|| self.progress());
        let question = |lines: &str| prompt::rest_of_page(lines, page, alone);
        let (answer, certain) = self.transcriber.with_rest(part, answer, shown, &question).await?;
        let warning = Warning::from(Finding::UncertainSeam);
        let mut warnings = self.warnings.borrow_mut();
        if !certain && !warnings.contains(&warning) {
            warnings.push(warning);
        }
        Ok(answer)
    }

    /// The first page that is not delivered.
    fn progress(&self) -> Event {
        let last = self.pages.last().copied().unwrap_or_default();
        Event::Page { page: self.pages.get(self.delivered.get()).copied().unwrap_or(last), pages: last }
    }

    /// Emits what has its turn; one at a time, so that the order stays.
    async fn deliver(&self) -> Result<(), Failure> {
        if self.delivers.replace(true) {
            return Ok(());
        }
        loop {
            let index = self.delivered.get();
            let Some(answer) = self.answers.borrow_mut().get_mut(index).and_then(Option::take) else { break };
            let page = self.pages.get(index).copied().unwrap_or_default();
            let text = format!("% page {page}\n{}\n\n", self.text(page, answer));
            self.body.borrow_mut().push_str(&text);
            self.delivered.set(index + 1);
            self.transcriber.ports.emit(Event::Latex(text)).await?;
        }
        self.delivers.set(false);
        Ok(())
    }

    /// What stands for a page in the document. A blank page is no failure: the check of the pages names it.
    fn text(&self, page: u32, answer: Result<Attempt, Failure>) -> String {
        let warning = match answer {
            Ok(answer) if has_text(&answer) => {
                let stopped = answer.is_whole();
                let mut transcribed = self.transcribed.borrow_mut();
                while transcribed.len() <= answer.number {
                    transcribed.push(Default::default());
                }
                if let Some((model, pages)) = transcribed.get_mut(answer.number) {
                    *model = answer.model;
                    pages.push(page);
                }
                if !stopped {
                    self.warnings.borrow_mut().push(Warning::PageCut { page });
                }
                return latex::without_markers(&latex::page_body(&answer.text, stopped)).trim().to_owned();
            }
            Ok(answer) if answer.is_refused() => Warning::PageRefused { page },
            Ok(Attempt { end: Err(failure), .. }) => {
                self.failure.replace(Some(failure.into()));
                Warning::PageFailed { page }
            }
            Ok(_) => {
                self.failure.replace(Some(Failure::NoDocument));
                Warning::PageRefused { page }
            }
            Err(failure) => {
                self.failure.replace(Some(failure));
                Warning::PageFailed { page }
            }
        };
        self.warnings.borrow_mut().push(warning);
        format!("\\textit{{[Page {page} non transcrite.]}}")
    }
}

/// Whether an answer has text of its page: one that ended by itself may be that of a blank page.
fn has_text(answer: &Attempt) -> bool {
    latex::is_transcription(&answer.text)
        && (answer.is_whole() || !latex::without_markers(&answer.text).trim().is_empty())
}
