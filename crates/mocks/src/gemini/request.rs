//! A generation request, parsed more strictly than the real service does: any field that Atelier has no reason to
//! send is a 400.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::api_error::ApiError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GenerateRequest<'a> {
    #[serde(borrow)]
    contents: Vec<Content<'a>>,
    #[serde(borrow)]
    system_instruction: Option<Content<'a>>,
    #[serde(default)]
    generation_config: GenerationConfig,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<'a> {
    #[serde(default, rename = "role")]
    _role: IgnoredAny,
    #[serde(borrow)]
    parts: Vec<Part<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Part<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    #[serde(rename_all = "camelCase")]
    InlineData {
        #[serde(borrow)]
        mime_type: Cow<'a, str>,
        #[serde(borrow)]
        data: Cow<'a, str>,
    },
    #[serde(rename_all = "camelCase")]
    FileData {
        #[serde(borrow)]
        mime_type: Cow<'a, str>,
        #[serde(borrow)]
        file_uri: Cow<'a, str>,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct GenerationConfig {
    #[serde(rename = "maxOutputTokens")]
    _max_output_tokens: Option<u32>,
    thinking_config: ThinkingConfig,
    media_resolution: MediaResolution,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
enum MediaResolution {
    #[default]
    #[serde(rename = "MEDIA_RESOLUTION_UNSPECIFIED")]
    Unspecified,
    #[serde(rename = "MEDIA_RESOLUTION_LOW")]
    Low,
    #[serde(rename = "MEDIA_RESOLUTION_MEDIUM")]
    Medium,
    #[serde(rename = "MEDIA_RESOLUTION_HIGH")]
    High,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ThinkingConfig {
    thinking_level: Option<String>,
}

impl<'a> GenerateRequest<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, ApiError> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid(format!("Invalid JSON payload received. {error}")))?;
        match request.generation_config.thinking_config.thinking_level.as_deref() {
            None | Some("low" | "medium" | "high") => Ok(request),
            Some(other) => {
                Err(ApiError::invalid(format!("Thinking level {other} is not supported for this model.")))
            }
        }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part<'a>> {
        self.contents.iter().flat_map(|content| &content.parts)
    }

    /// Of the rules and of the question, for an estimate of their tokens.
    pub(super) fn text_characters(&self) -> usize {
        let contents = self.system_instruction.iter().chain(&self.contents);
        let parts = contents.flat_map(|content| &content.parts);
        parts.map(|part| if let Part::Text(text) = part { text.chars().count() } else { 0 }).sum()
    }

    pub(super) fn is_medium(&self) -> bool {
        self.generation_config.media_resolution == MediaResolution::Medium
    }

    /// The question that goes with the document.
    pub(super) fn question(&self) -> String {
        self.parts()
            .filter_map(|part| if let Part::Text(text) = part { Some(&**text) } else { None })
            .collect()
    }
}

/// The page to which a question restricts itself: « la page 3 ».
pub(super) fn page_asked(question: &str) -> Option<usize> {
    let (_, rest) = question.split_once("page ")?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}
