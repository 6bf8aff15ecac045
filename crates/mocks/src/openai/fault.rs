//! What else the servers answer: their dialects, refusals, and failures in the middle.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::wire;

/// Whose events these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// An empty delta with the role, deltas, the reason, `[DONE]`.
    OpenAi,
    /// The role in every delta; thoughts in `reasoning`.
    Ollama,
    /// `content: null` first; thoughts in `reasoning_content`; timings with the reason; empty comments that keep the
    /// connection open.
    LlamaCpp,
    /// CR LF line ends, and comments with a text.
    LlamaCppPython,
    /// Figures in an event of their own, whose `choices` are empty.
    Vllm,
    /// A list of parts as content; the reason comes with the last text.
    Mistral,
}

impl Dialect {
    pub const ALL: [Self; 6] =
        [Self::OpenAi, Self::Ollama, Self::LlamaCpp, Self::LlamaCppPython, Self::Vllm, Self::Mistral];
}

/// One departure from the normal answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The normal answer as this server sends it.
    As(Dialect),
    /// Exactly this text.
    Text(String),
    /// The thoughts of the model in its text, between `<think>` and `</think>`.
    InlineThoughts,
    /// Calls of tools between the deltas.
    ToolNoise,
    /// The normal answer in one piece, from a server that does not stream.
    Whole,
    /// This many pieces, then this reason.
    FinishAfter(usize, String),
    /// This many pieces, then an error as an event, then `[DONE]`, as vLLM does. llama.cpp ends after the error.
    ErrorAfter(usize),
    /// The same in a field `error`, as llama.cpp did until 2025.
    OldErrorAfter(usize),
    /// This many pieces, then the end of the body without a reason, as Ollama does when its runner dies.
    EndAfter(usize),
    /// The whole answer without `[DONE]`.
    NoDone,
    /// This silence before each event.
    Pace(Duration),
    /// 401, with the sentence that quotes the key.
    Unauthorized,
    /// 404: the model was never pulled.
    ModelNotFound,
    /// 400: longer than the model's context.
    ContextExceeded,
    /// 429 with `retry-after`.
    RateLimited,
    /// 429: the account is empty.
    InsufficientQuota,
    /// 503: llama.cpp while it loads its model.
    Loading,
    /// 500 with an error as JSON.
    Internal,
    /// A fault of the transport.
    Wire(wire::Fault),
}

impl From<wire::Fault> for Fault {
    fn from(fault: wire::Fault) -> Self {
        Self::Wire(fault)
    }
}

pub(super) const MID_STREAM: &str = "data: {\"error\":{\"message\":\"EngineCore encountered an issue.\",\"type\":\"InternalServerError\",\"param\":null,\"code\":500}}\n\ndata: [DONE]\n\n";
pub(super) const OLD_MID_STREAM: &str =
    "error: {\"code\":500,\"message\":\"slot unavailable\",\"type\":\"server_error\"}\n\ndata: [DONE]\n\n";

impl Fault {
    /// The reply in place of a stream, if there is one.
    pub(super) fn refusal(&self) -> Option<Answer> {
        use Dialect::{LlamaCpp, Ollama, OpenAi};
        let (dialect, status, kind, sentence) = match self {
            Self::Unauthorized => (
                OpenAi,
                StatusCode::UNAUTHORIZED,
                "invalid_api_key",
                "Incorrect API key provided: sk-proj-secret. You can find your API key at your account.",
            ),
            Self::ModelNotFound => (
                Ollama,
                StatusCode::NOT_FOUND,
                "not_found_error",
                "model \"m\" not found, try pulling it first",
            ),
            Self::ContextExceeded => (
                LlamaCpp,
                StatusCode::BAD_REQUEST,
                "exceed_context_size_error",
                "request (5011 tokens) exceeds the available context size (4096 tokens), try increasing it",
            ),
            Self::RateLimited => {
                (OpenAi, StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", "Rate limit reached")
            }
            Self::InsufficientQuota => (
                OpenAi,
                StatusCode::TOO_MANY_REQUESTS,
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Self::Loading => {
                (LlamaCpp, StatusCode::SERVICE_UNAVAILABLE, "unavailable_error", "Loading model")
            }
            Self::Internal => (
                Ollama,
                StatusCode::INTERNAL_SERVER_ERROR,
                "api_error",
                "llama runner process has terminated",
            ),
            _ => return None,
        };
        let answer = error(dialect, status, kind, sentence);
        Some(if *self == Self::RateLimited { answer.with_header("retry-after", "7") } else { answer })
    }
}

/// An error as JSON. Where the kind of failure stands differs from server to server.
pub(super) fn error(dialect: Dialect, status: StatusCode, kind: &str, sentence: &str) -> Answer {
    let error = match dialect {
        Dialect::LlamaCpp | Dialect::LlamaCppPython | Dialect::Vllm => {
            json!({ "code": status.as_u16(), "message": sentence, "type": kind })
        }
        Dialect::Ollama => json!({ "message": sentence, "type": kind, "param": null, "code": null }),
        Dialect::OpenAi | Dialect::Mistral => {
            json!({ "message": sentence, "type": "invalid_request_error", "param": null, "code": kind })
        }
    };
    Answer::new(status, "application/json", json!({ "error": error }).to_string())
}
