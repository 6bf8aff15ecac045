//! One piece of a streamed answer of `generateContent`, interpreted. Its fields are looked up one by one: types derived
//! for them would take 10 KB of the component.

use serde_json::Value;

use super::error::UpstreamError;

/// Why the model stopped. Unknown reasons become [`Finish::Other`], since Google adds new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Stop,
    /// The output limit: the rest can be asked for.
    MaxTokens,
    /// The text resembles published text too much; the same model would refuse again.
    Recitation,
    /// A filter refused.
    Blocked(String),
    Other(String),
}

impl Finish {
    /// Whether the same question to the same model would be refused again.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Recitation | Self::Blocked(_))
    }
}

/// No `Debug`, here and below: the text is the user's document.
#[derive(Default, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub finish: Option<Finish>,
    /// The version that answered.
    pub model: Option<String>,
    /// What the document took of the prompt, in tokens.
    pub document_tokens: Option<u64>,
}

/// Interprets the data of one event.
pub fn interpret(data: &str) -> Result<Piece, UpstreamError> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| UpstreamError::InvalidAnswer(format!("not JSON: {error}")))?;
    if let Some(failure) = UpstreamError::from_json(&value) {
        return Err(failure);
    }
    let candidates = value.get("candidates").unwrap_or(&Value::Null);
    if !value.is_object() || !(candidates.is_array() || candidates.is_null()) {
        return Err(UpstreamError::InvalidAnswer("not a GenerateContentResponse".to_owned()));
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    // More than one candidate is never asked for.
    let candidate = candidates.get(0).unwrap_or(&Value::Null);
    let parts = candidate.pointer("/content/parts").and_then(Value::as_array).into_iter().flatten();
    let is_thought = |part: &Value| part.get("thought").and_then(Value::as_bool) == Some(true);
    let blocked = value.pointer("/promptFeedback/blockReason").and_then(text).map(Finish::Blocked);
    Ok(Piece {
        text: parts.filter(|part| !is_thought(part)).filter_map(|part| part.get("text")?.as_str()).collect(),
        finish: candidate.get("finishReason").and_then(text).map(finish).or(blocked),
        model: value.get("modelVersion").and_then(text),
        document_tokens: document_tokens(&value),
    })
}

/// Pages are counted as `DOCUMENT` or, since Gemini 3, as `IMAGE`; the text of the question is not one of them. Figures
/// that cannot be read are none: the answer is as good without them.
fn document_tokens(answer: &Value) -> Option<u64> {
    let details = answer.pointer("/usageMetadata/promptTokensDetails")?.as_array()?;
    let is_document = |tokens: &&Value| {
        matches!(tokens.get("modality").and_then(Value::as_str), Some("DOCUMENT" | "IMAGE"))
    };
    let counts = details.iter().filter(is_document).filter_map(|tokens| tokens.get("tokenCount")?.as_u64());
    Some(counts.fold(0, u64::saturating_add)).filter(|sum| *sum > 0)
}

fn finish(reason: String) -> Finish {
    match reason.as_str() {
        "STOP" => Finish::Stop,
        "MAX_TOKENS" => Finish::MaxTokens,
        "RECITATION" => Finish::Recitation,
        "SAFETY"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT" => Finish::Blocked(reason),
        _ => Finish::Other(reason),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usage_that_cannot_be_read_is_none_and_the_text_is_kept() {
        for usage in [
            "null",
            "7",
            r#"{"promptTokensDetails":null}"#,
            r#"{"promptTokensDetails":[{"modality":"IMAGE","tokenCount":-1}]}"#,
        ] {
            let piece = interpret(&format!(
                r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}}}}],"usageMetadata":{usage}}}"#
            ));
            let read = piece.map(|piece| (piece.text, piece.document_tokens));
            assert!(read == Ok(("a".to_owned(), None)), "{usage}");
        }
    }

    #[test]
    fn text_is_collected_without_thoughts() {
        let piece = interpret(
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"a"},{"text":"b"},{"inlineData":{}}]}}],"modelVersion":"m-1","usageMetadata":{"totalTokenCount":3,"promptTokensDetails":[{"modality":"TEXT","tokenCount":7},{"modality":"DOCUMENT","tokenCount":5},{"modality":"IMAGE","tokenCount":6},{"modality":"NEW"}]}}"#,
        );
        assert!(
            piece
                == Ok(Piece {
                    text: "ab".into(),
                    finish: None,
                    model: Some("m-1".into()),
                    document_tokens: Some(11)
                })
        );
    }

    #[test]
    fn every_finish_reason_is_known_or_other() {
        let check = |reason: &str, expected: Finish| {
            let piece = interpret(&format!(r#"{{"candidates":[{{"finishReason":"{reason}"}}]}}"#)).unwrap();
            assert_eq!(piece.finish, Some(expected));
        };
        check("STOP", Finish::Stop);
        check("MAX_TOKENS", Finish::MaxTokens);
        check("RECITATION", Finish::Recitation);
        for blocked in ["SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"] {
            check(blocked, Finish::Blocked(blocked.into()));
        }
        for other in [
            "LANGUAGE",
            "OTHER",
            "MALFORMED_FUNCTION_CALL",
            "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS",
            "NO_IMAGE",
            "BRAND_NEW",
        ] {
            check(other, Finish::Other(other.into()));
        }
    }

    #[test]
    fn a_refused_prompt_and_an_error_event_are_found() {
        let piece = interpret(r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#).unwrap();
        assert_eq!(piece.finish, Some(Finish::Blocked("PROHIBITED_CONTENT".into())));
        let overloaded = r#"{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}"#;
        for overloaded in [overloaded, &format!("[{overloaded}]")] {
            assert_eq!(interpret(overloaded).err(), Some(UpstreamError::Overloaded("503 m".into())));
        }
        assert!(matches!(interpret("<html>"), Err(UpstreamError::InvalidAnswer(_))));
        assert!(interpret("{}") == Ok(Piece::default()));
    }

    #[test]
    fn a_failure_does_not_quote_the_answer() {
        let failure = interpret(r#"{"candidates":"the user's document"}"#).err();
        assert!(matches!(&failure, Some(UpstreamError::InvalidAnswer(cause)) if !cause.contains("document")));
    }

    proptest! {
        #[test]
        fn nothing_panics(data in ".{0,120}") {
            let _ = interpret(&data);
        }
    }
}
