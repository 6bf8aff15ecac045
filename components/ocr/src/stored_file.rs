//! A file that is stored at Google for the length of one conversion, through the Files API.

use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use web::outbound::StreamingResponse;

use crate::error::Failure;
use crate::events::Event;
use crate::gemini::error::UpstreamError;
use crate::gemini::files::{self, FileState};
use crate::gemini::payload::Payload;
use crate::gemini::request::{self, Chunk, Part, Source, StoredFile};
use crate::media::Media;
use crate::ports::{ConversionPorts, whole};
use crate::settings::GeminiSettings;

/// For one request to the Files API, chunk included.
pub(crate) const REQUEST_TIME: Duration = Duration::from_secs(60);
/// Until a stored file may be used.
pub(crate) const PREPARE_TIME_MAX: Duration = Duration::from_secs(60);
/// A PDF is mostly ready at once; then twice as long each time.
const POLL_FIRST: Duration = Duration::from_millis(100);
const POLL_MAX: Duration = Duration::from_secs(4);

/// Writes one file, chunk by chunk.
pub(crate) struct StoredFileWriter<'a, P> {
    ports: &'a P,
    settings: &'a GeminiSettings,
    url: Uri,
    offset: u64,
}

impl<'a, P: ConversionPorts> StoredFileWriter<'a, P> {
    pub(crate) async fn start(
        ports: &'a P,
        settings: &'a GeminiSettings,
        media: Media,
        length: Option<u64>,
    ) -> Result<Self, Failure> {
        let (answer, body) = exchange(ports, request::upload_start(settings, media, length)).await?;
        let url = files::started(settings, answer.status(), answer.headers(), &body)?;
        Ok(Self { ports, settings, url, offset: 0 })
    }

    /// Stores a chunk that is not the last.
    pub(crate) async fn append(&mut self, chunk: Bytes) -> Result<(), Failure> {
        let mut left = chunk;
        let mut tried = false;
        while !left.is_empty() {
            match self.try_append(left.clone()).await {
                Ok(()) => {
                    self.offset += left.len() as u64;
                    return Ok(());
                }
                Err(failure) if tried || !may_resume(&failure) => return Err(failure.into()),
                Err(_) => {
                    tried = true;
                    let stored = self.stored_bytes().await?;
                    let done = stored.checked_sub(self.offset).and_then(|done| usize::try_from(done).ok());
                    let Some(done) = done.filter(|done| *done <= left.len()) else {
                        return Err(Failure::Upstream(
                            "Google has received more or less than was sent".to_owned(),
                        ));
                    };
                    left = left.split_off(done);
                    self.offset = stored;
                }
            }
        }
        Ok(())
    }

    async fn try_append(&self, chunk: Bytes) -> Result<(), UpstreamError> {
        let (answer, body) = self.send_chunk(chunk, false).await?;
        files::appended(answer.status(), answer.headers(), &body)
    }

    async fn send_chunk(&self, bytes: Bytes, is_last: bool) -> Result<(P::Response, Bytes), UpstreamError> {
        let chunk = Chunk { offset: self.offset, bytes, is_last };
        exchange(self.ports, request::upload_chunk(self.settings, &self.url, chunk)).await
    }

    async fn stored_bytes(&self) -> Result<u64, Failure> {
        let answer = send(self.ports, request::upload_query(self.settings, &self.url)).await?;
        let received = answer.headers().get("x-goog-upload-size-received");
        let received = received.and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
        received.ok_or_else(|| Failure::Upstream("the upload cannot be resumed".to_owned()))
    }

    /// Stores the last chunk. The file may have to be prepared before it can be used.
    pub(crate) async fn finish(&mut self, chunk: Bytes) -> Result<(StoredFile, FileState), Failure> {
        let (answer, body) = self.send_chunk(chunk, true).await?;
        Ok(files::file(answer.status(), &body)?)
    }

    /// Cancels an upload that was not completed. Best effort: Google drops it by itself later.
    pub(crate) async fn cancel(&self) {
        let _ = send(self.ports, request::upload_cancel(self.settings, &self.url)).await;
    }
}

/// Waits until Google has prepared the stored files.
pub(crate) async fn wait_until_active<P: ConversionPorts>(
    ports: &P,
    settings: &GeminiSettings,
    files: &[StoredFile],
) -> Result<(), Failure> {
    let started = ports.elapsed();
    let mut pause = POLL_FIRST;
    for file in files {
        loop {
            if ports.elapsed().saturating_sub(started) >= PREPARE_TIME_MAX {
                return Err(Failure::TimedOut);
            }
            ports.emit(Event::Preparing).await?;
            ports.sleep(pause).await;
            let (answer, body) = exchange(ports, request::file_state(settings, file)).await?;
            match files::file(answer.status(), &body)?.1 {
                FileState::Active => break,
                FileState::Processing => {}
                FileState::Failed => {
                    return Err(
                        UpstreamError::Document("the Files API could not process it".to_owned()).into()
                    );
                }
            }
            pause = (pause * 2).clamp(POLL_FIRST, POLL_MAX);
        }
        // The next one was prepared meanwhile.
        pause = Duration::ZERO;
    }
    Ok(())
}

/// Deletes what was stored, if anything. Best effort, within [`REQUEST_TIME`]: Google deletes it by itself after 48 hours.
pub(crate) async fn delete<P: ConversionPorts>(ports: &P, settings: &GeminiSettings, document: &[Part]) {
    let deadline = ports.elapsed() + REQUEST_TIME;
    for part in document {
        let left = deadline.saturating_sub(ports.elapsed());
        if let (Source::Stored(file), false) = (&part.source, left.is_zero())
            && let Ok(request) = request::file_delete(settings, file)
        {
            let _ = ports.send(request, left).await;
        }
    }
}

fn may_resume(failure: &UpstreamError) -> bool {
    matches!(failure, UpstreamError::Overloaded(_) | UpstreamError::Unreachable(_) | UpstreamError::Cut(_))
}

/// The response to a request, and its whole body.
async fn exchange<P: ConversionPorts>(
    ports: &P,
    request: Result<http::Request<Payload>, UpstreamError>,
) -> Result<(P::Response, Bytes), UpstreamError> {
    let mut response = send(ports, request).await?;
    let body = whole(&mut response).await?;
    Ok((response, body))
}

async fn send<P: ConversionPorts>(
    ports: &P,
    request: Result<http::Request<Payload>, UpstreamError>,
) -> Result<P::Response, UpstreamError> {
    Ok(ports.send(request?, REQUEST_TIME).await?)
}
