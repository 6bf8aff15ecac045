//! What a conversion costs. Our own count of the pages is the reservation, and what Gemini says that it read decides:
//! when it read more, the difference is reserved before anything more is delivered; when the count was only an estimate
//! and it read less, the difference is given back (docs/adr/0027-limits-on-cost.md).

use std::cell::{Cell, RefCell};

use auth_api::{Denied, Refund, ReservationId, Settlement};

use crate::error::Failure;
use crate::gemini::request::Part;
use crate::page_range::PageRange;
use crate::pdf;
use crate::ports::ConversionPorts;
use crate::upload::{Form, UploadedFile};

/// What one page of a PDF takes, in tokens, at the resolution that [`crate::gemini::request`] asks for. Models before
/// Gemini 3 take 258, so for them fewer pages are found than were read.
pub(crate) const TOKENS_PER_PAGE: u64 = 560;
/// Pages that are reserved before anything is read, so that a user without quota does not upload 50 MB to learn it.
pub(crate) const PAGES_FIRST: u32 = 1;
/// As many pages that are only read cost one. Reading takes 560 tokens, writing a page 1,000 and more, each at six times
/// the price of one that is read or above.
pub(crate) const PAGES_READ_PER_PAGE: u32 = 10;
/// The most pages that a model reads (Gemini API, document understanding). More are not believed.
const PAGES_READ_MAX: u32 = 1000;

/// The reservation of one conversion.
pub(crate) struct Charge<'a, P> {
    ports: &'a P,
    id: ReservationId,
    reserved: Cell<u32>,
    count: Cell<Count>,
    read: Cell<u32>,
    /// What was read beyond the files of a question, by where these are.
    beyond: RefCell<Vec<((usize, usize), u32)>>,
    /// Of the pages, only as many are to be transcribed.
    selected: Cell<Option<u32>>,
    model_called: Cell<bool>,
    /// Gemini read more pages than the user has left.
    exceeded: Cell<bool>,
}

/// How much our own number of pages is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// Each picture is one, whatever it takes.
    Pictures,
    /// From a PDF, which may have more.
    Pdf,
    /// Each file is one: what Gemini reads beyond the files that it was sent is more.
    PdfPages,
    /// From the size of a PDF whose pages could not be counted.
    Estimate,
}

impl<'a, P: ConversionPorts> Charge<'a, P> {
    /// Reserves the first page.
    ///
    /// # Errors
    /// See [`Denied`].
    pub(crate) async fn new(ports: &'a P) -> Result<Self, Denied> {
        let id = ports.reserve(PAGES_FIRST).await?;
        Ok(Self {
            ports,
            id,
            reserved: Cell::new(PAGES_FIRST),
            count: Cell::new(Count::Pdf),
            read: Cell::new(0),
            beyond: RefCell::default(),
            selected: Cell::new(None),
            model_called: Cell::new(false),
            exceeded: Cell::new(false),
        })
    }

    /// Reserves the rest of the price: a document that the quota does not cover never reaches a model.
    ///
    /// # Errors
    /// See [`Denied`].
    pub(crate) async fn reserve(&self, file: &UploadedFile) -> Result<(), Denied> {
        let pages = file.facts.pages;
        self.count.set(match pages {
            _ if file.form == Form::Pictures => Count::Pictures,
            _ if file.form == Form::PdfPages => Count::PdfPages,
            Some(_) => Count::Pdf,
            None => Count::Estimate,
        });
        self.selected.set(file.range.as_ref().map(PageRange::count));
        self.extend_to(self.price(pdf::price(pages, file.bytes))).await
    }

    /// What a document with this many pages costs: all of them, or those that are selected and a tenth of the others,
    /// which are read too (docs/adr/0033).
    fn price(&self, pages: u32) -> u32 {
        match self.selected.get() {
            Some(selected) if selected < pages => selected + (pages - selected).div_ceil(PAGES_READ_PER_PAGE),
            _ => pages,
        }
    }

    /// A model has been sent the document, so it may have to be paid.
    pub(crate) fn model_was_called(&self) {
        self.model_called.set(true);
    }

    /// A model says how many tokens the document took, of which it was sent these files.
    ///
    /// # Errors
    /// [`Denied::QuotaExhausted`] when that is more pages than the user has left.
    pub(crate) async fn document_read(&self, tokens: u64, files: &[Part]) -> Result<(), Denied> {
        if self.count.get() == Count::Pictures {
            return Ok(());
        }
        let pages = u32::try_from(tokens / TOKENS_PER_PAGE).unwrap_or(PAGES_READ_MAX).min(PAGES_READ_MAX);
        self.read.set(self.read.get().max(pages));
        let extended = match self.count.get() {
            Count::PdfPages => {
                let beyond = pages.saturating_sub(u32::try_from(files.len()).unwrap_or(u32::MAX));
                self.extend_to(self.reserved.get() + self.growth(files, beyond)).await
            }
            _ => self.extend_to(self.price(pages)).await,
        };
        if let Err(Denied::QuotaExhausted { .. } | Denied::CeilingReached { .. }) = extended {
            self.exceeded.set(true);
        }
        extended
    }

    /// How much more than before is `beyond`: every event of an answer says it, and so does the answer to another try.
    fn growth(&self, files: &[Part], beyond: u32) -> u32 {
        let place = (files.as_ptr().addr(), files.len());
        let mut known = self.beyond.borrow_mut();
        let Some((_, most)) = known.iter_mut().find(|(other, _)| *other == place) else {
            known.push((place, beyond));
            return beyond;
        };
        let growth = beyond.saturating_sub(*most);
        *most += growth;
        growth
    }

    async fn extend_to(&self, pages: u32) -> Result<(), Denied> {
        let missing = pages.saturating_sub(self.reserved.get());
        if missing == 0 {
            return Ok(());
        }
        // Before it is sure: another question of this document must not reserve the same pages meanwhile.
        self.reserved.set(pages);
        let extended = self.ports.extend(&self.id, missing).await;
        if extended.is_err() {
            self.reserved.set(self.reserved.get().saturating_sub(missing));
        }
        extended.map(|_| ())
    }

    /// The pages that a delivered document costs; never more than are reserved.
    pub(crate) fn pages(&self) -> u32 {
        let (reserved, read) = (self.reserved.get(), self.read.get());
        if self.count.get() == Count::Estimate && read > 0 {
            self.price(read).min(reserved)
        } else {
            reserved
        }
    }

    /// Reports the outcome, `None` when the document is delivered. A document with more pages than the user could pay was read all the same, so what is
    /// reserved stays spent.
    ///
    /// # Errors
    /// The cause, for the log, when auth does not know the outcome.
    pub(crate) async fn settle(&self, failure: Option<&Failure>) -> Result<Refund, String> {
        let settlement = match failure {
            Some(failure) if !self.exceeded.get() => Settlement::NotDelivered {
                reason: failure.reason(),
                upstream_called: self.model_called.get(),
            },
            _ => {
                let pages = self.pages();
                let amount = (pages < self.reserved.get()).then_some(pages);
                Settlement::Delivered { response: None, amount }
            }
        };
        let settled = self.ports.settle(&self.id, &settlement).await;
        settled.map_err(|denied| format!("{denied:?}"))
    }

    /// Whether a failure leaves the user's pages spent.
    pub(crate) fn stays_spent(&self, settled: &Result<Refund, String>) -> bool {
        self.exceeded.get() || *settled != Ok(Refund::AsAsked)
    }
}
