//! A generation request, parsed as strictly as the real service does: an unknown field is a 400.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::envelope::ApiError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GenerateRequest<'a> {
    #[serde(borrow, default)]
    pub(super) contents: Vec<Content<'a>>,
    #[serde(borrow, default, alias = "system_instruction")]
    #[expect(dead_code, reason = "parsed so that a malformed one is refused")]
    system_instruction: Option<Content<'a>>,
    #[serde(default, alias = "generation_config")]
    pub(super) generation_config: GenerationConfig,
    #[serde(default, alias = "safety_settings")]
    #[expect(dead_code, reason = "accepted, without effect here")]
    safety_settings: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content<'a> {
    #[serde(default, borrow)]
    pub(super) role: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) parts: Vec<Part<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "inline_data")]
    pub(super) inline_data: Option<InlineData<'a>>,
    #[serde(borrow, alias = "file_data")]
    pub(super) file_data: Option<FileData<'a>>,
    thought: IgnoredAny,
    #[serde(alias = "thought_signature")]
    thought_signature: IgnoredAny,
    #[serde(alias = "media_resolution")]
    media_resolution: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InlineData<'a> {
    #[serde(borrow, alias = "mime_type")]
    pub(super) mime_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileData<'a> {
    #[serde(borrow, default, alias = "mime_type")]
    #[expect(dead_code, reason = "the file's own type is the one that counts")]
    mime_type: Cow<'a, str>,
    #[serde(borrow, alias = "file_uri")]
    pub(super) file_uri: Cow<'a, str>,
}

/// Temperature and its kin are deprecated: accepted and ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct GenerationConfig {
    #[serde(alias = "max_output_tokens")]
    pub(super) max_output_tokens: Option<u32>,
    #[serde(alias = "thinking_config")]
    pub(super) thinking_config: ThinkingConfig,
    #[serde(alias = "media_resolution")]
    media_resolution: Option<String>,
    temperature: Option<f64>,
    #[serde(alias = "top_p")]
    top_p: Option<f64>,
    #[serde(alias = "top_k")]
    top_k: Option<f64>,
    #[serde(alias = "candidate_count")]
    candidate_count: Option<u32>,
    #[serde(alias = "stop_sequences")]
    stop_sequences: Vec<String>,
    #[serde(alias = "response_mime_type")]
    response_mime_type: Option<String>,
    seed: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ThinkingConfig {
    #[serde(alias = "thinking_level")]
    pub(super) thinking_level: Option<String>,
    #[serde(alias = "thinking_budget")]
    thinking_budget: Option<i64>,
    #[serde(alias = "include_thoughts")]
    pub(super) include_thoughts: bool,
}

impl<'a> GenerateRequest<'a> {
    pub(super) fn parse(body: &'a [u8], model: &str) -> Result<Self, ApiError> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid_argument(format!("Invalid JSON payload received. {error}")))?;
        if request.contents.is_empty() {
            return Err(ApiError::invalid_argument(
                "* GenerateContentRequest.contents: contents is not specified",
            ));
        }
        let level = request.generation_config.thinking_config.thinking_level.as_deref();
        match level.map(str::to_ascii_lowercase).as_deref() {
            None | Some("low" | "medium" | "high") => Ok(request),
            Some("minimal") if model != "gemini-3.8-flash" => Ok(request),
            Some(other) => Err(ApiError::invalid_argument(format!(
                "Thinking level {} is not supported for this model.",
                other.to_ascii_uppercase()
            ))),
        }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part<'a>> {
        self.contents.iter().flat_map(|content| &content.parts)
    }

    /// What the model had already written, when the request asks it to go on.
    pub(super) fn written_so_far(&self) -> String {
        let turns = self.contents.iter().filter(|content| content.role == "model");
        turns.flat_map(|turn| &turn.parts).filter_map(|part| part.text.as_deref()).collect()
    }

    /// The text of the last turn of the user.
    pub(super) fn instruction(&self) -> String {
        let last = self.contents.iter().rfind(|content| content.role != "model");
        last.into_iter().flat_map(|turn| &turn.parts).filter_map(|part| part.text.as_deref()).collect()
    }
}

/// The pages an instruction restricts itself to: « page 3 », « pages 2 à 4 », "pages 2-4".
pub(super) fn pages_asked(instruction: &str) -> Option<(usize, usize)> {
    let lower = instruction.to_lowercase();
    lower.match_indices("page").find_map(|(at, word)| {
        let rest = lower.get(at + word.len()..)?;
        let mut numbers =
            rest.strip_prefix('s').unwrap_or(rest).trim_start().split_inclusive(char::is_whitespace);
        let first = numbers.next()?;
        let (from, to) = match first.trim_end().split_once(['-', '–']) {
            Some((from, to)) => (number(from)?, number(to)?),
            None => {
                let from = number(first)?;
                let joined =
                    numbers.next().is_some_and(|word| ["à", "to", "et", "and"].contains(&word.trim()));
                (from, if joined { numbers.next().and_then(number).unwrap_or(from) } else { from })
            }
        };
        (from >= 1 && from <= to).then_some((from, to))
    })
}

fn number(text: &str) -> Option<usize> {
    text.trim().trim_end_matches(|character: char| !character.is_ascii_digit()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_from_the_instruction() {
        for (instruction, expected) in [
            ("Transcris uniquement la page 3.", Some((3, 3))),
            ("Transcris les pages 2 à 4, rien d'autre", Some((2, 4))),
            ("Only pages 5-7", Some((5, 7))),
            ("Transcris chaque page", None),
            ("une ligne vide entre les questions", None),
        ] {
            assert_eq!(pages_asked(instruction), expected, "{instruction}");
        }
    }

    #[test]
    fn an_unknown_field_and_a_level_that_the_model_lacks_are_refused() {
        let ok = r#"{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"temperature":0.2}}"#;
        assert!(GenerateRequest::parse(ok.as_bytes(), "gemini-3.8-flash").is_ok());
        let minimal = r#"{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"thinkingConfig":{"thinkingLevel":"minimal"}}}"#;
        assert!(GenerateRequest::parse(minimal.as_bytes(), "gemini-3.8-flash").is_err());
        assert!(GenerateRequest::parse(minimal.as_bytes(), "gemini-3.5-flash").is_ok());
        let unknown = r#"{"contents":[{"parts":[{"text":"a"}]}],"generationConfg":{}}"#;
        assert!(GenerateRequest::parse(unknown.as_bytes(), "gemini-3.8-flash").is_err());
    }
}
