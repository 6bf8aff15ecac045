//! A document kept at Google for the length of one conversion: the Files API, driven.

use std::time::Duration;

use bytes::Bytes;
use http::Uri;

use crate::error::Failure;
use crate::events::Event;
use crate::gemini::failure::Failure as Upstream;
use crate::gemini::files::{self, FileState};
use crate::gemini::payload::Payload;
use crate::gemini::request::{self, BadSetting, Document, StoredFile};
use crate::gemini::settings::Settings;
use crate::ports::{Answer, Edge};
use crate::transport::{upstream, whole};

/// For one request to the Files API, chunk included.
const REQUEST_TIME: Duration = Duration::from_secs(60);
/// Until a stored file may be used.
pub const PREPARE_TIME_MAX: Duration = Duration::from_secs(60);
const POLL_FIRST: Duration = Duration::from_millis(500);
const POLL_MAX: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub struct Storage<'a, E> {
    edge: &'a E,
    settings: &'a Settings,
    url: Uri,
    offset: u64,
}

impl<'a, E: Edge> Storage<'a, E> {
    pub async fn open(edge: &'a E, settings: &'a Settings, length: Option<u64>) -> Result<Self, Failure> {
        let mut answer = send(edge, request::upload_start(settings, length)).await?;
        let body = whole(&mut answer).await?;
        let url = files::started(settings, answer.status(), answer.headers(), &body)?;
        Ok(Self { edge, settings, url, offset: 0 })
    }

    /// Stores a chunk that is not the last.
    pub async fn append(&mut self, chunk: Bytes) -> Result<(), Failure> {
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
                        return Err(Failure::Upstream("the upload lost its place".to_owned()));
                    };
                    left = left.split_off(done);
                    self.offset = stored;
                }
            }
        }
        Ok(())
    }

    async fn try_append(&self, chunk: Bytes) -> Result<(), Upstream> {
        let request = request::upload_chunk(self.settings, &self.url, self.offset, chunk, false);
        let mut answer = send(self.edge, request).await?;
        let body = whole(&mut answer).await?;
        files::went_on(answer.status(), answer.headers(), &body)
    }

    async fn stored_bytes(&self) -> Result<u64, Failure> {
        let answer = send(self.edge, request::upload_query(self.settings, &self.url)).await?;
        let received = answer.headers().get("x-goog-upload-size-received");
        let received = received.and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
        received.ok_or_else(|| Failure::Upstream("the upload cannot be resumed".to_owned()))
    }

    /// Stores the last chunk. The file may have to be prepared before it can be used.
    pub async fn complete(&mut self, chunk: Bytes) -> Result<(StoredFile, FileState), Failure> {
        let request = request::upload_chunk(self.settings, &self.url, self.offset, chunk, true);
        let mut answer = send(self.edge, request).await?;
        let body = whole(&mut answer).await?;
        Ok(files::file(answer.status(), &body)?)
    }

    /// Gives up an upload that was not completed. Best effort: Google forgets it by itself later.
    pub async fn cancel(&self) {
        let _ = send(self.edge, request::upload_cancel(self.settings, &self.url)).await;
    }
}

/// Waits until Google has prepared a stored file.
pub async fn wait_until_active<E: Edge>(
    edge: &E,
    settings: &Settings,
    file: &StoredFile,
) -> Result<(), Failure> {
    let started = edge.elapsed();
    let mut pause = POLL_FIRST;
    while edge.elapsed().saturating_sub(started) < PREPARE_TIME_MAX {
        edge.tell(Event::Preparing).await?;
        edge.sleep(pause).await;
        pause = (pause * 2).min(POLL_MAX);
        let mut answer = send(edge, request::file_state(settings, file)).await?;
        let body = whole(&mut answer).await?;
        if files::file(answer.status(), &body)?.1 == FileState::Active {
            return Ok(());
        }
    }
    Err(Failure::TimedOut)
}

/// Deletes what was stored, if anything. Best effort: Google deletes it by itself after 48 hours.
pub async fn discard<E: Edge>(edge: &E, settings: &Settings, document: &Document) {
    if let Document::Stored(file) = document {
        let _ = send(edge, request::file_delete(settings, file)).await;
    }
}

fn may_resume(failure: &Upstream) -> bool {
    matches!(failure, Upstream::Overloaded(_) | Upstream::Unreachable(_) | Upstream::Cut(_))
}

async fn send<E: Edge>(
    edge: &E,
    request: Result<http::Request<Payload>, BadSetting>,
) -> Result<E::Answer, Upstream> {
    let request = request.map_err(|bad| Upstream::Refused(bad.0))?;
    edge.send(request, REQUEST_TIME).await.map_err(upstream)
}
