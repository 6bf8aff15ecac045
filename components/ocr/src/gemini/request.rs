//! Requests to the Gemini API: generateContent and the Files API. A variable that does not fit into a request is an
//! [`UpstreamError::Refused`].
//!
//! The key goes into a header, never into an address (ASVS 14.2.1). `Accept-Encoding: identity`, since nothing
//! here decompresses an answer. Sampling parameters such as the temperature are not sent: Google has deprecated them.

use bytes::Bytes;
use http::request::Builder;
use http::{Method, Request, Uri, header};
use serde_json::{Value, json};
use web::{HttpUrl, json_text};

use super::error::UpstreamError;
use super::payload::Payload;
use super::prompt;
use crate::media::Media;
use crate::settings::GeminiSettings;

/// Most tokens of one answer; the largest that the current models accept.
pub const OUTPUT_TOKENS_MAX: u32 = 65_536;
/// Splits the rendered JSON where the base64 of a file goes. Occurs neither in base64 nor in a prompt.
const DOCUMENT_MARK: &str = "\u{1}document\u{1}";

/// The document that a model is asked about: a PDF, or the pictures of its pages in order.
pub type Document = Vec<Part>;

/// One file of a document. No `Debug`: it is the user's.
pub struct Part {
    pub media: Media,
    pub source: Source,
}

pub enum Source {
    /// Small enough to be kept in memory: sent inside each request.
    Inline(Bytes),
    /// Uploaded once, named in each request.
    Stored(StoredFile),
}

/// A file that is stored at Google.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// `files/…`
    pub name: String,
    pub uri: String,
}

/// Asks `model` to transcribe; the answer is a stream of events.
pub fn generate(
    settings: &GeminiSettings,
    model: &str,
    document: &[Part],
    question: &str,
) -> Result<Request<Payload>, UpstreamError> {
    let pictures = are_pictures(document);
    let mut parts: Vec<Value> = document.iter().map(Part::to_json).collect();
    parts.push(json!({"text": question}));
    let mut rules = vec![json!({"text": prompt::RULES})];
    if pictures {
        rules.push(json!({"text": prompt::PICTURES}));
    }
    // Google's defaults, for pictures and for PDFs. Named because the price of a page depends on it (charge.rs).
    let resolution = if pictures { "MEDIA_RESOLUTION_HIGH" } else { "MEDIA_RESOLUTION_MEDIUM" };
    let body = json_text(&json!({
        "systemInstruction": {"parts": rules},
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": {
            "maxOutputTokens": OUTPUT_TOKENS_MAX,
            "thinkingConfig": {"thinkingLevel": "low"},
            "mediaResolution": resolution,
        },
    }));
    let inline = document.iter().filter_map(|part| match &part.source {
        Source::Inline(bytes) => Some(bytes.clone()),
        Source::Stored(_) => None,
    });
    let mark = json_text(&Value::from(DOCUMENT_MARK));
    let payload = Payload::around(body.split(mark.trim_matches('"')), inline);
    let url = format!(
        "{}/v1beta/models/{}:streamGenerateContent?alt=sse",
        settings.origin(),
        model_segment(model)?
    );
    post(settings, &url, payload, &[("content-type", "application/json")])
}

/// Whether every page of the document is a picture of its own.
pub fn are_pictures(document: &[Part]) -> bool {
    !document.is_empty() && document.iter().all(|part| part.media != Media::Pdf)
}

impl Part {
    fn to_json(&self) -> Value {
        let media = self.media.mime_type();
        match &self.source {
            Source::Inline(_) => json!({"inlineData": {"mimeType": media, "data": DOCUMENT_MARK}}),
            Source::Stored(file) => json!({"fileData": {"mimeType": media, "fileUri": file.uri}}),
        }
    }
}

/// Opens a resumable upload; its answer's `x-goog-upload-url` takes the chunks. `length` when it is known.
pub fn upload_start(
    settings: &GeminiSettings,
    media: Media,
    length: Option<u64>,
) -> Result<Request<Payload>, UpstreamError> {
    // The display name is not the user's file name, which Google does not need.
    let body = json_text(&json!({"file": {"display_name": "document"}}));
    let length = length.map(|length| length.to_string());
    let mut headers = vec![
        ("content-type", "application/json"),
        ("x-goog-upload-protocol", "resumable"),
        ("x-goog-upload-command", "start"),
        ("x-goog-upload-header-content-type", media.mime_type()),
    ];
    if let Some(length) = &length {
        headers.push(("x-goog-upload-header-content-length", length));
    }
    post(settings, &format!("{}/upload/v1beta/files", settings.origin()), Payload::plain(body), &headers)
}

/// The upload address that Google gave, if it is on the configured origin: the API key is sent there.
pub fn upload_url(settings: &GeminiSettings, given: &str) -> Option<Uri> {
    let url = HttpUrl::parse(given).filter(|url| url.origin() == settings.origin())?;
    Some(url.uri().clone())
}

/// A part of a file that is being stored.
pub struct Chunk {
    pub offset: u64,
    /// A multiple of 256 KiB in all chunks but the last.
    pub bytes: Bytes,
    pub is_last: bool,
}

pub fn upload_chunk(
    settings: &GeminiSettings,
    url: &Uri,
    chunk: Chunk,
) -> Result<Request<Payload>, UpstreamError> {
    let command = if chunk.is_last { "upload, finalize" } else { "upload" };
    let offset = chunk.offset.to_string();
    let headers = [("x-goog-upload-command", command), ("x-goog-upload-offset", &offset)];
    post(settings, &url.to_string(), Payload::plain(chunk.bytes), &headers)
}

/// Asks how much of an upload has arrived: `x-goog-upload-size-received`.
pub fn upload_query(settings: &GeminiSettings, url: &Uri) -> Result<Request<Payload>, UpstreamError> {
    post(settings, &url.to_string(), Payload::default(), &[("x-goog-upload-command", "query")])
}

/// Cancels an upload; Google deletes what was sent of it.
pub fn upload_cancel(settings: &GeminiSettings, url: &Uri) -> Result<Request<Payload>, UpstreamError> {
    post(settings, &url.to_string(), Payload::default(), &[("x-goog-upload-command", "cancel")])
}

/// Asks whether a file may be used yet.
pub fn file_state(settings: &GeminiSettings, file: &StoredFile) -> Result<Request<Payload>, UpstreamError> {
    Ok(request(settings, Method::GET, &file_url(settings, file)).body(Payload::default())?)
}

pub fn file_delete(settings: &GeminiSettings, file: &StoredFile) -> Result<Request<Payload>, UpstreamError> {
    Ok(request(settings, Method::DELETE, &file_url(settings, file)).body(Payload::default())?)
}

fn file_url(settings: &GeminiSettings, file: &StoredFile) -> String {
    format!("{}/v1beta/{}", settings.origin(), file.name)
}

fn post(
    settings: &GeminiSettings,
    url: &str,
    payload: Payload,
    headers: &[(&str, &str)],
) -> Result<Request<Payload>, UpstreamError> {
    let request = request(settings, Method::POST, url).header(header::CONTENT_LENGTH, payload.length());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Ok(request.body(payload)?)
}

fn request(settings: &GeminiSettings, method: Method, url: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(url)
        .header("x-goog-api-key", settings.key())
        .header(header::ACCEPT_ENCODING, "identity")
}

/// A model name becomes part of a path: only the characters of Google's names are accepted.
fn model_segment(model: &str) -> Result<&str, UpstreamError> {
    let accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if model.is_empty() || !model.bytes().all(accepted) || model.contains("..") {
        return Err(UpstreamError::Refused(format!("gemini_model: {model:?} is not a model name")));
    }
    Ok(model)
}
