//! From a request to an answer: which text, why it ends, and in which envelope it travels.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};

use super::Api;
use super::envelope::{ApiError, JSON, is_model};
use super::fault::Fault;
use super::request::{GenerateRequest, pages_asked};
use crate::answer::{Answer, Outcome};
use crate::latex;
use crate::pdf::{self, PAGES_MAX, Unreadable};

/// A stream has at most this many pieces of text, so that a long document is not slow for its own sake.
const PIECES_MAX: usize = 24;
const PIECE_CHARACTERS_MIN: usize = 160;
const PIECE_PACE: Duration = Duration::from_millis(15);
/// Google counts about this many for a page at medium resolution.
const TOKENS_PER_PAGE: usize = 560;
const CHARACTERS_PER_TOKEN: usize = 4;

/// How the reply is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapping {
    Single,
    Array,
    Sse,
}

/// What the model says, before it is wrapped.
struct Generation {
    text: String,
    finish: String,
    pages: usize,
    thought: bool,
    block: Option<String>,
    error_at_end: bool,
}

impl Api {
    pub(super) fn generate(&self, parts: &Parts, model: &str, verb: &str, body: &[u8]) -> Outcome {
        let wrapping = match verb {
            "generateContent" => Wrapping::Single,
            "streamGenerateContent" if parts.uri.query().unwrap_or("").contains("alt=sse") => Wrapping::Sse,
            "streamGenerateContent" => Wrapping::Array,
            _ => return ApiError::method_not_found().into_answer(false).into(),
        };
        let in_array = wrapping == Wrapping::Array;
        if !is_model(model) {
            return ApiError::no_model(model).into_answer(in_array).into();
        }
        let fault = self.fault_for(model);
        if let Some(error) = fault.as_ref().and_then(|fault| fault.refusal(model)) {
            return error.into_answer(in_array).into();
        }
        let answer = match self.compose(model, body, fault.as_ref()) {
            Ok(generation) => wrap(&generation, model, wrapping),
            Err(error) => error.into_answer(in_array),
        };
        match fault {
            Some(Fault::Wire(fault)) => fault.apply(answer),
            _ => answer.into(),
        }
    }

    fn compose(&self, model: &str, body: &[u8], fault: Option<&Fault>) -> Result<Generation, ApiError> {
        let request = GenerateRequest::parse(body, model)?;
        let pages = self.pages(&request)?;
        let instruction = request.instruction();
        let whole = latex::document(&pages, 1);
        let (text, from, to) = match written(&whole, &request.written_so_far(), &instruction) {
            Some(written) => (rest_of(&whole, &written), 1, pages.len()),
            None => {
                let (from, to) = pages_asked(&instruction).unwrap_or((1, pages.len()));
                let asked = pages.get(from - 1..to.min(pages.len())).unwrap_or_default();
                (latex::document(asked, from), from, to)
            }
        };
        let mut generation = Generation {
            text,
            finish: "STOP".into(),
            pages: pages.len(),
            thought: request.generation_config.thinking_config.include_thoughts,
            block: None,
            error_at_end: false,
        };
        if let Some(fault) = fault {
            generation.depart(fault, from, to);
        }
        if let Some(limit) = request.generation_config.max_output_tokens {
            generation.limit(limit as usize * CHARACTERS_PER_TOKEN);
        }
        Ok(generation)
    }

    /// The pages of the PDF in the request; none when it carries none.
    fn pages(&self, request: &GenerateRequest<'_>) -> Result<Vec<pdf::Page>, ApiError> {
        for part in request.parts() {
            let bytes = if let Some(inline) = &part.inline_data {
                if inline.mime_type != "application/pdf" {
                    let message = format!("Unsupported MIME type: {}", inline.mime_type);
                    return Err(ApiError::invalid_argument(message));
                }
                let decoded = STANDARD.decode(inline.data.as_bytes());
                decoded
                    .map_err(|_| ApiError::invalid_argument("Base64 decoding failed for inline data."))?
                    .into()
            } else if let Some(file) = &part.file_data {
                self.files.bytes(&file.file_uri)?
            } else {
                continue;
            };
            return pdf::read(&bytes).map_err(|unreadable| match unreadable {
                Unreadable::NoPages => ApiError::no_pages(),
                Unreadable::TooManyPages(count) => ApiError::invalid_argument(format!(
                    "The document contains {count} pages which exceeds the supported page limit of {PAGES_MAX}."
                )),
            });
        }
        Ok(Vec::new())
    }
}

impl Generation {
    fn depart(&mut self, fault: &Fault, from: usize, to: usize) {
        match fault {
            Fault::Blocked(reason) => self.block = Some(reason.clone()),
            Fault::Finish(reason) => self.stop_after(0, reason),
            Fault::FinishAfter(lines, reason) => self.stop_after(*lines, reason),
            Fault::RecitationOnPage(page) if (from..=to).contains(page) => self.stop_after(0, "RECITATION"),
            Fault::Thoughts => self.thought = true,
            Fault::ErrorAfter(lines) => {
                self.stop_after(*lines, "STOP");
                self.error_at_end = true;
            }
            Fault::Fenced => {
                self.text = format!(
                    "Voici le code LaTeX complet :\n\n```latex\n{}```\n\nN'hésitez pas si vous avez des questions !\n",
                    self.text
                );
            }
            Fault::Repetition => {
                self.stop_after(self.text.lines().count().saturating_sub(1), "MAX_TOKENS");
                self.text
                    .push_str(&"La solution est donc unique et la solution est donc unique.\n".repeat(200));
            }
            Fault::Text(text) => self.text.clone_from(text),
            _ => {}
        }
    }

    fn stop_after(&mut self, lines: usize, reason: &str) {
        self.text = self.text.split_inclusive('\n').take(lines).collect();
        reason.clone_into(&mut self.finish);
    }

    fn limit(&mut self, characters: usize) {
        if let Some((end, _)) = self.text.char_indices().nth(characters) {
            self.text.truncate(end);
            self.finish = "MAX_TOKENS".into();
        }
    }

    fn usage(&self) -> Value {
        let prompt = self.pages * TOKENS_PER_PAGE + 200;
        let written = self.text.chars().count().div_ceil(CHARACTERS_PER_TOKEN);
        let thoughts = 64;
        json!({
            "promptTokenCount": prompt,
            "candidatesTokenCount": written,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": prompt + written + thoughts,
        })
    }

    /// One `GenerateContentResponse`; only the last one says why the text ends.
    fn response(&self, model: &str, parts: &[Value], last: bool) -> Value {
        let mut response =
            json!({ "usageMetadata": self.usage(), "modelVersion": model, "responseId": "mock" });
        if let Some(reason) = &self.block {
            response["promptFeedback"] = json!({ "blockReason": reason });
            return response;
        }
        let mut candidate = json!({ "index": 0 });
        if !parts.is_empty() {
            candidate["content"] = json!({ "role": "model", "parts": parts });
        }
        if last {
            candidate["finishReason"] = json!(self.finish);
        }
        response["candidates"] = json!([candidate]);
        response
    }
}

/// What the request says was written before: a turn of the model, or lines of the document quoted by the user.
fn written(whole: &str, by_model: &str, instruction: &str) -> Option<String> {
    if !by_model.trim().is_empty() {
        return Some(by_model.to_owned());
    }
    let is_quoted = |line: &str| line.len() > 3 && whole.lines().any(|known| known == line);
    let quoted: Vec<&str> = instruction.lines().filter(|line| is_quoted(line)).collect();
    (!quoted.is_empty()).then(|| quoted.join("\n"))
}

/// What is still to be written after `written`: from the end of its last line that is in the document.
fn rest_of(whole: &str, written: &str) -> String {
    let written = written.trim_end();
    for line in written.lines().rev().filter(|line| !line.trim().is_empty()) {
        if let Some(at) = whole.rfind(line) {
            return whole.get(at + line.len()..).unwrap_or_default().trim_start_matches('\n').to_owned();
        }
    }
    whole.to_owned()
}

fn wrap(generation: &Generation, model: &str, wrapping: Wrapping) -> Answer {
    let mut parts = Vec::new();
    if generation.thought {
        parts.push(json!({ "text": "Je lis les pages l'une après l'autre.", "thought": true }));
    }
    if wrapping == Wrapping::Single {
        if !generation.text.is_empty() {
            parts.push(json!({ "text": generation.text }));
        }
        let body = generation.response(model, &parts, true);
        return Answer::new(StatusCode::OK, JSON, format!("{body:#}"));
    }
    parts.extend(pieces(&generation.text).into_iter().map(|text| json!({ "text": text })));
    let count = parts.len();
    let mut responses: Vec<Value> = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| {
            let last = at + 1 == count && !generation.error_at_end;
            generation.response(model, &[part], last)
        })
        .collect();
    if generation.error_at_end {
        responses.push(ApiError::new(500, "INTERNAL", "An internal error has occurred.").to_json());
    } else if responses.is_empty() || generation.block.is_some() {
        responses = vec![generation.response(model, &[], true)];
    }
    stream(&responses, wrapping)
}

fn stream(responses: &[Value], wrapping: Wrapping) -> Answer {
    if wrapping == Wrapping::Sse {
        let events = responses.iter().map(|response| Bytes::from(format!("data: {response}\r\n\r\n")));
        return Answer::stream("text/event-stream", events, PIECE_PACE);
    }
    let last = responses.len().saturating_sub(1);
    let items = responses.iter().enumerate().map(|(at, response)| {
        let (before, after) = (if at == 0 { "[" } else { ",\r\n" }, if at == last { "]" } else { "" });
        Bytes::from(format!("{before}{response:#}{after}"))
    });
    Answer::stream(JSON, items, PIECE_PACE)
}

/// Cuts anywhere, also inside a command or a word, as a model's tokens do.
fn pieces(text: &str) -> Vec<String> {
    let size = text.chars().count().div_ceil(PIECES_MAX).max(PIECE_CHARACTERS_MIN);
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_starts_after_the_last_line_already_written() {
        let whole = "un\ndeux\ntrois\nquatre\n";
        assert_eq!(rest_of(whole, "un\ndeux\n"), "trois\nquatre\n");
        assert_eq!(rest_of(whole, "un\ndeux\ntro"), "is\nquatre\n");
        assert_eq!(rest_of(whole, "inconnu"), whole);
    }

    #[test]
    fn quoted_lines_are_a_continuation_and_an_instruction_is_not() {
        let whole = "% --- Page 1 ---\nExercice 1\nRésoudre.\n% --- Page 2 ---\nConclure.\n";
        let quoting = "Voici la fin :\n\n% --- Page 1 ---\nExercice 1\nRésoudre.\n\nReprends.";
        assert_eq!(
            written(whole, "", quoting).map(|written| rest_of(whole, &written)).as_deref(),
            Some("% --- Page 2 ---\nConclure.\n")
        );
        assert_eq!(written(whole, "", "Transcris la page 2."), None);
        assert_eq!(written(whole, "Exercice 1", "Continue."), Some("Exercice 1".to_owned()));
    }

    #[test]
    fn pieces_hold_the_whole_text() {
        for text in ["", "é", &"à la ligne\n".repeat(2000)] {
            let pieces = pieces(text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.len() <= PIECES_MAX);
        }
    }
}
