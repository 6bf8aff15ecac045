//! One question to one model: sends it, reads the stream, passes the text on.

use std::time::Duration;

use http::header;
use web::outbound::StreamingResponse;

use crate::error::Failure;
use crate::events::Event;
use crate::gemini::error::UpstreamError;
use crate::gemini::reply::{Finish, Piece, interpret};
use crate::gemini::request::{self, Document};
use crate::gemini::sse::SseDecoder;
use crate::ports::{BETWEEN_BYTES_TIME, ConversionPorts, whole};
use crate::settings::GeminiSettings;

/// From the request to the head of a model's answer.
const FIRST_BYTE_TIME: Duration = Duration::from_secs(60);
/// Text of one answer, in bytes; 65,536 tokens are some 250 KB.
const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A whole answer with its envelopes and thoughts, in bytes.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Stop,
    MaxTokens,
    Recitation,
    Blocked(String),
    Other(String),
    /// The stream broke, or ended without saying why.
    Broken(UpstreamError),
}

impl End {
    /// Whether asking the same again would end the same way even without any text.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Recitation | Self::Blocked(_))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub text: String,
    pub end: End,
    pub model: Option<String>,
    pub simulated: bool,
}

/// Asks once. The outer error is ours or the user's (nothing to retry), the inner one the upstream's: it refused
/// before any answer began.
pub(crate) async fn attempt<P: ConversionPorts>(
    ports: &P,
    settings: &GeminiSettings,
    model: &str,
    document: &Document,
    question: &str,
    deadline: Duration,
) -> Result<Result<Attempt, UpstreamError>, Failure> {
    let remaining = || deadline.saturating_sub(ports.elapsed());
    let request = request::generate(settings, model, document, question)?;
    let mut answer = match ports.send(request, FIRST_BYTE_TIME.min(remaining())).await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error.into())),
    };
    if !answer.status().is_success() {
        let body = match whole(&mut answer).await {
            Ok(body) => body,
            Err(failure) => return Ok(Err(failure)),
        };
        return Ok(Err(UpstreamError::from_answer(answer.status(), &body)));
    }
    let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.unwrap_or("text/event-stream").starts_with("text/event-stream") {
        let body = whole(&mut answer).await.unwrap_or_default();
        let said = serde_json::from_slice(&body).ok().and_then(|value| UpstreamError::from_json(&value));
        let odd = || UpstreamError::Garbage(format!("answer is {}", content_type_of(&answer)));
        return Ok(Err(said.unwrap_or_else(odd)));
    }
    let mut reading = Reading {
        attempt: Attempt {
            text: String::new(),
            end: End::Broken(UpstreamError::Cut("the stream ended without a reason".to_owned())),
            model: None,
            simulated: answer.headers().contains_key("x-atelier-simulated"),
        },
        finished: false,
    };
    let mut decoder = SseDecoder::default();
    let mut bytes = 0;
    while !reading.finished {
        let events = match answer.chunk(BETWEEN_BYTES_TIME.min(remaining())).await {
            Ok(Some(chunk)) => {
                bytes += chunk.len();
                match decoder.push(&chunk) {
                    Ok(events) if bytes <= ANSWER_BYTES_MAX => events,
                    _ => {
                        reading.attempt.end =
                            End::Broken(UpstreamError::Garbage("answer too long".to_owned()));
                        break;
                    }
                }
            }
            Ok(None) => {
                let last: Vec<String> = decoder.finish().into_iter().collect();
                reading.take(ports, &last).await?;
                break;
            }
            Err(error) => {
                reading.attempt.end = End::Broken(error.into());
                break;
            }
        };
        reading.take(ports, &events).await?;
    }
    Ok(Ok(reading.attempt))
}

struct Reading {
    attempt: Attempt,
    /// Nothing more is to be read: the model is done, or its stream makes no sense any more.
    finished: bool,
}

impl Reading {
    async fn take<P: ConversionPorts>(&mut self, ports: &P, events: &[String]) -> Result<(), Failure> {
        for data in events {
            let Piece { text, finish, model } = match interpret(data) {
                Ok(piece) => piece,
                Err(failure) => {
                    self.attempt.end = End::Broken(failure);
                    self.finished = true;
                    return Ok(());
                }
            };
            if self.attempt.text.len() + text.len() > TEXT_BYTES_MAX {
                self.attempt.end = End::MaxTokens;
                self.finished = true;
                return Ok(());
            }
            self.attempt.model = model.or(self.attempt.model.take());
            if !text.is_empty() {
                self.attempt.text.push_str(&text);
                ports.emit(Event::Latex(text)).await?;
            }
            if let Some(finish) = finish {
                self.attempt.end = end(finish);
                self.finished = true;
            }
        }
        Ok(())
    }
}

fn end(finish: Finish) -> End {
    match finish {
        Finish::Stop => End::Stop,
        Finish::MaxTokens => End::MaxTokens,
        Finish::Recitation => End::Recitation,
        Finish::Blocked(reason) => End::Blocked(reason),
        Finish::Other(reason) => End::Other(reason),
    }
}

fn content_type_of(answer: &impl StreamingResponse) -> String {
    let value = answer.headers().get(header::CONTENT_TYPE);
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}
