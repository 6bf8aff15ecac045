//! Reads an upload: checks it as it passes, keeps a window of it, and decides where it goes.
//!
//! A file that fits into the window stays in memory and travels inside the requests. A larger one is stored at
//! Google, chunk by chunk, while it arrives; the window is then the chunk (docs/adr/0010).

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Event, FileName, Malformed, Scanner};
use crate::error::Failure;
use crate::gemini::files::FileState;
use crate::gemini::request::{Document, StoredFile};
use crate::gemini::settings::Settings;
use crate::pdf::{Facts, MAGIC, PAGES_MAX, Scan};
use crate::ports::{Body, Edge};
use crate::storage::{Storage, discard};

/// The largest file: the most that Gemini takes as a PDF.
pub const UPLOAD_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// The most that is held of a file, and the largest file that is not stored at Google. A multiple of the 256 KiB
/// that the Files API counts in.
pub const WINDOW_BYTES: usize = 4 * 1024 * 1024;
/// What a form may weigh around the file.
const ENVELOPE_BYTES_MAX: u64 = 16 * 1024;
/// For the whole upload: 50 MB at 1.7 Mbit/s.
pub const UPLOAD_TIME_MAX: Duration = Duration::from_secs(240);

/// A request that may hold a file.
#[derive(Debug)]
pub struct Upload<B> {
    pub content_type: String,
    pub content_length: Option<u64>,
    pub body: B,
}

impl<B> Upload<B> {
    /// The same upload, with its body lent.
    pub fn by_ref(&mut self) -> Upload<&mut B> {
        Upload {
            content_type: self.content_type.clone(),
            content_length: self.content_length,
            body: &mut self.body,
        }
    }
}

/// A PDF that may be sent to a model.
#[derive(Debug)]
pub struct Received {
    pub name: FileName,
    pub bytes: u64,
    pub facts: Facts,
    pub document: Document,
    /// A stored document may have to be waited for.
    pub ready: bool,
}

/// Reads the whole upload. On failure nothing of it is left anywhere.
pub async fn receive<E: Edge, B: Body>(
    edge: &E,
    settings: &Settings,
    upload: Upload<B>,
) -> Result<Received, Failure> {
    let mut reader = Reader::new(edge, upload)?;
    let mut window = BytesMut::new();
    // One byte more than the window tells a larger file from one that just fits.
    while window.len() <= WINDOW_BYTES {
        match reader.next().await? {
            Some(bytes) => window.extend_from_slice(&bytes),
            None => return reader.finish(Document::Inline(window.freeze())),
        }
    }
    reader.announced = reader.expected_bytes();
    let mut storage = Storage::open(edge, settings, reader.announced).await?;
    let (file, state) = match pass_on(&mut reader, &mut storage, window).await {
        Ok(stored) => stored,
        Err(failure) => {
            storage.cancel().await;
            return Err(failure);
        }
    };
    let document = Document::Stored(file);
    match reader.finish(document.clone()) {
        Ok(received) => Ok(Received { ready: state == FileState::Active, ..received }),
        Err(failure) => {
            discard(edge, settings, &document).await;
            Err(failure)
        }
    }
}

async fn pass_on<E: Edge, B: Body>(
    reader: &mut Reader<'_, E, B>,
    storage: &mut Storage<'_, E>,
    mut window: BytesMut,
) -> Result<(StoredFile, FileState), Failure> {
    loop {
        while window.len() > WINDOW_BYTES {
            let rest = BytesMut::from(window.get(WINDOW_BYTES..).unwrap_or_default());
            window.truncate(WINDOW_BYTES);
            storage.append(window.freeze()).await?;
            window = rest;
        }
        match reader.next().await? {
            Some(bytes) => window.extend_from_slice(&bytes),
            // Google was told a length: a form that ended in another way than forms do has another one.
            None if reader.announced.is_some_and(|announced| announced != reader.bytes) => {
                return Err(Malformed::Length.into());
            }
            None => return storage.complete(window.freeze()).await,
        }
    }
}

struct Reader<'a, E, B> {
    edge: &'a E,
    started: Duration,
    content_length: Option<u64>,
    body: B,
    body_bytes: u64,
    scanner: Scanner,
    scan: Scan,
    head: Vec<u8>,
    bytes: u64,
    /// The file's length as Google was told.
    announced: Option<u64>,
    name: FileName,
}

impl<'a, E: Edge, B: Body> Reader<'a, E, B> {
    fn new(edge: &'a E, upload: Upload<B>) -> Result<Self, Failure> {
        let scanner = Scanner::new(&upload.content_type)?;
        if upload.content_length.is_some_and(|length| length > UPLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX) {
            return Err(Failure::TooLarge);
        }
        Ok(Self {
            edge,
            started: edge.elapsed(),
            content_length: upload.content_length,
            body: upload.body,
            body_bytes: 0,
            scanner,
            scan: Scan::default(),
            head: Vec::new(),
            bytes: 0,
            announced: None,
            name: FileName::parse(""),
        })
    }

    /// The next bytes of the file; `None` when the form has ended as it should.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.scanner.next_event()? {
                Some(Event::File { name }) => self.name = FileName::parse(&name),
                Some(Event::Data(bytes)) if bytes.is_empty() => {}
                Some(Event::Data(bytes)) => {
                    self.check(&bytes)?;
                    return Ok(Some(bytes));
                }
                Some(Event::End) => {}
                None => match self.body.chunk().await? {
                    Some(chunk) => {
                        if self.edge.elapsed().saturating_sub(self.started) > UPLOAD_TIME_MAX {
                            return Err(Failure::TooSlow);
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

    fn check(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes += bytes.len() as u64;
        if self.bytes > UPLOAD_BYTES_MAX {
            return Err(Failure::TooLarge);
        }
        if self.head.len() < MAGIC.len() {
            self.head.extend(bytes.iter().take(MAGIC.len() - self.head.len()));
            if !MAGIC.starts_with(&self.head) {
                return Err(Failure::NotPdf);
            }
        }
        self.scan.push(bytes);
        Ok(())
    }

    /// The file's length, when the request says how long it is and ends as browsers and curl end it.
    fn expected_bytes(&self) -> Option<u64> {
        let bytes_to_come = self.content_length?.checked_sub(self.body_bytes)?;
        Some(self.bytes + self.scanner.file_bytes_left(bytes_to_come)?)
    }

    fn finish(&mut self, document: Document) -> Result<Received, Failure> {
        if self.head != MAGIC {
            return Err(Failure::NotPdf);
        }
        let facts = std::mem::take(&mut self.scan).finish();
        if facts.encrypted {
            return Err(Failure::Protected);
        }
        if !facts.ends {
            return Err(Failure::Unreadable("no %%EOF".to_owned()));
        }
        match facts.pages {
            Some(pages) if pages > PAGES_MAX => Err(Failure::TooManyPages(pages)),
            _ => Ok(Received { name: self.name.clone(), bytes: self.bytes, facts, document, ready: true }),
        }
    }
}
