//! One event of a streamed answer, or a whole answer, interpreted.

use serde_json::Value;

use super::refusal::reported;
use crate::model_answer::Cut;
use crate::upstream::UpstreamError;

/// What one event brings. No `Debug`: the text is a user's.
#[derive(Default, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub end: Option<End>,
}

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Whole,
    Length,
    Filter,
}

impl End {
    /// Why the end of the answer is missing, if it is.
    pub(super) const fn cut(self) -> Option<Cut> {
        match self {
            Self::Whole => None,
            Self::Length => Some(Cut::Length),
            Self::Filter => Some(Cut::Filter),
        }
    }
}

/// Interprets the data of an event.
///
/// # Errors
/// A failure that the API reports; [`UpstreamError::Unreadable`] for what is not JSON.
pub fn interpret(data: &str) -> Result<Piece, UpstreamError> {
    match data.trim() {
        // Some servers keep a connection open with it.
        "" => return Ok(Piece::default()),
        "[DONE]" => return Ok(Piece { end: Some(End::Whole), ..Piece::default() }),
        _ => {}
    }
    let event: Value =
        serde_json::from_str(data).map_err(|_| UpstreamError::Unreadable("an event that is not JSON"))?;
    if let Some(error) = reported(&event) {
        return Err(error);
    }
    // None in an event with figures only. More than one is never asked for.
    let choice = event.get("choices").and_then(Value::as_array).and_then(|choices| choices.first());
    let Some(choice) = choice else { return Ok(Piece::default()) };
    let message = choice.get("delta").or_else(|| choice.get("message"));
    let part = |name: &str| message.and_then(|message| message.get(name));
    // What a model thinks (`reasoning`, `reasoning_content`) and its calls of tools are no answer; why it refuses is.
    let mut piece = Piece { text: part("content").map(text).unwrap_or_default(), end: None };
    if let Some(refusal) = part("refusal").and_then(Value::as_str) {
        piece.text.push_str(refusal);
    }
    piece.end = match choice.get("finish_reason").and_then(Value::as_str) {
        None | Some("") => None,
        Some("length" | "model_length" | "max_tokens") => Some(End::Length),
        Some("content_filter") => Some(End::Filter),
        Some("error") => return Err(UpstreamError::Reported("finish_reason error".to_owned())),
        Some(_) => Some(End::Whole),
    };
    Ok(piece)
}

/// A string, or a list of parts of which only those of the type `text` are the answer (Mistral).
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let is_text = |part: &&Value| part.get("type").and_then(Value::as_str) == Some("text");
            parts.iter().filter(is_text).filter_map(|part| part.get("text")?.as_str()).collect()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UpstreamError as E;

    static_assertions::assert_not_impl_any!(Piece: std::fmt::Debug);

    #[test]
    fn every_kind_of_event_is_understood() {
        let whole = Some(End::Whole);
        for (data, text, end) in [
            (
                r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}"#,
                "",
                None,
            ),
            (
                r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"é"},"finish_reason":null}]}"#,
                "é",
                None,
            ),
            (r#"{"choices":[{"delta":{"content":"","reasoning":"Je…"}}]}"#, "", None),
            (r#"{"choices":[{"delta":{"reasoning_content":"Je…"}}]}"#, "", None),
            (
                r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{"}}]}}]}"#,
                "",
                None,
            ),
            (r#"{"choices":[{"delta":{"refusal":"Non."}}]}"#, "Non.", None),
            (
                r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"x"}]},{"type":"text","text":"a"}]}}]}"#,
                "a",
                None,
            ),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, "", whole),
            (r#"{"choices":[{"delta":{"content":"b"},"finish_reason":"eos"}]}"#, "b", whole),
            (r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#, "", Some(End::Length)),
            (r#"{"choices":[{"delta":{},"finish_reason":"model_length"}]}"#, "", Some(End::Length)),
            (r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#, "", Some(End::Filter)),
            (r#"{"choices":[],"usage":{"total_tokens":3}}"#, "", None),
            (r#"{"choices":null,"usage":{"total_tokens":3}}"#, "", None),
            (
                r#"{"choices":[{"message":{"role":"assistant","content":"c"},"finish_reason":"stop"}]}"#,
                "c",
                whole,
            ),
            ("[DONE]", "", whole),
            (" [DONE] ", "", whole),
            ("", "", None),
            ("{}", "", None),
            ("3", "", None),
        ] {
            let piece = interpret(data).ok().unwrap();
            assert_eq!((piece.text.as_str(), piece.end), (text, end), "{data}");
        }
    }

    #[test]
    fn a_failure_in_the_middle_is_named_by_its_code_and_its_sentence_is_not_kept() {
        let code = |code: &str| E::Reported(code.to_owned());
        for (data, expected) in [
            // vLLM, llama.cpp, llama.cpp until 2025, an old vLLM, Mistral
            (
                r#"{"error":{"message":"secret","type":"InternalServerError","param":null,"code":500}}"#,
                code("InternalServerError 500"),
            ),
            (r#"{"error":{"code":500,"message":"secret","type":"server_error"}}"#, code("server_error 500")),
            (r#"{"code":500,"message":"secret","type":"server_error"}"#, code("server_error 500")),
            (r#"{"object":"error","message":"secret","type":"x","code":1}"#, code("x 1")),
            (r#"{"error":"secret"}"#, code("")),
            (r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#, code("finish_reason error")),
            (r#"{"error":{"type":"a secret sentence with blanks","code":"k"}}"#, code("k")),
            (
                r#"{"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
                E::ContextExceeded,
            ),
            (
                r#"{"error":{"message":"slow down","type":"rate_limit_error","code":429}}"#,
                E::Busy { retry_after_seconds: None },
            ),
            ("<html>", E::Unreadable("an event that is not JSON")),
        ] {
            assert_eq!(interpret(data).err(), Some(expected), "{data}");
        }
    }
}
