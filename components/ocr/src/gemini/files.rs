//! Answers of the Files API, interpreted.

use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;

use super::error::UpstreamError;
use super::request::{StoredFile, upload_url};
use crate::settings::GeminiSettings;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    Processing,
    Active,
    /// It cannot be used, and is stored all the same.
    Failed,
}

/// Where the chunks go.
pub fn started(
    settings: &GeminiSettings,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Uri, UpstreamError> {
    if !status.is_success() {
        return Err(UpstreamError::from_answer(status, body));
    }
    let given = headers.get("x-goog-upload-url").and_then(|value| value.to_str().ok()).unwrap_or_default();
    upload_url(settings, given)
        .ok_or_else(|| UpstreamError::InvalidAnswer("upload address is not on gemini_origin".to_owned()))
}

/// After a chunk that was not the last: the upload goes on.
pub fn appended(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<(), UpstreamError> {
    if !status.is_success() {
        return Err(UpstreamError::from_answer(status, body));
    }
    match headers.get("x-goog-upload-status").map(http::HeaderValue::as_bytes) {
        None | Some(b"active") => Ok(()),
        Some(other) => {
            Err(UpstreamError::InvalidAnswer(format!("upload is {:?}", String::from_utf8_lossy(other))))
        }
    }
}

/// After the last chunk, or when asked: the file and whether it may be used.
pub fn file(status: StatusCode, body: &[u8]) -> Result<(StoredFile, FileState), UpstreamError> {
    if !status.is_success() {
        return Err(UpstreamError::from_answer(status, body));
    }
    let malformed = || UpstreamError::InvalidAnswer("no file in the answer of the Files API".to_owned());
    let answer: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
    let file = answer.get("file").unwrap_or(&answer);
    let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, uri) = (text("name"), text("uri"));
    // The name becomes part of an address.
    let id = name.strip_prefix("files/").unwrap_or_default();
    if id.is_empty() || uri.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(malformed());
    }
    let state = match text("state") {
        "ACTIVE" => FileState::Active,
        "FAILED" => FileState::Failed,
        _ => FileState::Processing,
    };
    Ok((StoredFile { name: name.to_owned(), uri: uri.to_owned() }, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fakes::settings;

    #[test]
    fn the_upload_address_must_be_on_the_configured_origin() {
        let check = |url: &str, accepted: bool| {
            let mut headers = HeaderMap::new();
            headers.insert("x-goog-upload-url", url.parse().unwrap());
            assert_eq!(started(&settings(), StatusCode::OK, &headers, b"").is_ok(), accepted, "{url}");
        };
        check("https://g.example/upload/v1beta/files?upload_id=1", true);
        check("https://g.example:443/upload", true);
        check("http://g.example/upload", false);
        check("https://g.example.evil.example/upload", false);
        check("https://g.example@evil.example/upload", false);
        check("https://user@g.example/upload", false);
        check("https://evil.example/", false);
        check("/upload", false);
        check("", false);
        assert!(started(&settings(), StatusCode::OK, &HeaderMap::new(), b"").is_err());
    }

    #[test]
    fn files_are_read_wrapped_or_bare() {
        let check = |body: &str, expected: Option<FileState>| {
            assert_eq!(
                file(StatusCode::OK, body.as_bytes()).ok().map(|(_, state)| state),
                expected,
                "{body}"
            );
        };
        check(
            r#"{"file":{"name":"files/a-1","uri":"https://g/a","state":"ACTIVE"}}"#,
            Some(FileState::Active),
        );
        check(
            r#"{"name":"files/a-1","uri":"https://g/a","state":"PROCESSING"}"#,
            Some(FileState::Processing),
        );
        check(r#"{"name":"files/a-1","uri":"https://g/a","state":"FAILED"}"#, Some(FileState::Failed));
        check(r#"{"name":"files/../x","uri":"https://g/a","state":"ACTIVE"}"#, None);
        check(r#"{"name":"files/a","state":"ACTIVE"}"#, None);
        check("<html>", None);
        assert!(matches!(file(StatusCode::FORBIDDEN, b""), Err(UpstreamError::Refused(_))));
    }

    #[test]
    fn an_upload_that_is_final_too_early_is_a_failure() {
        let mut headers = HeaderMap::new();
        assert!(appended(StatusCode::OK, &headers, b"").is_ok());
        headers.insert("x-goog-upload-status", "final".parse().unwrap());
        assert!(appended(StatusCode::OK, &headers, b"").is_err());
        assert!(appended(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), b"").is_err());
    }
}
