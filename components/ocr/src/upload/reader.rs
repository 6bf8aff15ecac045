//! Reads the file of an upload and checks it as it passes. Keeps none of it.

use std::time::Duration;

use bytes::Bytes;
use web::{BodyReader, Clock, IncomingBody};

use super::error::UploadError;
use super::filename::FileName;
use super::multipart::{Event, Malformed, Scanner};
use crate::pdf::{Facts, MAGIC, PAGES_MAX, Scan};

/// The largest file, in bytes: the most that Gemini takes as a PDF.
pub const UPLOAD_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// The delimiters and headers of the form around the file, in bytes.
const ENVELOPE_BYTES_MAX: u64 = 16 * 1024;
/// For the whole upload: 50 MB at 1.7 Mbit/s.
pub(crate) const UPLOAD_TIME_MAX: Duration = Duration::from_secs(240);
/// Between two chunks of the upload.
pub(crate) const BETWEEN_BYTES_TIME: Duration = Duration::from_secs(30);

/// A request that may hold a file.
pub struct Upload<'a, B, C> {
    pub content_type: &'a str,
    pub body: &'a mut BodyReader<B, C>,
}

/// What is known of a file that has been read to its end and may be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    pub name: FileName,
    pub bytes: u64,
    pub facts: Facts,
}

pub struct UploadReader<'a, B, C, K> {
    clock: &'a K,
    started: Duration,
    upload: Upload<'a, B, C>,
    body_bytes: u64,
    scanner: Scanner,
    scan: Scan,
    /// The first bytes of the file, as many as [`MAGIC`] has.
    head: Vec<u8>,
    bytes: u64,
    name: FileName,
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
            scan: Scan::default(),
            head: Vec::new(),
            bytes: 0,
            name: FileName::parse(""),
        })
    }

    /// The next bytes of the file; `None` when the form has ended as it should.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        loop {
            match self.scanner.next_event()? {
                Some(Event::File { name }) => self.name = FileName::parse(&name),
                Some(Event::Data(bytes)) if bytes.is_empty() => {}
                Some(Event::Data(bytes)) => {
                    self.check(&bytes)?;
                    return Ok(Some(bytes));
                }
                Some(Event::End) => {}
                None => match self.upload.body.chunk(BETWEEN_BYTES_TIME).await? {
                    Some(chunk) => {
                        if self.clock.elapsed().saturating_sub(self.started) > UPLOAD_TIME_MAX {
                            return Err(UploadError::TooSlow);
                        }
                        self.body_bytes += chunk.len() as u64;
                        self.scanner.push(&chunk);
                    }
                    None => {
                        self.scanner.finish()?;
                        return Ok(None);
                    }
                },
            }
        }
    }

    fn check(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > UPLOAD_BYTES_MAX {
            return Err(UploadError::TooLarge);
        }
        if self.head.len() < MAGIC.len() {
            self.head.extend(bytes.iter().take(MAGIC.len() - self.head.len()));
            if !MAGIC.starts_with(&self.head) {
                return Err(UploadError::NotPdf);
            }
        }
        self.scan.push(bytes);
        Ok(())
    }

    /// The file's length in bytes, when the request has a `Content-Length` and ends like the forms of browsers and curl.
    #[must_use]
    pub fn expected_bytes(&self) -> Option<u64> {
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

    /// What is known of the whole file.
    ///
    /// # Errors
    /// See [`UploadError`]: what only the end of the file shows.
    pub fn finish(self) -> Result<UploadedFile, UploadError> {
        if self.head != MAGIC {
            return Err(UploadError::NotPdf);
        }
        let facts = self.scan.finish();
        if facts.encrypted {
            return Err(UploadError::Protected);
        }
        if !facts.ends {
            return Err(UploadError::Unreadable("no %%EOF"));
        }
        match facts.pages {
            Some(pages) if pages > PAGES_MAX => Err(UploadError::TooManyPages(pages)),
            _ => Ok(UploadedFile { name: self.name, bytes: self.bytes, facts }),
        }
    }
}
