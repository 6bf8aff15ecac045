//! Finds the model's text in the forms in which scenarios return it: bare, a JSON string, `{code, explanation}`, an object
//! with one known key, a provider's whole reply; and invalid JSON that a scenario builds around unescaped text.

use serde_json::{Map, Value};

use crate::answer::{self, Answer, Block, Place};
use crate::upstream::UpstreamError;

/// Keys under which scenarios put the text, the most frequent first.
const TEXT_KEYS: [&str; 9] =
    ["response", "answer", "text", "content", "result", "message", "output_text", "output", "value"];
/// The greatest depth of nested JSON. A bundle around a provider's reply needs four levels.
const DEPTH_MAX: usize = 6;

/// The answer inside a body.
///
/// # Errors
/// [`UpstreamError::ProviderError`] for JSON that contains only an error, [`UpstreamError::Empty`] and
/// [`UpstreamError::OnlyAccepted`] for such a text, [`UpstreamError::Unreadable`] for JSON without any text.
pub(super) fn open(body: &str) -> Result<Answer, UpstreamError> {
    match serde_json::from_str::<Value>(body) {
        Ok(value) if !matches!(value, Value::Number(_) | Value::Bool(_)) => unwrap(&value, DEPTH_MAX),
        // A number can be an answer (`42`), and what is not JSON is text.
        _ => from_text(body.trim()),
    }
}

fn unwrap(value: &Value, depth: usize) -> Result<Answer, UpstreamError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(UpstreamError::Unreadable("JSON too deep"));
    };
    match value {
        Value::String(text) => parse(text),
        // A bundle is a list. A list of parts is one text in pieces.
        Value::Array(items) => match (items.as_slice(), parts(items)) {
            ([only], None) => unwrap(only, depth),
            (_, Some(text)) => parse(&text),
            _ => Err(UpstreamError::Unreadable("a JSON list without text")),
        },
        Value::Object(object) => from_object(object, depth),
        _ => Err(UpstreamError::Unreadable("JSON without text")),
    }
}

fn from_text(text: &str) -> Result<Answer, UpstreamError> {
    if let Some((code, explanation)) = unescaped_pair(text) {
        return split(code, explanation);
    }
    parse(unescaped_text(text).unwrap_or(text))
}

fn parse(text: &str) -> Result<Answer, UpstreamError> {
    match text.trim() {
        "" => Err(UpstreamError::Empty),
        "Accepted" => Err(UpstreamError::OnlyAccepted),
        text => match pair_in_text(text) {
            Some((code, explanation)) => split(&code, &explanation),
            None => Ok(answer::parse(text)),
        },
    }
}

/// Code and explanation from a model whose prompt asks for JSON. The JSON may be in a fence.
fn pair_in_text(text: &str) -> Option<(String, String)> {
    let bare = text.strip_prefix("```json").or_else(|| text.strip_prefix("```")).unwrap_or(text);
    let bare = bare.strip_suffix("```").unwrap_or(bare).trim();
    let object: Map<String, Value> = serde_json::from_str(bare).ok()?;
    let text = |key: &str| object.get(key)?.as_str().map(str::to_owned);
    Some((text("code")?, text("explanation").or_else(|| text("explication"))?))
}

fn from_object(object: &Map<String, Value>, depth: usize) -> Result<Answer, UpstreamError> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if let Some(code) = text("code").filter(|_| !object.contains_key("error")) {
        return split(code, text("explanation").or_else(|| text("explication")).unwrap_or_default());
    }
    // `choices` is OpenAI's form, `candidates` Gemini's. Anthropic and OpenAI's Responses API use the keys below.
    let first = |key: &str| object.get(key).and_then(Value::as_array).and_then(|items| items.first());
    if let Some(choice) = first("choices") {
        return unwrap(choice.get("message").or_else(|| choice.get("text")).unwrap_or(choice), depth);
    }
    if let Some(candidate) = first("candidates") {
        return unwrap(candidate.get("content").unwrap_or(candidate), depth);
    }
    let inner = TEXT_KEYS.iter().chain(&["parts", "data", "body"]).find_map(|key| object.get(*key));
    match inner.filter(|value| !value.is_null()) {
        Some(value) => unwrap(value, depth),
        None if object.contains_key("error") || object.contains_key("errors") => {
            Err(UpstreamError::ProviderError)
        }
        None => Err(UpstreamError::Unreadable("JSON without a known key")),
    }
}

/// Code and explanation in separate fields. The code may have a fence, the explanation a marker. When the code field is
/// empty, the explanation may contain the code.
fn split(code: &str, explanation: &str) -> Result<Answer, UpstreamError> {
    if code.trim().is_empty() {
        return parse(explanation);
    }
    let code = answer::parse_code(code);
    let mut rest = answer::parse(explanation);
    rest.blocks.iter_mut().for_each(|block| block.place = Place::Explanation);
    rest.blocks.insert(0, Block { language: "python".to_owned(), code: code.clone(), place: Place::Code });
    Ok(Answer { code, explanation: answer::parse_explanation(explanation), blocks: rest.blocks })
}

/// One text in pieces: `[{"type":"text","text":…}, …]`, without a model's thoughts. `None` for another list.
fn parts(items: &[Value]) -> Option<String> {
    let is_thought = |item: &Value| item.get("thought").and_then(Value::as_bool).unwrap_or(false);
    let mut texts = Vec::new();
    for item in items.iter().filter(|item| !is_thought(item)) {
        match item.get("text").and_then(Value::as_str) {
            Some(text) => texts.push(text),
            // Reasoning and tool calls are parts without text.
            None if item.get("type").is_some() && item.get("content").is_none() => {}
            None => return None,
        }
    }
    (!texts.is_empty()).then(|| texts.concat())
}

/// The text in `{"response": "…"}` that a scenario built without escaping the text.
fn unescaped_text(body: &str) -> Option<&str> {
    let inner = body.strip_prefix('{')?.strip_suffix('}')?.trim();
    let (key, value) = inner.strip_prefix('"')?.split_once('"')?;
    TEXT_KEYS.contains(&key).then_some(())?;
    value.trim_start().strip_prefix(':')?.trim().strip_prefix('"')?.strip_suffix('"')
}

/// The two texts in `{"code": "…", "explanation": "…"}` that a scenario built in the same way.
fn unescaped_pair(body: &str) -> Option<(&str, &str)> {
    let inner = body.strip_prefix('{')?.strip_suffix('}')?.trim();
    let code =
        inner.strip_prefix("\"code\"")?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    // The last one, because the code may contain the word too.
    let (code, explanation) = code.rsplit_once("\"explanation\"")?;
    let code = code.trim_end().strip_suffix(',')?.trim_end().strip_suffix('"')?;
    let explanation = explanation.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some((code, explanation.strip_suffix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "Voici :\n```python\nprint(\"é\")\n```\n**Explication :** a";

    #[track_caller]
    fn check(body: &str, code: &str, explanation: &str) {
        let answer = open(body).unwrap();
        assert_eq!((answer.code.as_str(), answer.explanation.as_str()), (code, explanation), "{body}");
    }

    #[test]
    fn the_same_text_is_found_in_every_form() {
        check(TEXT, "print(\"é\")", "a");
        for body in [
            json!(TEXT),
            json!([TEXT]),
            json!({ "response": TEXT }),
            json!({ "answer": TEXT }),
            json!({ "text": TEXT }),
            json!({ "content": TEXT }),
            json!({ "result": TEXT }),
            json!({ "message": TEXT }),
            json!([{ "response": TEXT }]),
            json!({ "data": { "result": TEXT } }),
            json!({ "id": "x", "choices": [{ "message": { "role": "assistant", "content": TEXT } }] }),
            json!({ "choices": [{ "text": TEXT }] }),
            json!({ "choices": [{ "message": { "content": [{ "type": "text", "text": TEXT }] } }] }),
            json!({ "candidates": [{ "content": { "parts": [
                { "text": "je réfléchis", "thought": true }, { "text": &TEXT[..20] }, { "text": &TEXT[20..] }
            ] }, "finishReason": "STOP" }] }),
            json!({ "type": "message", "content": [{ "type": "thinking", "thinking": "…" }, { "type": "text", "text": TEXT }] }),
            json!({ "output": [{ "type": "message", "content": [{ "type": "output_text", "text": TEXT }] }] }),
            json!({ "value": TEXT }),
        ] {
            check(&body.to_string(), "print(\"é\")", "a");
        }
    }

    #[test]
    fn code_and_explanation_can_be_separate_fields() {
        for body in [
            json!({ "code": "x = 1", "explanation": "a" }),
            json!({ "code": "```python\nx = 1\n```", "explanation": "**Explication :** a" }),
            json!({ "code": "\nx = 1\n", "explication": "a" }),
            json!([{ "code": "x = 1", "explanation": "a" }]),
        ] {
            check(&body.to_string(), "x = 1", "a");
        }
        check(&json!({ "code": "x = 1" }).to_string(), "x = 1", "");
        check(&json!({ "code": "", "explanation": TEXT }).to_string(), "print(\"é\")", "a");
        assert_eq!(open(&json!({ "code": "", "explanation": "" }).to_string()), Err(UpstreamError::Empty));
    }

    #[test]
    fn json_from_the_model_itself_is_read() {
        let pair = json!({ "code": "x = 1", "explanation": "a" }).to_string();
        check(&json!(pair).to_string(), "x = 1", "a");
        check(&json!({ "response": format!("```json\n{pair}\n```") }).to_string(), "x = 1", "a");
        check(&format!("```json\n{pair}\n```"), "x = 1", "a");
        // JSON inside an answer is part of the answer.
        check("Voici :\n```json\n{\"code\": 1}\n```", "", "Voici :");
    }

    #[test]
    fn invalid_json_around_unescaped_text_is_read() {
        check(&format!("{{\"response\": \"{TEXT}\"}}"), "print(\"é\")", "a");
        check(&format!("{{\n  \"message\" : \"{TEXT}\"\n}}"), "print(\"é\")", "a");
        check(
            "{\"code\": \"print(\"a\")\nx = 1\",\n \"explanation\" : \"on \"affiche\"\"}",
            "print(\"a\")\nx = 1",
            "on \"affiche\"",
        );
        // Other invalid JSON is text.
        check("{\"code\": \"x = 1\", ", "", "{\"code\": \"x = 1\",");
        check("{'a': 1}", "", "{'a': 1}");
        check("42", "", "42");
    }

    #[test]
    fn json_without_an_answer_is_an_error() {
        for (body, expected) in [
            (json!({ "error": { "message": "quota" } }), UpstreamError::ProviderError),
            (json!({ "error": "quota", "code": "rate_limit" }), UpstreamError::ProviderError),
            (json!({ "errors": [] }), UpstreamError::ProviderError),
            (json!({ "response": "" }), UpstreamError::Empty),
            (json!({ "response": "Accepted" }), UpstreamError::OnlyAccepted),
            (json!({ "status": "ok" }), UpstreamError::Unreadable("JSON without a known key")),
            (json!({}), UpstreamError::Unreadable("JSON without a known key")),
            (json!([]), UpstreamError::Unreadable("a JSON list without text")),
            (json!(null), UpstreamError::Unreadable("JSON without text")),
            (json!({ "response": 4 }), UpstreamError::Unreadable("JSON without text")),
            (
                json!({"data":{"data":{"data":{"data":{"data":{"data":{"text":"x"}}}}}}}),
                UpstreamError::Unreadable("JSON too deep"),
            ),
        ] {
            assert_eq!(open(&body.to_string()), Err(expected), "{body}");
        }
    }
}
