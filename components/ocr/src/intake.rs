//! From an upload to a document that a model can be asked about.
//!
//! What fits into the window stays in memory and is sent inside each request. A file that does not fit is stored at Google
//! chunk by chunk while it arrives; what is left of the window is then the chunk (docs/adr/0010, docs/adr/0030).

use bytes::{Bytes, BytesMut};
use web::{Clock, IncomingBody};

use crate::error::Failure;
use crate::gemini::files::FileState;
use crate::gemini::request::{Document, Part, Source, StoredFile};
use crate::media::Media;
use crate::ports::ConversionPorts;
use crate::settings::GeminiSettings;
use crate::stored_file::{StoredFileWriter, delete};
use crate::upload::{Upload, UploadReader, UploadedFile};

/// The most that is held of all files, and the largest file that is not stored at Google, in bytes. A multiple of 256 KiB,
/// the unit of the Files API.
pub(crate) const WINDOW_BYTES: usize = 4 * 1024 * 1024;
/// The smallest chunk, held beyond a window that is full of smaller pictures. A multiple of 256 KiB too.
pub(crate) const CHUNK_BYTES_MIN: usize = 1024 * 1024;
const CHUNK_UNIT_BYTES: usize = 256 * 1024;

/// A document that may be sent to a model.
pub(crate) struct Received {
    pub file: UploadedFile,
    pub document: Document,
    /// Stored files that Google has yet to prepare.
    pub pending: Vec<StoredFile>,
}

/// Reads the whole upload. After a failure nothing of it is stored anywhere.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn receive<P: ConversionPorts, B: IncomingBody, C: Clock>(
    ports: &P,
    settings: &GeminiSettings,
    upload: Upload<'_, B, C>,
) -> Result<Received, Failure> {
    let mut intake =
        Intake { ports, settings, reader: UploadReader::new(ports, upload)?, held: 0, pending: Vec::new() };
    let mut document = Document::new();
    let read = intake.read_all(&mut document).await;
    match read.and_then(|()| Ok(intake.reader.finish()?)) {
        Ok(file) => Ok(Received { file, document, pending: intake.pending }),
        Err(failure) => {
            delete(ports, settings, &document).await;
            Err(failure)
        }
    }
}

struct Intake<'a, P, B, C> {
    ports: &'a P,
    settings: &'a GeminiSettings,
    reader: UploadReader<'a, B, C, P>,
    /// Bytes of the files that stay in memory.
    held: usize,
    pending: Vec<StoredFile>,
}

impl<'a, P: ConversionPorts, B: IncomingBody, C: Clock> Intake<'a, P, B, C> {
    async fn read_all(&mut self, document: &mut Document) -> Result<(), Failure> {
        while let Some(media) = self.reader.next_file().await? {
            let source = self.read(media).await?;
            document.push(Part { media, source });
        }
        Ok(())
    }

    /// Reads one file.
    async fn read(&mut self, media: Media) -> Result<Source, Failure> {
        let mut writer = None;
        let read = self.pass_on(media, &mut writer).await;
        let Some(writer) = &mut writer else {
            let window = read?;
            self.held += window.len();
            return Ok(Source::Inline(window));
        };
        let stored = match read {
            Ok(last) => writer.finish(last).await,
            Err(failure) => Err(failure),
        };
        if stored.is_err() {
            writer.cancel().await;
        }
        let (file, state) = stored?;
        if state != FileState::Active {
            self.pending.push(file.clone());
        }
        Ok(Source::Stored(file))
    }

    /// Reads to the end of a file, and writes every full chunk of one that does not fit into the window; returns the rest.
    async fn pass_on(
        &mut self,
        media: Media,
        writer: &mut Option<StoredFileWriter<'a, P>>,
    ) -> Result<Bytes, Failure> {
        let mut window = BytesMut::new();
        let mut announced = None;
        let mut limit = WINDOW_BYTES.saturating_sub(self.held);
        while let Some(bytes) = self.reader.next().await? {
            window.extend_from_slice(&bytes);
            // A file that just fits has ended before the window holds one byte more.
            while window.len() > limit {
                let Some(writer) = writer else {
                    announced = self.reader.expected_bytes();
                    *writer =
                        Some(StoredFileWriter::start(self.ports, self.settings, media, announced).await?);
                    limit = (limit - limit % CHUNK_UNIT_BYTES).max(CHUNK_BYTES_MIN);
                    continue;
                };
                let rest = BytesMut::from(window.get(limit..).unwrap_or_default());
                window.truncate(limit);
                writer.append(window.freeze()).await?;
                window = rest;
            }
        }
        self.reader.check_length(announced)?;
        Ok(window.freeze())
    }
}
