//! An OpenAI-compatible chat API: `POST /v1/chat/completions` with `stream: true`, in the dialects of the real servers
//! (Ollama, llama.cpp, llama-cpp-python, vLLM, Mistral, OpenAI), as their sources and documentation have them.
//!
//! Without a fault it streams the same texts as the mock for Make.com, chosen by a word of the last question. Two more words
//! are for whoever tries the page: `lentement` (`slowly`) makes it slow, `coupe` (`cut`) fails in the middle.
//! `GET /mock` says how many requests there were, and how many clients left before the end.

mod chunks;
mod fault;
mod request;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, request as http_request};
use serde_json::json;

use self::chunks::Chunks;
pub use self::fault::{Dialect, Fault};
use self::request::ChatRequest;
use crate::answer::Answer;
use crate::make::answer_to;
use crate::mock::{Mock, Service};
use crate::script::Script;

pub type OpenAiMock = Mock<OpenAi>;

const PATH: &str = "/v1/chat/completions";
/// A model that no server has.
pub const UNKNOWN_MODEL: &str = "unknown";
const PACE: Duration = Duration::from_millis(10);
const SLOW_PACE: Duration = Duration::from_millis(300);
/// The events before a failure in the middle.
const PIECES_BEFORE_FAILURE: usize = 4;

/// One server with one model.
#[derive(Debug, Default)]
pub struct OpenAi {
    asked: AtomicUsize,
    abandoned: Arc<AtomicUsize>,
}

impl OpenAiMock {
    /// How many clients have left before the end of their answer.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        self.state.service.abandoned.load(Ordering::Relaxed)
    }
}

impl Service for OpenAi {
    type Fault = Fault;

    fn answer(&self, parts: &http_request::Parts, body: Bytes, script: &Script<Fault>) -> Answer {
        if parts.uri.path() == "/mock" {
            let counts = json!({
                "asked": self.asked.load(Ordering::Relaxed),
                "abandoned": self.abandoned.load(Ordering::Relaxed),
            });
            return Answer::new(StatusCode::OK, "application/json", counts.to_string());
        }
        if (&parts.method, parts.uri.path()) != (&Method::POST, PATH) {
            return fault::error(Dialect::OpenAi, StatusCode::NOT_FOUND, "not_found_error", "Not found");
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        let request = match ChatRequest::parse(&body) {
            Ok(request) => request,
            Err(sentence) => {
                let kind = "invalid_request_error";
                return fault::error(Dialect::OpenAi, StatusCode::BAD_REQUEST, kind, &sentence);
            }
        };
        let fault = script.take();
        if let Some(refusal) = fault.as_ref().and_then(Fault::refusal) {
            return refusal;
        }
        if request.model == UNKNOWN_MODEL {
            let sentence = "model \"unknown\" not found, try pulling it first";
            return fault::error(Dialect::Ollama, StatusCode::NOT_FOUND, "not_found_error", sentence);
        }
        let mut answer = self.stream(&request, fault.as_ref());
        if let Some(Fault::Wire(fault)) = fault {
            answer = fault.apply(answer);
        }
        answer
    }

    fn clear(&self) {
        self.abandoned.store(0, Ordering::Relaxed);
    }
}

impl OpenAi {
    fn stream(&self, request: &ChatRequest, fault: Option<&Fault>) -> Answer {
        let asks = |words: [&str; 2]| words.iter().any(|word| request.question.contains(word));
        let mut pace = if asks(["lentement", "slowly"]) { SLOW_PACE } else { PACE };
        let text = match fault {
            Some(Fault::Text(text)) => text.clone(),
            Some(Fault::InlineThoughts) => {
                format!("<think>\nL'élève demande…\n</think>\n\n{}", answer_to(&request.question))
            }
            _ => answer_to(&request.question).to_owned(),
        };
        let dialect = if let Some(Fault::As(dialect)) = fault { *dialect } else { Dialect::OpenAi };
        if fault == Some(&Fault::Whole) {
            return chunks::whole(&request.model, &text);
        }
        let mut chunks = Chunks::new(dialect, &request.model, &text);
        match fault {
            Some(Fault::ToolNoise) => chunks.add_tool_calls(),
            Some(Fault::FinishAfter(pieces, reason)) => chunks.finish_after(*pieces, reason),
            Some(Fault::ErrorAfter(pieces)) => chunks.fail_after(*pieces, fault::MID_STREAM),
            Some(Fault::OldErrorAfter(pieces)) => chunks.fail_after(*pieces, fault::OLD_MID_STREAM),
            Some(Fault::EndAfter(pieces)) => chunks.fail_after(*pieces, ""),
            Some(Fault::NoDone) => chunks.omit_done(),
            Some(Fault::Pace(given)) => pace = *given,
            None if asks(["coupe", "cut"]) => chunks.fail_after(PIECES_BEFORE_FAILURE, fault::MID_STREAM),
            _ => {}
        }
        let mut answer = Answer::stream("text/event-stream", chunks.into_bytes(), pace);
        answer.abandoned = Some(Arc::clone(&self.abandoned));
        answer
    }
}
