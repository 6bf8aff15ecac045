//! One piece of a streamed answer of `generateContent`, interpreted.

use serde::Deserialize;
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

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    model_version: Option<String>,
    usage_metadata: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Usage {
    prompt_tokens_details: Vec<Tokens>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Tokens {
    modality: String,
    token_count: u64,
}

impl Usage {
    /// Pages are counted as `DOCUMENT` or, since Gemini 3, as `IMAGE`; the text of the question is not one of them.
    fn document_tokens(&self) -> Option<u64> {
        let of_document = |tokens: &&Tokens| matches!(tokens.modality.as_str(), "DOCUMENT" | "IMAGE");
        let counts = self.prompt_tokens_details.iter().filter(of_document).map(|tokens| tokens.token_count);
        Some(counts.fold(0, u64::saturating_add)).filter(|sum| *sum > 0)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part {
    text: Option<String>,
    thought: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

/// Interprets the data of one event.
pub fn interpret(data: &str) -> Result<Piece, UpstreamError> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| UpstreamError::InvalidAnswer(format!("not JSON: {error}")))?;
    if let Some(failure) = UpstreamError::from_json(&value) {
        return Err(failure);
    }
    // The error of serde would quote the value.
    let answer: Answer = serde_json::from_value(value)
        .map_err(|_| UpstreamError::InvalidAnswer("not a GenerateContentResponse".to_owned()))?;
    // Figures that cannot be read are none: the answer is as good without them.
    let usage = serde_json::from_value::<Usage>(answer.usage_metadata).ok();
    let document_tokens = usage.as_ref().and_then(Usage::document_tokens);
    let mut piece = Piece { model: answer.model_version, document_tokens, ..Piece::default() };
    if let Some(reason) = answer.prompt_feedback.and_then(|feedback| feedback.block_reason) {
        piece.finish = Some(Finish::Blocked(reason));
    }
    // More than one candidate is never asked for.
    if let Some(candidate) = answer.candidates.into_iter().next() {
        let parts = candidate.content.map(|content| content.parts).unwrap_or_default();
        piece.text = parts.into_iter().filter(|part| !part.thought).filter_map(|part| part.text).collect();
        piece.finish = candidate.finish_reason.map(finish).or(piece.finish);
    }
    Ok(piece)
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
