//! One question to one model: sends it, reads the stream of its answer, and emits the text.

use std::time::Duration;

use http::header;
use web::event_stream::{EventLimits, IncomingEvents};
use web::outbound::{SendError, StreamingResponse};

use crate::charge::Charge;
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::error::UpstreamError;
use crate::gemini::reply::{Finish, Piece, interpret};
use crate::gemini::request::{self, Part};
use crate::ports::{BETWEEN_BYTES_TIME, ConversionPorts, whole};
use crate::settings::GeminiSettings;

/// From the request to the head of a model's answer.
const FIRST_BYTE_TIME: Duration = Duration::from_secs(60);
/// Text of one answer, in bytes; 65,536 tokens are some 250 KB.
const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// One event of the API has a few KB. A whole answer has its envelopes and thoughts.
const EVENT_LIMITS: EventLimits =
    EventLimits { event_bytes_max: 2 * 1024 * 1024, bytes_max: 8 * 1024 * 1024 };

/// A question about a document.
pub(crate) struct Question<'a> {
    pub model: &'a str,
    pub document: &'a [Part],
    pub text: &'a str,
    /// Of the whole answer, on the clock of the ports.
    pub deadline: Duration,
    pub shown: Shown<'a>,
}

/// What is emitted while an answer arrives: something in any case, so that a client that has left is noticed.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// Its text.
    Text,
    Instead(&'a dyn Fn() -> Event),
}

/// What became of a question. No `Debug`: the text is the user's document.
pub(crate) struct Attempt {
    pub text: String,
    /// Why the model stopped, or how the upstream failed: before the answer, in the middle, or at its end without a
    /// reason.
    pub end: Result<Finish, UpstreamError>,
    /// The version that answered, and the number of the model in the settings.
    pub model: String,
    pub number: usize,
    pub simulated: bool,
}

/// Asks once. Whatever the upstream does is an [`Attempt`].
///
/// # Errors
/// What no other attempt can change: a variable that cannot be used, a client that has disconnected, a document with
/// more pages than the user has left.
pub(crate) async fn attempt<P: ConversionPorts>(
    ports: &P,
    settings: &GeminiSettings,
    question: &Question<'_>,
    charge: &Charge<'_, P>,
) -> Result<Attempt, Failure> {
    let request = request::generate(settings, question.model, question.document, question.text)?;
    match ports.send(request, FIRST_BYTE_TIME.min(question.remaining(ports))).await {
        Ok(response) => read(ports, question, charge, response).await,
        Err(error) => {
            // Otherwise the request has not left, or was refused.
            if matches!(error, SendError::TimedOut(_) | SendError::Cut(_)) {
                charge.model_was_called();
            }
            Ok(Attempt::failed(error.into()))
        }
    }
}

async fn read<P: ConversionPorts>(
    ports: &P,
    question: &Question<'_>,
    charge: &Charge<'_, P>,
    mut response: P::Response,
) -> Result<Attempt, Failure> {
    if response.status().is_success() {
        charge.model_was_called();
    }
    if let Some(failure) = refusal(&mut response).await {
        return Ok(Attempt::failed(failure));
    }
    let mut attempt = Attempt::failed(UpstreamError::Cut("the stream ended without a reason".to_owned()));
    attempt.simulated = response.headers().contains_key("x-atelier-simulated");
    let mut events = IncomingEvents::new(response, EVENT_LIMITS);
    let mut goes_on = true;
    while goes_on {
        goes_on = match events.next(BETWEEN_BYTES_TIME.min(question.remaining(ports))).await {
            Ok(Some(events)) => attempt.add(ports, question, charge, &events).await?,
            Ok(None) => false,
            Err(failure) => {
                attempt.end = Err(failure.into());
                false
            }
        };
    }
    Ok(attempt)
}

/// Why a response is not a stream of events; `None` when it is one.
async fn refusal(response: &mut impl StreamingResponse) -> Option<UpstreamError> {
    let status = response.status();
    if !status.is_success() {
        let body = whole(response).await;
        return Some(body.map_or_else(|failure| failure, |body| UpstreamError::from_answer(status, &body)));
    }
    let content_type = response.headers().get(header::CONTENT_TYPE)?;
    let content_type = String::from_utf8_lossy(content_type.as_bytes()).into_owned();
    if content_type.starts_with("text/event-stream") {
        return None;
    }
    let body = whole(response).await.unwrap_or_default();
    let stated = serde_json::from_slice(&body).ok().and_then(|value| UpstreamError::from_json(&value));
    Some(stated.unwrap_or_else(|| UpstreamError::InvalidAnswer(format!("answer is {content_type}"))))
}

impl Question<'_> {
    fn remaining<P: ConversionPorts>(&self, ports: &P) -> Duration {
        self.deadline.saturating_sub(ports.elapsed())
    }
}

impl Attempt {
    /// The model ended it by itself.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == Ok(Finish::Stop)
    }

    /// There may be more: it reached the limit of an answer, or its stream broke off.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.end, Ok(Finish::MaxTokens) | Err(_))
    }

    /// A filter refused, perhaps after some text.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(&self.end, Ok(finish) if finish.is_refusal())
    }

    fn failed(failure: UpstreamError) -> Self {
        Self { text: String::new(), end: Err(failure), model: String::new(), number: 0, simulated: false }
    }

    /// Adds the text of `events` and emits it. False when nothing more is to be read.
    async fn add<P: ConversionPorts>(
        &mut self,
        ports: &P,
        question: &Question<'_>,
        charge: &Charge<'_, P>,
        events: &[String],
    ) -> Result<bool, Failure> {
        let mut goes_on = true;
        for data in events {
            let Piece { text, finish, model, document_tokens } = match interpret(data) {
                Ok(piece) => piece,
                Err(failure) => {
                    self.end = Err(failure);
                    return Ok(false);
                }
            };
            if let Some(tokens) = document_tokens {
                charge.document_read(tokens, question.document).await?;
            }
            if self.text.len() + text.len() > TEXT_BYTES_MAX {
                self.end = Ok(Finish::MaxTokens);
                return Ok(false);
            }
            if let Some(model) = model {
                self.model = model;
            }
            if !text.is_empty() {
                self.text.push_str(&text);
                let event = match question.shown {
                    Shown::Text => Event::Latex(text),
                    Shown::Instead(event) => event(),
                };
                ports.emit(event).await?;
            }
            if let Some(finish) = finish {
                self.end = Ok(finish);
                goes_on = false;
            }
        }
        Ok(goes_on)
    }
}
