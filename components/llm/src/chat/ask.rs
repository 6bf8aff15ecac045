//! One question to the chat API: calls it, again where that is safe, and passes the text on while it arrives.

use std::time::Duration;

use http::header;
use serde_json::json;
use web::event_stream::{self, IncomingEvents};
use web::outbound::{SendError, StreamingOutbound, StreamingResponse, collect};
use web::stream::{ChunkSender, ClientDisconnected};
use web::{Clock, within};

use super::event::{End, interpret};
use super::limits::{EVENT_LIMITS, SILENCE_MAX, TEXT_BYTES_MAX, TOTAL_MAX, WHOLE_BYTES_MAX, limits};
use super::refusal::refusal;
use super::{ChatApi, Thoughts};
use crate::app::Ports;
use crate::model_answer::{Cut, ModelAnswer};
use crate::prompt::Prompt;
use crate::retry;
use crate::upstream::{SIMULATED, UpstreamError};

/// What a call needs.
pub(crate) struct Call<'a, O, C> {
    pub(crate) api: &'a ChatApi,
    pub(crate) prompt: &'a Prompt,
    pub(crate) request_id: &'a str,
    pub(crate) ports: &'a Ports<O, C>,
    /// Spreads retries.
    pub(crate) jitter: u8,
    /// Where the client reads the text while it arrives.
    pub(crate) events: Option<&'a ChunkSender>,
    /// On the clock of the ports.
    pub(crate) deadline: Duration,
}

/// Asks. What has arrived of an answer before a failure is an answer that is cut.
///
/// # Errors
/// See [`UpstreamError`]; nothing of an answer has arrived, or the client has disconnected.
pub(crate) async fn ask<O: StreamingOutbound, C: Clock>(
    call: &Call<'_, O, C>,
) -> Result<ModelAnswer, UpstreamError> {
    retry::repeat(&call.ports.clock, call.deadline, call.jitter, async || call.once().await).await
}

/// The answer while it arrives. No `Debug`: it is a user's.
struct Arriving {
    text: String,
    thoughts: Thoughts,
}

impl<O: StreamingOutbound, C: Clock> Call<'_, O, C> {
    async fn once(&self) -> Result<ModelAnswer, UpstreamError> {
        let request = self.api.request(self.prompt, self.request_id);
        let sent = self.ports.outbound.send_streaming(request, limits(self.left()));
        let mut response = sent.await.map_err(UpstreamError::Send)?;
        let simulated = response.headers().contains_key(SIMULATED);
        let kind = response.headers().get(header::CONTENT_TYPE);
        let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let mut arriving = Arriving { text: String::new(), thoughts: Thoughts::default() };
        let cut = if response.status().is_success() && is_stream {
            self.read(response, &mut arriving).await?
        } else {
            self.read_whole(&mut response, &mut arriving).await?
        };
        let Arriving { mut text, thoughts } = arriving;
        text.push_str(&thoughts.finish());
        match (text.trim().is_empty(), cut) {
            (false, cut) => Ok(ModelAnswer::of_chat(text, simulated, cut)),
            (true, Some(Cut::Failure(error))) => Err(error),
            (true, Some(Cut::Filter)) => Err(UpstreamError::Filtered),
            (true, Some(Cut::Length) | None) => Err(UpstreamError::Empty),
        }
    }

    /// Reads the stream to its end, which may be that of the answer or not.
    async fn read(
        &self,
        response: O::Response,
        arriving: &mut Arriving,
    ) -> Result<Option<Cut>, UpstreamError> {
        let mut events = IncomingEvents::new(response, EVENT_LIMITS);
        loop {
            let left = self.left();
            if left.is_zero() {
                let late = SendError::TimedOut(format!("no whole answer within {} s", TOTAL_MAX.as_secs()));
                return Ok(Some(Cut::Failure(UpstreamError::Send(late))));
            }
            let batch = match events.next(SILENCE_MAX.min(left)).await {
                Ok(Some(batch)) => batch,
                Ok(None) => {
                    let cut = SendError::Cut("the stream ended before the answer".to_owned());
                    return Ok(Some(Cut::Failure(UpstreamError::Send(cut))));
                }
                Err(SendError::TooLarge) => return Ok(Some(Cut::Length)),
                Err(error) => return Ok(Some(Cut::Failure(UpstreamError::Send(error)))),
            };
            let (text, end) = arriving.add(&batch);
            self.emit(text).await?;
            match end {
                None => {}
                Some(Ok(end)) => return Ok(end.cut()),
                Some(Err(error)) => return Ok(Some(Cut::Failure(error))),
            }
        }
    }

    /// Reads a refusal, or the answer of a server that does not stream.
    async fn read_whole(
        &self,
        response: &mut O::Response,
        arriving: &mut Arriving,
    ) -> Result<Option<Cut>, UpstreamError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = collect(async || response.chunk(SILENCE_MAX).await, WHOLE_BYTES_MAX);
        let body = within(&self.ports.clock, self.left(), body).await;
        if !status.is_success() {
            let body = body.and_then(Result::ok).unwrap_or_default();
            return Err(refusal(status, &headers, &body));
        }
        let late = || SendError::TimedOut("no whole answer in time".to_owned());
        let body = body.ok_or_else(late).and_then(|body| body).map_err(UpstreamError::Send)?;
        let body = std::str::from_utf8(&body).map_err(|_| UpstreamError::Unreadable("not UTF-8"))?;
        let (text, end) = arriving.add(&[body.to_owned()]);
        self.emit(text).await?;
        end.transpose().map(|end| end.and_then(End::cut))
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.ports.clock.elapsed())
    }

    /// Passes text on. A client that reads nothing for the rest of the time counts as gone.
    async fn emit(&self, text: String) -> Result<(), UpstreamError> {
        let Some(events) = self.events.filter(|_| !text.is_empty()) else { return Ok(()) };
        let event = event_stream::event("text", &json!({ "text": text }));
        match within(&self.ports.clock, self.left(), events.send(event)).await {
            Some(Ok(())) => Ok(()),
            Some(Err(ClientDisconnected)) | None => Err(UpstreamError::Abandoned),
        }
    }
}

impl Arriving {
    /// Adds what `events` bring: the new text, and whether it is the last.
    fn add(&mut self, events: &[String]) -> (String, Option<Result<End, UpstreamError>>) {
        let before = self.text.len();
        let mut end = None;
        for data in events {
            match interpret(data) {
                Ok(piece) => {
                    self.text.push_str(&self.thoughts.push(&piece.text));
                    end = piece.end.map(Ok);
                }
                Err(error) => end = Some(Err(error)),
            }
            if self.text.len() > TEXT_BYTES_MAX {
                self.text.truncate(self.text.floor_char_boundary(TEXT_BYTES_MAX));
                end = Some(Ok(End::Length));
            }
            if end.is_some() {
                break;
            }
        }
        (self.text.get(before..).unwrap_or_default().to_owned(), end)
    }
}
