//! What else Make.com answers, and the shapes in which scenarios wrap an answer.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::replies::{answered, json, plain};
use crate::answer::Answer;
use crate::wire;

/// One departure from the normal answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 200 `Accepted` at once: no response module, scenario off, or out of credits. A failure for Atelier.
    Accepted,
    /// 200 `Accepted` after this silence: the module did not run in time (Make waits 180 s).
    AcceptedAfter(Duration),
    /// 500 `Scenario failed to complete.`
    ScenarioFailed,
    /// 410 `There is no scenario listening for this webhook.`
    NotListening,
    /// 410 `Webhook not found.`
    NotFound,
    /// 400 `Queue is full`
    QueueFull,
    /// 400: the hook's data structure refuses the payload.
    ValidationFailed,
    /// 429 `Too many requests`
    TooManyRequests,
    /// 401, as for a wrong `x-make-apikey`.
    Unauthorized,
    /// 200 with exactly this text as `text/plain`.
    Text(String),
    /// 200 with exactly this text as `application/json`, well-formed or not.
    Json(String),
    /// The normal answer as a JSON string.
    JsonString,
    /// The normal answer as `{"code": …, "explanation": …}`.
    CodeAndExplanation,
    /// The normal answer in an object under this key (`response`, `answer`, `text`, …).
    UnderKey(String),
    /// The normal answer in OpenAI's envelope.
    OpenAiEnvelope,
    /// The normal answer in Gemini's envelope.
    GeminiEnvelope,
    /// The normal answer in Anthropic's envelope.
    AnthropicEnvelope,
    /// The normal answer pasted unescaped between quotes, as hand-written JSON in a scenario does.
    BrokenJson,
    /// 200 with an empty body.
    Empty,
    /// A fault of the transport.
    Wire(wire::Fault),
}

impl From<wire::Fault> for Fault {
    fn from(fault: wire::Fault) -> Self {
        Self::Wire(fault)
    }
}

impl Fault {
    pub(super) fn apply(&self, text: &str) -> Answer {
        match self {
            Self::Accepted => plain(StatusCode::OK, "Accepted"),
            Self::AcceptedAfter(silence) => {
                let mut answer = plain(StatusCode::OK, "Accepted");
                answer.wait = *silence;
                answer
            }
            Self::ScenarioFailed => plain(StatusCode::INTERNAL_SERVER_ERROR, "Scenario failed to complete."),
            Self::NotListening => plain(StatusCode::GONE, "There is no scenario listening for this webhook."),
            Self::NotFound => plain(StatusCode::GONE, "Webhook not found."),
            Self::QueueFull => plain(StatusCode::BAD_REQUEST, "Queue is full"),
            Self::ValidationFailed => plain(StatusCode::BAD_REQUEST, "Data structure validation failed."),
            Self::TooManyRequests => plain(StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::Unauthorized => plain(StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Text(text) => answered(text.clone()),
            Self::Json(text) => json(text.clone()),
            Self::JsonString => json(json!(text).to_string()),
            Self::CodeAndExplanation => json(code_and_explanation(text).to_string()),
            Self::UnderKey(key) => json(json!({ key.as_str(): text }).to_string()),
            Self::OpenAiEnvelope => json(openai(text).to_string()),
            Self::GeminiEnvelope => json(gemini(text).to_string()),
            Self::AnthropicEnvelope => json(anthropic(text).to_string()),
            Self::BrokenJson => json(format!("{{\"response\": \"{text}\"}}")),
            Self::Empty => plain(StatusCode::OK, ""),
            Self::Wire(fault) => fault.apply(answered(text.to_owned())),
        }
    }
}

/// Splits the normal answer at its fence, which the fixtures write with three backticks.
fn code_and_explanation(text: &str) -> Value {
    let (before, rest) = text.split_once("```python\n").unwrap_or((text, ""));
    let (code, after) = rest.split_once("\n```").unwrap_or((rest, ""));
    json!({ "code": code, "explanation": format!("{}\n{}", before.trim(), after.trim()).trim() })
}

fn openai(text: &str) -> Value {
    json!({
        "object": "chat.completion",
        "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 12, "completion_tokens": 120, "total_tokens": 132 },
    })
}

fn gemini(text: &str) -> Value {
    json!({
        "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": "STOP" }],
        "modelVersion": "simulated",
    })
}

fn anthropic(text: &str) -> Value {
    json!({
        "type": "message",
        "role": "assistant",
        "content": [{ "type": "text", "text": text }],
        "stop_reason": "end_turn",
    })
}
