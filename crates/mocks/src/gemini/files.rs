//! The Files API: resumable upload, look-up, deletion.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::envelope::{ApiError, JSON};
use crate::answer::Answer;
use crate::record::hex_sha256;

pub(super) const UPLOAD_PATH: &str = "/upload/v1beta/files";
const KEPT: Duration = Duration::from_secs(48 * 3600);

#[derive(Debug, Default)]
pub(super) struct Files {
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
struct Store {
    uploads: HashMap<String, Upload>,
    files: HashMap<String, File>,
    counter: u64,
    processing_polls: Option<u32>,
    failing: bool,
    upload_origin: Option<String>,
}

#[derive(Debug, Default)]
struct Upload {
    announced: Option<usize>,
    mime_type: String,
    display_name: String,
    received: BytesMut,
}

#[derive(Debug)]
struct File {
    mime_type: String,
    display_name: String,
    bytes: Bytes,
    polls_left: u32,
    failing: bool,
    origin: String,
}

impl Files {
    pub(super) fn set_processing_polls(&self, polls: u32) {
        self.lock().processing_polls = Some(polls);
    }

    pub(super) fn set_failing(&self, failing: bool) {
        self.lock().failing = failing;
    }

    pub(super) fn set_upload_origin(&self, origin: Option<String>) {
        self.lock().upload_origin = origin;
    }

    pub(super) fn reset_behaviour(&self) {
        let mut store = self.lock();
        store.processing_polls = None;
        store.failing = false;
        store.upload_origin = None;
    }

    pub(super) fn count(&self) -> usize {
        self.lock().files.len()
    }

    /// The bytes behind a `fileUri`; 400 while it is not ACTIVE, 403 when there is none.
    pub(super) fn bytes(&self, uri: &str) -> Result<Bytes, ApiError> {
        let id = uri.rsplit('/').next().unwrap_or_default();
        let store = self.lock();
        let file = store.files.get(id).ok_or_else(|| ApiError::no_file(id))?;
        if file.polls_left > 0 || file.failing {
            let message = format!("The File {id} is not in an ACTIVE state and usage is not allowed.");
            return Err(ApiError::new(400, "FAILED_PRECONDITION", message));
        }
        Ok(file.bytes.clone())
    }

    pub(super) fn answer(&self, parts: &Parts, body: &[u8]) -> Answer {
        let result = match (parts.method.clone(), parts.uri.path().strip_prefix("/v1beta/files/")) {
            (Method::POST, None) => match query(parts, "upload_id") {
                Some(id) => self.receive(parts, id, body),
                None => self.begin(parts, body),
            },
            (Method::GET, Some(id)) => self.look_up(id),
            (Method::DELETE, Some(id)) => self.delete(id),
            _ => Err(ApiError::method_not_found()),
        };
        result.unwrap_or_else(|error| error.into_answer(false))
    }

    fn begin(&self, parts: &Parts, body: &[u8]) -> Result<Answer, ApiError> {
        if header(parts, "x-goog-upload-protocol") != "resumable"
            || header(parts, "x-goog-upload-command") != "start"
        {
            return Err(ApiError::invalid_argument("Only the resumable protocol is simulated."));
        }
        let described: Value = serde_json::from_slice(body).unwrap_or_default();
        let file = &described["file"];
        let name = file["display_name"].as_str().or(file["displayName"].as_str()).unwrap_or_default();
        let upload = Upload {
            announced: header(parts, "x-goog-upload-header-content-length").parse().ok(),
            mime_type: header(parts, "x-goog-upload-header-content-type").to_owned(),
            display_name: name.to_owned(),
            received: BytesMut::new(),
        };
        let mut store = self.lock();
        store.counter += 1;
        let id = format!("mock{:08}", store.counter);
        let origin = store.upload_origin.clone().unwrap_or_else(|| own_origin(parts));
        store.uploads.insert(id.clone(), upload);
        Ok(Answer::new(StatusCode::OK, "text/plain; charset=utf-8", "")
            .with_header("x-goog-upload-status", "active")
            .with_header("x-goog-upload-chunk-granularity", "262144")
            .with_header(
                "x-goog-upload-url",
                &format!("{origin}{UPLOAD_PATH}?upload_id={id}&upload_protocol=resumable"),
            ))
    }

    fn receive(&self, parts: &Parts, id: &str, body: &[u8]) -> Result<Answer, ApiError> {
        let mut store = self.lock();
        let upload = store.uploads.get_mut(id).ok_or_else(ApiError::method_not_found)?;
        let command = header(parts, "x-goog-upload-command");
        if command.contains("cancel") {
            store.uploads.remove(id);
            return Ok(Answer::new(StatusCode::OK, "text/plain", "")
                .with_header("x-goog-upload-status", "cancelled"));
        }
        if command.contains("upload") {
            if header(parts, "x-goog-upload-offset").parse() != Ok(upload.received.len()) {
                return Err(ApiError::invalid_argument(
                    "The upload offset does not match what was received.",
                ));
            }
            upload.received.extend_from_slice(body);
        }
        let received = upload.received.len();
        if !command.contains("finalize") {
            return Ok(Answer::new(StatusCode::OK, "text/plain", "")
                .with_header("x-goog-upload-status", "active")
                .with_header("x-goog-upload-size-received", &received.to_string()));
        }
        if upload.announced.is_some_and(|announced| announced != received) {
            return Err(ApiError::invalid_argument("The size of the upload is not what was announced."));
        }
        let Some(upload) = store.uploads.remove(id) else { return Err(ApiError::method_not_found()) };
        let file = File {
            mime_type: upload.mime_type,
            display_name: upload.display_name,
            bytes: upload.received.freeze(),
            polls_left: store.processing_polls.unwrap_or(1),
            failing: store.failing,
            origin: own_origin(parts),
        };
        let body = json!({ "file": file.describe(id) });
        store.files.insert(id.to_owned(), file);
        Ok(Answer::new(StatusCode::OK, JSON, format!("{body:#}"))
            .with_header("x-goog-upload-status", "final"))
    }

    fn look_up(&self, id: &str) -> Result<Answer, ApiError> {
        let mut store = self.lock();
        let file = store.files.get_mut(id).ok_or_else(|| ApiError::no_file(id))?;
        file.polls_left = file.polls_left.saturating_sub(1);
        Ok(Answer::new(StatusCode::OK, JSON, format!("{:#}", file.describe(id))))
    }

    fn delete(&self, id: &str) -> Result<Answer, ApiError> {
        self.lock().files.remove(id).ok_or_else(|| ApiError::no_file(id))?;
        Ok(Answer::new(StatusCode::OK, JSON, "{}\n"))
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn describe(&self, id: &str) -> Value {
        let state = match (self.polls_left, self.failing) {
            (1.., _) => "PROCESSING",
            (0, true) => "FAILED",
            (0, false) => "ACTIVE",
        };
        let mut file = json!({
            "name": format!("files/{id}"),
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": self.bytes.len().to_string(),
            "sha256Hash": hex_sha256(&self.bytes),
            "expirationTime": timestamp(now() + KEPT),
            "uri": format!("{}/v1beta/files/{id}", self.origin),
            "state": state,
            "source": "UPLOADED",
        });
        if state == "FAILED" {
            file["error"] = json!({ "code": 13, "message": "Failed to process the file." });
        }
        file
    }
}

#[expect(clippy::disallowed_methods, reason = "a mock stands for a remote server, which has its own clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// RFC 3339, in UTC, to the second.
fn timestamp(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a civil date, counted in 400-year eras that begin on 1 March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The address under which the client knows the mock.
fn own_origin(parts: &Parts) -> String {
    format!("http://{}", header(parts, "host"))
}

fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn query<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let pairs = parts.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_564_799, "2026-11-24T23:59:59Z"),
        ] {
            assert_eq!(timestamp(Duration::from_secs(seconds)), expected);
        }
    }
}
