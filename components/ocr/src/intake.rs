//! From an upload to a document that a model can be asked about.
//!
//! A file that fits into the window stays in memory and is sent inside each request. A larger one is stored at Google
//! chunk by chunk while it arrives; the window is then the chunk (docs/adr/0010).

use bytes::{Bytes, BytesMut};
use web::{Clock, IncomingBody};

use crate::error::Failure;
use crate::gemini::files::FileState;
use crate::gemini::request::{Document, StoredFile};
use crate::ports::ConversionPorts;
use crate::settings::GeminiSettings;
use crate::stored_file::{StoredFileWriter, delete};
use crate::upload::{Upload, UploadReader, UploadedFile};

/// The most that is held of a file, and the largest file that is not stored at Google, in bytes. A multiple of 256 KiB,
/// the unit of the Files API.
pub(crate) const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// A PDF that may be sent to a model.
pub(crate) struct Received {
    pub file: UploadedFile,
    pub document: Document,
    /// False for a stored document that Google has yet to prepare.
    pub ready: bool,
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
    let mut reader = UploadReader::new(ports, upload)?;
    let mut window = BytesMut::new();
    // A file that just fits has ended before the window holds one byte more.
    while window.len() <= WINDOW_BYTES {
        match reader.next().await? {
            Some(bytes) => window.extend_from_slice(&bytes),
            None => {
                let document = Document::Inline(window.freeze());
                return Ok(Received { file: reader.finish()?, document, ready: true });
            }
        }
    }
    let (file, state) = store(ports, settings, &mut reader, window).await?;
    let document = Document::Stored(file);
    match reader.finish() {
        Ok(file) => Ok(Received { file, document, ready: state == FileState::Active }),
        Err(error) => {
            delete(ports, settings, &document).await;
            Err(error.into())
        }
    }
}

/// Stores a file at Google of which `window` has been read.
async fn store<P: ConversionPorts, B: IncomingBody, C: Clock>(
    ports: &P,
    settings: &GeminiSettings,
    reader: &mut UploadReader<'_, B, C, P>,
    window: BytesMut,
) -> Result<(StoredFile, FileState), Failure> {
    let announced = reader.expected_bytes();
    let mut writer = StoredFileWriter::start(ports, settings, announced).await?;
    let stored = match pass_on(reader, &mut writer, window).await {
        Ok(last) => match reader.check_length(announced) {
            Ok(()) => writer.finish(last).await,
            Err(error) => Err(error.into()),
        },
        Err(failure) => Err(failure),
    };
    if stored.is_err() {
        writer.cancel().await;
    }
    stored
}

/// Writes every full window; returns the rest.
async fn pass_on<P: ConversionPorts, B: IncomingBody, C: Clock>(
    reader: &mut UploadReader<'_, B, C, P>,
    writer: &mut StoredFileWriter<'_, P>,
    mut window: BytesMut,
) -> Result<Bytes, Failure> {
    loop {
        while window.len() > WINDOW_BYTES {
            let rest = BytesMut::from(window.get(WINDOW_BYTES..).unwrap_or_default());
            window.truncate(WINDOW_BYTES);
            writer.append(window.freeze()).await?;
            window = rest;
        }
        match reader.next().await? {
            Some(bytes) => window.extend_from_slice(&bytes),
            None => return Ok(window.freeze()),
        }
    }
}
