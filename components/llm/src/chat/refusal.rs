//! Why the chat API refuses: by its status, and by what the body says.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::upstream::UpstreamError;

/// Longest name of a failure in the log, in bytes.
const NAME_BYTES_MAX: usize = 48;

/// Interprets a reply that is not a success. The body may be anything.
#[must_use]
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> UpstreamError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if is_about_length(&body) {
        return UpstreamError::ContextExceeded;
    }
    match status.as_u16() {
        // 402 and this 429: the operator's account is empty.
        402 => UpstreamError::KeyRefused(402),
        429 if name(&body).contains("insufficient_quota") => UpstreamError::KeyRefused(429),
        // The model or the address.
        405 => UpstreamError::NotFound(405),
        code => UpstreamError::of_status(code, headers),
    }
}

/// The failure in an event or a body, if it is one.
pub(super) fn reported(event: &Value) -> Option<UpstreamError> {
    let is_bare = event.get("choices").is_none() && event.get("message").is_some_and(Value::is_string);
    let has_error = event.get("error").is_some_and(|error| !error.is_null());
    if !has_error && !is_bare {
        return None;
    }
    if is_about_length(event) {
        return Some(UpstreamError::ContextExceeded);
    }
    let name = name(event);
    Some(match name.contains("429") || name.contains("rate_limit") {
        true => UpstreamError::Busy { retry_after_seconds: None },
        false => UpstreamError::Reported(name),
    })
}

/// The object that describes the failure.
fn described(body: &Value) -> &Value {
    body.get("error").filter(|error| !error.is_null()).unwrap_or(body)
}

/// Type and code of the failure, as far as they are names. Its sentence may quote the question or the key, so it goes
/// nowhere.
fn name(body: &Value) -> String {
    let is_name = |text: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        text.len() <= NAME_BYTES_MAX && text.bytes().all(is_part)
    };
    let part = |key: &str| match described(body).get(key)? {
        Value::String(text) => Some(text.clone()).filter(|text| is_name(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    ["type", "code"].into_iter().filter_map(part).collect::<Vec<_>>().join(" ")
}

fn is_about_length(body: &Value) -> bool {
    let name = name(body);
    let sentence = described(body).get("message").and_then(Value::as_str).unwrap_or_default();
    name.contains("context_length_exceeded")
        || name.contains("exceed_context_size")
        || ["maximum context length", "available context size", "too large for model"]
            .iter()
            .any(|words| sentence.contains(words))
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use UpstreamError as E;

    #[test]
    fn every_refusal_has_its_meaning() {
        let busy = |retry_after_seconds| E::Busy { retry_after_seconds };
        for (status, retry_after, body, expected) in [
            (302, "", "", E::Redirected(302)),
            (400, "", "{}", E::Status(400)),
            (400, "", r#"{"error":{"code":"context_length_exceeded","message":""}}"#, E::ContextExceeded),
            (
                400,
                "",
                r#"{"error":{"code":400,"message":"request (5011 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5011,"n_ctx":4096}}"#,
                E::ContextExceeded,
            ),
            (
                400,
                "",
                r#"{"object":"error","message":"This model's maximum context length is 4096 tokens."}"#,
                E::ContextExceeded,
            ),
            (
                400,
                "",
                r#"{"message":"Prompt contains 9 tokens, too large for model with 8 maximum context length"}"#,
                E::ContextExceeded,
            ),
            (401, "", r#"{"error":{"message":"Incorrect API key provided: sk-…"}}"#, E::KeyRefused(401)),
            (402, "", "", E::KeyRefused(402)),
            (403, "", "", E::KeyRefused(403)),
            (
                404,
                "",
                r#"{"error":{"message":"model \"m\" not found","type":"not_found_error"}}"#,
                E::NotFound(404),
            ),
            (405, "", "", E::NotFound(405)),
            (408, "", "", E::TimedOut(408)),
            (422, "", r#"{"detail":[{"loc":["body","messages"]}]}"#, E::Status(422)),
            (429, "7", "", busy(Some(7))),
            (429, "Wed, 21 Oct 2026 07:28:00 GMT", "", busy(None)),
            (
                429,
                "",
                r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#,
                E::KeyRefused(429),
            ),
            (500, "", r#"{"error":{"message":"x","type":"api_error"}}"#, E::Status(500)),
            (
                503,
                "",
                r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#,
                E::Unavailable,
            ),
            (504, "", "<html>", E::TimedOut(504)),
        ] {
            let mut headers = HeaderMap::new();
            if !retry_after.is_empty() {
                headers.insert(header::RETRY_AFTER, retry_after.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, &headers, body.as_bytes()), expected, "{status} {body}");
        }
    }
}
