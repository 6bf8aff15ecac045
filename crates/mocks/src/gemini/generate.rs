//! From a request to an answer: which text, why it ends, and the events in which it is sent.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::Gemini;
use super::api_error::ApiError;
use super::document;
use super::fault::Fault;
use super::picture;
use super::request::{GenerateRequest, Part, page_asked};
use crate::answer::Answer;
use crate::text_layer::{self, PAGES_MAX, Unreadable};

/// A stream has at most this many pieces of text, so that a long document is not slow for its own sake.
const PIECES_MAX: usize = 24;
const PIECE_CHARACTERS_MIN: usize = 160;
const PIECE_PACE: Duration = Duration::from_millis(15);

const PDF: &str = "application/pdf";
/// What one page of a PDF takes at the medium resolution.
const TOKENS_PER_PAGE: usize = 560;
/// Of French text and of LaTeX, about.
const CHARACTERS_PER_TOKEN: usize = 4;

/// What the model answers.
struct Generation {
    text: String,
    finish: String,
    thought: bool,
    block: Option<String>,
    error_at_end: bool,
    /// Of the document.
    tokens: usize,
    /// Of the rules and the question.
    text_tokens: usize,
}

impl Gemini {
    pub(super) fn generate(
        &self,
        model: &str,
        body: &[u8],
        fault: Option<&Fault>,
    ) -> Result<Answer, ApiError> {
        let request = GenerateRequest::parse(body)?;
        let (pages, tokens) = self.pages(&request)?;
        let question = request.question();
        let asked = page_asked(&question);
        let whole = match asked {
            None => document::latex(&pages, 1),
            // The page alone was sent.
            Some(page) if pages.len() == 1 => document::latex(&pages, page),
            Some(page) => document::latex(
                page.checked_sub(1).and_then(|at| pages.get(at..=at)).unwrap_or_default(),
                page,
            ),
        };
        let text = rest_of(&whole, &question).unwrap_or(&whole).to_owned();
        let mut generation = Generation {
            text,
            finish: "STOP".into(),
            thought: false,
            block: None,
            error_at_end: false,
            tokens,
            text_tokens: request.text_characters() / CHARACTERS_PER_TOKEN,
        };
        if let Some(fault) = fault {
            generation.depart(fault, asked);
        }
        Ok(generation.stream(model))
    }

    /// The text of the pages in the request, file by file, and the tokens that they take.
    fn pages(&self, request: &GenerateRequest<'_>) -> Result<(Vec<String>, usize), ApiError> {
        let (mut pages, mut tokens) = (Vec::new(), 0);
        for part in request.parts() {
            let (mime_type, bytes) = match part {
                Part::Text(_) => continue,
                Part::InlineData { mime_type, data } => {
                    let decoded = STANDARD.decode(data.as_bytes());
                    let invalid = |_| ApiError::invalid("Base64 decoding failed for inline data.");
                    (mime_type, decoded.map_err(invalid)?.into())
                }
                Part::FileData { mime_type, file_uri } => (mime_type, self.files.bytes(file_uri, mime_type)?),
            };
            if mime_type == PDF {
                let read = text_layer::pages(&bytes).map_err(refusal)?;
                tokens += read.len() * TOKENS_PER_PAGE;
                pages.extend(read);
            } else if picture::is_picture(mime_type) {
                tokens += if request.is_medium() { picture::TOKENS_MEDIUM } else { picture::TOKENS };
                pages.push(picture::text(mime_type, &bytes)?);
            } else {
                return Err(ApiError::invalid(format!("Unsupported MIME type: {mime_type}")));
            }
        }
        Ok((pages, tokens))
    }
}

fn refusal(unreadable: Unreadable) -> ApiError {
    match unreadable {
        Unreadable::NoPages => ApiError::no_pages(),
        Unreadable::TooManyPages(count) => ApiError::invalid(format!(
            "The document contains {count} pages which exceeds the supported page limit of {PAGES_MAX}."
        )),
    }
}

/// What follows the last line of `whole` that the question quotes, when it quotes one.
fn rest_of<'a>(whole: &'a str, question: &str) -> Option<&'a str> {
    let quoted = question.trim_end().lines().rev().filter(|line| line.len() > 3);
    let end = quoted.into_iter().find_map(|line| whole.rfind(line).map(|at| at + line.len()))?;
    whole.get(end..).map(|rest| rest.trim_start_matches('\n'))
}

impl Generation {
    /// `asked` is the one page that the question is about; without it, all of them.
    fn depart(&mut self, fault: &Fault, asked: Option<usize>) {
        match fault {
            Fault::Blocked(reason) => self.block = Some(reason.clone()),
            Fault::FinishAfter(lines, reason) => self.stop_after(*lines, reason),
            Fault::RecitationOnPage(page) if asked.is_none_or(|asked| asked == *page) => {
                self.stop_after(0, "RECITATION");
            }
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

    fn usage(&self) -> Value {
        let details = [
            json!({ "modality": "TEXT", "tokenCount": self.text_tokens }),
            json!({ "modality": "IMAGE", "tokenCount": self.tokens }),
        ];
        json!({ "promptTokenCount": self.tokens + self.text_tokens, "promptTokensDetails": details })
    }

    fn stream(&self, model: &str) -> Answer {
        let mut events: Vec<Value> = Vec::new();
        if let Some(reason) = &self.block {
            events.push(json!({ "promptFeedback": { "blockReason": reason }, "modelVersion": model }));
        } else {
            let thought = self.thought.then(|| json!({ "text": "Je lis les pages.", "thought": true }));
            let texts = pieces(&self.text).into_iter().map(|text| json!({ "text": text }));
            events.extend(thought.into_iter().chain(texts).map(|part| {
                json!({ "candidates": [{ "content": { "role": "model", "parts": [part] } }], "modelVersion": model })
            }));
            // The real service repeats it in each event.
            if let Some(first) = events.first_mut().filter(|_| self.tokens > 0) {
                first["usageMetadata"] = self.usage();
            }
            if self.error_at_end {
                events.push(ApiError::internal().to_json());
            } else {
                // The last event of the text says why it ends; an empty answer has this event alone.
                let last = json!({ "candidates": [{}], "modelVersion": model });
                let mut last = events.pop().unwrap_or(last);
                last["candidates"][0]["finishReason"] = json!(self.finish);
                if self.tokens > 0 {
                    last["usageMetadata"] = self.usage();
                    let tokens = self.text.chars().count() / CHARACTERS_PER_TOKEN;
                    last["usageMetadata"]["candidatesTokenCount"] = json!(tokens);
                }
                events.push(last);
            }
        }
        let events = events.iter().map(|event| Bytes::from(format!("data: {event}\r\n\r\n"))).collect();
        Answer::stream("text/event-stream", events, PIECE_PACE)
    }
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
    fn a_continuation_starts_after_the_last_line_that_the_question_quotes() {
        let whole = "\\section*{Page 1}\nExercice 1\nRésoudre.\nConclure.\n";
        for (question, expected) in [
            ("Voici :\n\nExercice 1\nRésoudre.\n\nReprends.", Some("Conclure.\n")),
            ("Voici :\n\nExercice 1\nRés\n\nReprends.", Some("oudre.\nConclure.\n")),
            ("Transcris la page 2.", None),
        ] {
            assert_eq!(rest_of(whole, question), expected, "{question}");
        }
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
