//! Reads the files of an upload and checks them as they pass. Keeps none of them.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use web::{BodyReader, Clock, IncomingBody, Work};

use super::error::UploadError;
use super::filename::FileName;
use super::multipart::{Event, Malformed, Scanner};
use crate::media::Media;
use crate::page_range::PageRange;
use crate::pdf::scan::INFLATED_BYTES_MAX;
use crate::pdf::{Facts, PAGES_MAX, Scan};
use crate::picture::{PICTURES_MAX, PictureCheck};

/// All files of an upload together, in bytes: the most that Gemini takes as a PDF.
pub const UPLOAD_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// More blanks before a file are not read.
const BLANKS_MAX: usize = 1024;
/// The delimiters and headers of the form around the files, in bytes.
const ENVELOPE_BYTES_MAX: u64 = 16 * 1024;
/// For the whole upload: 50 MB at 1.7 Mbit/s.
pub(crate) const UPLOAD_TIME_MAX: Duration = Duration::from_secs(240);
/// Between two chunks of the upload.
pub(crate) const BETWEEN_BYTES_TIME: Duration = Duration::from_secs(30);

/// A request that may hold files.
pub struct Upload<'a, B, C> {
    pub content_type: &'a str,
    pub body: &'a mut BodyReader<B, C>,
    /// The client has opened the PDF without a password: it is encrypted against changes only.
    pub opens: bool,
}

/// What is known of a document that has been read to its end and may be converted: one PDF, the PDFs of its pages, or
/// their pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// Of the first file.
    pub name: FileName,
    pub bytes: u64,
    pub facts: Facts,
    pub form: Form,
    /// The only pages that are to be converted; never more than there are. Of a document whose pages are files, the numbers
    /// of these pages.
    pub range: Option<PageRange>,
}

/// In which form a document was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Pdf,
    /// Each page is a PDF of its own.
    PdfPages,
    /// Each page is a picture.
    Pictures,
}

pub struct UploadReader<'a, B, C, K> {
    clock: &'a K,
    started: Duration,
    upload: Upload<'a, B, C>,
    body_bytes: u64,
    scanner: Scanner,
    /// Of the next file, when its part has begun: its name, and whether it is a page.
    next_file: Option<(String, bool)>,
    /// Of the file that is being read.
    name: FileName,
    /// Its first bytes, until they are returned.
    head: Bytes,
    check: Option<Check>,
    first_name: Option<FileName>,
    files: u32,
    /// Of the first file, and so of all.
    form: Form,
    /// Of all files so far.
    bytes: u64,
    /// Of the PDF that was read.
    pdf: Option<Facts>,
    /// To how many bytes the object streams of all PDFs may still inflate.
    budget: u64,
    range: Option<PageRange>,
}

enum Check {
    Pdf(Box<Scan>),
    Picture(PictureCheck),
}

impl<'a, B: IncomingBody, C: Clock, K: Clock> UploadReader<'a, B, C, K> {
    /// # Errors
    /// See [`UploadError`]: what the head of the request shows.
    pub fn new(clock: &'a K, upload: Upload<'a, B, C>) -> Result<Self, UploadError> {
        let scanner = Scanner::new(upload.content_type)?;
        if upload.body.content_length().is_some_and(|length| length > UPLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX) {
            return Err(UploadError::TooLarge);
        }
        Ok(Self {
            clock,
            started: clock.elapsed(),
            upload,
            body_bytes: 0,
            scanner,
            next_file: None,
            name: FileName::parse(""),
            head: Bytes::new(),
            check: None,
            first_name: None,
            files: 0,
            form: Form::Pictures,
            bytes: 0,
            pdf: None,
            budget: INFLATED_BYTES_MAX,
            range: None,
        })
    }

    /// Begins the next file; `None` when the form has ended as it should.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn next_file(&mut self) -> Result<Option<Media>, UploadError> {
        let (name, is_page) = loop {
            if let Some(next) = self.next_file.take() {
                break next;
            }
            match self.event().await? {
                Some(Event::File { name, is_page }) => self.next_file = Some((name, is_page)),
                Some(Event::Pages { text }) if !text.trim().is_empty() => {
                    self.range = Some(PageRange::parse(&text).ok_or(UploadError::PageRange)?);
                }
                Some(_) => {}
                None => return Ok(None),
            }
        };
        self.name = FileName::parse(&name);
        let mut head = BytesMut::new();
        let mut blanks = 0;
        while head.len() < Media::HEAD_BYTES {
            match self.event().await? {
                Some(Event::Data(bytes)) if blanks < BLANKS_MAX => {
                    head.extend_from_slice(&bytes);
                    let before = Media::blanks_before(&head);
                    blanks += before;
                    head.advance(before);
                }
                _ => return Err(UploadError::NotUsable(self.name.clone())),
            }
        }
        let media = Media::of(&head).ok_or_else(|| UploadError::NotUsable(self.name.clone()))?;
        let form = match media {
            Media::Pdf if is_page => Form::PdfPages,
            Media::Pdf => Form::Pdf,
            _ if is_page => return Err(UploadError::NotUsable(self.name.clone())),
            _ => Form::Pictures,
        };
        if form == Form::Pictures && self.range.is_some() {
            return Err(UploadError::PageRangeOfPictures);
        }
        if self.files > 0 && (form != self.form || form == Form::Pdf) {
            return Err(UploadError::PdfNotAlone(self.name.clone()));
        }
        self.form = form;
        if self.files == PICTURES_MAX {
            return Err(UploadError::TooManyPictures);
        }
        self.files += 1;
        self.first_name.get_or_insert_with(|| self.name.clone());
        self.check = Some(match media {
            Media::Pdf => Check::Pdf(Box::new(Scan::within(self.budget))),
            _ => Check::Picture(PictureCheck::new(media)),
        });
        self.head = head.freeze();
        Ok(Some(media))
    }

    /// The next bytes of the file; `None` at its end, when it may be converted.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        let bytes = match std::mem::take(&mut self.head) {
            head if !head.is_empty() => head,
            _ => match self.event().await? {
                Some(Event::Data(bytes)) => bytes,
                other => {
                    self.end()?;
                    if let Some(Event::File { name, is_page }) = other {
                        self.next_file = Some((name, is_page));
                        if self.form == Form::Pdf {
                            return Err(UploadError::PdfNotAlone(self.name.clone()));
                        }
                    }
                    return Ok(None);
                }
            },
        };
        self.bytes += bytes.len() as u64;
        if self.bytes > UPLOAD_BYTES_MAX {
            return Err(UploadError::TooLarge);
        }
        match &mut self.check {
            Some(Check::Pdf(scan)) => {
                // The limits of an upload end it.
                let work = Work::new(self.clock, Duration::MAX);
                let mut read = scan.step(&bytes);
                while let Some(left) = bytes.get(read..).filter(|left| !left.is_empty()) {
                    let _ = work.give_way().await;
                    read += scan.step(left);
                }
            }
            Some(Check::Picture(check)) => check.push(&bytes).map_err(|cause| self.broken(cause))?,
            None => {}
        }
        Ok(Some(bytes))
    }

    /// The next event of the form; `None` when the body has ended.
    async fn event(&mut self) -> Result<Option<Event>, UploadError> {
        loop {
            if self.clock.elapsed().saturating_sub(self.started) > UPLOAD_TIME_MAX {
                return Err(UploadError::TooSlow);
            }
            if let Some(event) = self.scanner.next_event()? {
                return Ok(Some(event));
            }
            let Some(chunk) = self.upload.body.chunk(BETWEEN_BYTES_TIME).await? else {
                self.scanner.finish()?;
                return Ok(None);
            };
            self.body_bytes += chunk.len() as u64;
            self.scanner.push(&chunk);
        }
    }

    /// What only the end of a file shows.
    fn end(&mut self) -> Result<(), UploadError> {
        match self.check.take() {
            Some(Check::Pdf(scan)) => {
                self.budget = scan.budget();
                let facts = scan.finish();
                if facts.encrypted && !self.upload.opens {
                    return Err(UploadError::Protected);
                }
                if !facts.ends {
                    return Err(UploadError::Unreadable("no %%EOF"));
                }
                if self.form == Form::PdfPages {
                    return self.end_page(facts);
                }
                if let Some(pages) = facts.pages.filter(|pages| *pages > PAGES_MAX) {
                    return Err(UploadError::TooManyPages(pages));
                }
                if let (Some(range), Some(pages)) = (&self.range, facts.pages)
                    && range.last() > pages
                {
                    return Err(UploadError::PageRangeBeyond(pages));
                }
                self.pdf = Some(facts);
                Ok(())
            }
            Some(Check::Picture(check)) => check.finish().map_err(|cause| self.broken(cause)),
            None => Ok(()),
        }
    }

    /// A page is counted as one, so it has to be one.
    fn end_page(&mut self, facts: Facts) -> Result<(), UploadError> {
        if facts.pages != Some(1) {
            return Err(UploadError::Unreadable("not one page"));
        }
        let ends_cleanly = facts.ends_cleanly && self.pdf.as_ref().is_none_or(|before| before.ends_cleanly);
        self.pdf = Some(Facts { pages: Some(self.files), ends_cleanly, ..facts });
        Ok(())
    }

    fn broken(&self, cause: &'static str) -> UploadError {
        UploadError::BrokenPicture { name: self.name.clone(), cause }
    }

    /// The file's length in bytes, when no other file may follow, and the request has a `Content-Length` and ends like the
    /// forms of browsers and curl.
    #[must_use]
    pub fn expected_bytes(&self) -> Option<u64> {
        if self.form != Form::Pdf {
            return None;
        }
        let bytes_to_come = self.upload.body.content_length()?.checked_sub(self.body_bytes)?;
        Some(self.bytes + self.scanner.file_bytes_left(bytes_to_come)?)
    }

    /// Whether the file has the length that was announced to Google, if one was.
    ///
    /// # Errors
    /// [`Malformed::Length`].
    pub fn check_length(&self, announced: Option<u64>) -> Result<(), UploadError> {
        match announced {
            Some(announced) if announced != self.bytes => Err(Malformed::Length.into()),
            _ => Ok(()),
        }
    }

    /// What is known of the whole document, after the last file.
    ///
    /// # Errors
    /// [`UploadError::PageRangeBeyond`] when the pages that came as files are not as many as are named.
    pub fn finish(self) -> Result<UploadedFile, UploadError> {
        if self.form == Form::PdfPages && self.range.as_ref().is_some_and(|range| range.count() != self.files)
        {
            return Err(UploadError::PageRangeBeyond(self.files));
        }
        let of_pictures =
            || Facts { pages: Some(self.files), encrypted: false, ends: true, ends_cleanly: true };
        Ok(UploadedFile {
            name: self.first_name.unwrap_or(self.name),
            bytes: self.bytes,
            facts: self.pdf.unwrap_or_else(of_pictures),
            form: self.form,
            range: self.range,
        })
    }
}
