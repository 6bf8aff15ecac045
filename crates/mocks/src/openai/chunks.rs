//! A text as the events of a dialect.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::fault::Dialect;
use crate::answer::Answer;

/// A token has some four characters; here they are longer, so that an answer is no slower than it must be.
const PIECE_CHARS: usize = 12;
const DONE: &str = "[DONE]";

pub(super) struct Chunks {
    dialect: Dialect,
    model: String,
    /// The data of the events before the text, one for each piece of it, and those after it.
    head: Vec<Value>,
    pieces: Vec<Value>,
    tail: Vec<Value>,
    /// What follows the events as it is.
    raw_tail: String,
    done: bool,
}

impl Chunks {
    pub(super) fn new(dialect: Dialect, model: &str, text: &str) -> Self {
        let mut chunks = Self {
            dialect,
            model: model.to_owned(),
            head: Vec::new(),
            pieces: Vec::new(),
            tail: Vec::new(),
            raw_tail: String::new(),
            done: true,
        };
        chunks.head = match dialect {
            Dialect::OpenAi => {
                vec![chunks.delta(json!({ "role": "assistant", "content": "", "refusal": null }))]
            }
            Dialect::Vllm | Dialect::LlamaCppPython => {
                vec![chunks.delta(json!({ "role": "assistant", "content": "" }))]
            }
            Dialect::Ollama => vec![
                chunks.delta(json!({ "role": "assistant", "content": "", "reasoning": "L'élève demande" })),
            ],
            Dialect::LlamaCpp => vec![
                chunks.delta(json!({ "role": "assistant", "content": null })),
                chunks.delta(json!({ "reasoning_content": "L'élève demande" })),
            ],
            Dialect::Mistral => vec![
                chunks.delta(json!({ "role": "assistant", "content": "" })),
                chunks.delta(json!({ "content": [
                    { "type": "thinking", "thinking": [{ "type": "text", "text": "L'élève demande" }] }
                ] })),
            ],
        };
        let characters: Vec<char> = text.chars().collect();
        chunks.pieces = (characters.chunks(PIECE_CHARS))
            .map(|piece| chunks.delta(chunks.content(&piece.iter().collect::<String>())))
            .collect();
        chunks.finish("stop");
        chunks
    }

    pub(super) fn add_tool_calls(&mut self) {
        let call = json!({ "tool_calls": [{
            "index": 0, "id": "call_1", "type": "function", "function": { "name": "search", "arguments": "{\"q\":" }
        }] });
        self.pieces.insert(1, self.delta(call));
        let rest =
            self.delta(json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "\"tri\"}" } }] }));
        self.pieces.insert(2, rest);
    }

    pub(super) fn finish_after(&mut self, pieces: usize, reason: &str) {
        self.pieces.truncate(pieces);
        self.finish(reason);
    }

    /// Ends with `raw` in place of a reason.
    pub(super) fn fail_after(&mut self, pieces: usize, raw: &str) {
        self.pieces.truncate(pieces);
        self.tail.clear();
        self.done = false;
        raw.clone_into(&mut self.raw_tail);
    }

    pub(super) fn omit_done(&mut self) {
        self.done = false;
    }

    pub(super) fn into_bytes(self) -> Vec<Bytes> {
        let line_end = if self.dialect == Dialect::LlamaCppPython { "\r\n" } else { "\n" };
        let events = self.head.iter().chain(&self.pieces).chain(&self.tail).map(Value::to_string);
        let done = self.done.then(|| DONE.to_owned());
        let mut bytes = Vec::new();
        for (number, data) in events.chain(done).enumerate() {
            let ping = match self.dialect {
                Dialect::LlamaCpp => ":\n\n",
                Dialect::LlamaCppPython => ": ping - 2026-11-26 20:00:00.000000+00:00\r\n\r\n",
                _ => "",
            };
            if number % 5 == 0 && !ping.is_empty() {
                bytes.push(Bytes::from(ping));
            }
            bytes.push(Bytes::from(format!("data: {data}{line_end}{line_end}")));
        }
        bytes.push(Bytes::from(self.raw_tail));
        bytes
    }

    fn finish(&mut self, reason: &str) {
        let usage = json!({ "prompt_tokens": 12, "completion_tokens": 120, "total_tokens": 132 });
        let mut last = self.delta(json!({}));
        let mut figures = self.delta(Value::Null);
        (figures["choices"], figures["usage"]) = (json!([]), usage.clone());
        self.tail = match self.dialect {
            Dialect::Mistral => {
                // The reason comes with the last text, when there is one.
                let mut last = self.pieces.pop().unwrap_or(last);
                (last["choices"][0]["finish_reason"], last["usage"]) = (json!(reason), usage);
                vec![last]
            }
            dialect => {
                last["choices"][0]["finish_reason"] = json!(reason);
                match dialect {
                    Dialect::LlamaCpp => {
                        last["timings"] = json!({ "predicted_n": 120, "predicted_ms": 900.5 });
                    }
                    Dialect::Ollama => {
                        last["choices"][0]["delta"] = json!({ "role": "assistant", "content": "" });
                    }
                    _ => {}
                }
                let has_figures = dialect == Dialect::Vllm;
                std::iter::once(last).chain(has_figures.then_some(figures)).collect()
            }
        };
    }

    fn content(&self, text: &str) -> Value {
        match self.dialect {
            Dialect::Ollama => json!({ "role": "assistant", "content": text }),
            Dialect::Mistral => json!({ "content": [{ "type": "text", "text": text }] }),
            _ => json!({ "content": text }),
        }
    }

    fn delta(&self, delta: Value) -> Value {
        json!({
            "id": "chatcmpl-simulated",
            "object": "chat.completion.chunk",
            "created": 1_795_000_000,
            "model": self.model,
            "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }],
        })
    }
}

/// A text in one piece.
pub(super) fn whole(model: &str, text: &str) -> Answer {
    let body = json!({
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "model": model,
        "choices": [{
            "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop"
        }],
        "usage": { "prompt_tokens": 12, "completion_tokens": 120, "total_tokens": 132 },
    });
    Answer::new(StatusCode::OK, "application/json", body.to_string())
}
