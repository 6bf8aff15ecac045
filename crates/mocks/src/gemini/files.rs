//! The Files API: resumable upload, look-up, deletion.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::api_error::{ApiError, JSON};
use crate::answer::Answer;

pub(super) const UPLOAD_PATH: &str = "/upload/v1beta/files";

#[derive(Debug, Default)]
pub(super) struct Files {
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    uploads: HashMap<String, Upload>,
    files: HashMap<String, File>,
    counter: u64,
    /// The next files end in FAILED instead of ACTIVE.
    pub(super) failing: bool,
    /// Uploads are sent here instead of to the mock itself.
    pub(super) upload_origin: Option<String>,
}

#[derive(Debug)]
struct Upload {
    mime_type: String,
    announced: Option<usize>,
    received: BytesMut,
}

#[derive(Debug)]
struct File {
    mime_type: String,
    bytes: Bytes,
    /// One look-up finds it so, as long documents do.
    processing: bool,
    failing: bool,
    uri: String,
}

impl Files {
    pub(super) fn count(&self) -> usize {
        self.store().files.len()
    }

    /// The bytes behind a `fileUri`; 400 while it is not ACTIVE or when it is of another type, 403 when there is none.
    pub(super) fn bytes(&self, uri: &str, mime_type: &str) -> Result<Bytes, ApiError> {
        let id = uri.rsplit('/').next().unwrap_or_default();
        let store = self.store();
        let file = store.files.get(id).ok_or_else(|| no_file(id))?;
        if file.state() != "ACTIVE" {
            let message = format!("The File {id} is not in an ACTIVE state and usage is not allowed.");
            return Err(ApiError::new(400, "FAILED_PRECONDITION", message));
        }
        if file.mime_type != mime_type {
            let message = format!("The File {id} is {}, not {mime_type}.", file.mime_type);
            return Err(ApiError::invalid(message));
        }
        Ok(file.bytes.clone())
    }

    pub(super) fn answer(&self, parts: &Parts, body: &[u8]) -> Result<Answer, ApiError> {
        let upload = parts.uri.query().and_then(|query| query.strip_prefix("upload_id="));
        match (parts.method.clone(), parts.uri.path().strip_prefix("/v1beta/files/"), upload) {
            (Method::POST, None, None) => self.begin(parts),
            (Method::POST, None, Some(id)) => self.receive(parts, id, body),
            (Method::GET, Some(id), _) => self.look_up(id),
            (Method::DELETE, Some(id), _) => self.delete(id),
            _ => Err(ApiError::not_found()),
        }
    }

    fn begin(&self, parts: &Parts) -> Result<Answer, ApiError> {
        let (protocol, command) =
            (header(parts, "x-goog-upload-protocol"), header(parts, "x-goog-upload-command"));
        if (protocol, command) != ("resumable", "start") {
            return Err(ApiError::invalid("Only the resumable protocol is simulated."));
        }
        let mut store = self.store();
        store.counter += 1;
        let id = format!("mock{:08}", store.counter);
        let origin = store.upload_origin.clone().unwrap_or_else(|| origin(parts));
        let announced = header(parts, "x-goog-upload-header-content-length").parse().ok();
        let mime_type = header(parts, "x-goog-upload-header-content-type").to_owned();
        store.uploads.insert(id.clone(), Upload { mime_type, announced, received: BytesMut::new() });
        let url = format!("{origin}{UPLOAD_PATH}?upload_id={id}");
        Ok(uploading("active", "").with_header("x-goog-upload-url", &url))
    }

    fn receive(&self, parts: &Parts, id: &str, body: &[u8]) -> Result<Answer, ApiError> {
        let mut store = self.store();
        let upload = store.uploads.get_mut(id).ok_or_else(ApiError::not_found)?;
        let command = header(parts, "x-goog-upload-command");
        if command == "cancel" {
            store.uploads.remove(id);
            return Ok(uploading("cancelled", ""));
        }
        if command.contains("upload") {
            if header(parts, "x-goog-upload-offset").parse() != Ok(upload.received.len()) {
                return Err(ApiError::invalid("The upload offset is not what was received."));
            }
            upload.received.extend_from_slice(body);
        }
        if !command.contains("finalize") {
            let received = upload.received.len().to_string();
            return Ok(uploading("active", "").with_header("x-goog-upload-size-received", &received));
        }
        if upload.announced.is_some_and(|announced| announced != upload.received.len()) {
            return Err(ApiError::invalid("The size of the upload is not what was announced."));
        }
        let bytes = std::mem::take(&mut upload.received).freeze();
        let uri = format!("{}/v1beta/files/{id}", origin(parts));
        let mime_type = std::mem::take(&mut upload.mime_type);
        let file = File { mime_type, bytes, processing: true, failing: store.failing, uri };
        let body = json!({ "file": file.describe(id) });
        store.uploads.remove(id);
        store.files.insert(id.to_owned(), file);
        Ok(uploading("final", &body.to_string()))
    }

    fn look_up(&self, id: &str) -> Result<Answer, ApiError> {
        let mut store = self.store();
        let file = store.files.get_mut(id).ok_or_else(|| no_file(id))?;
        file.processing = false;
        Ok(Answer::new(StatusCode::OK, JSON, file.describe(id).to_string()))
    }

    fn delete(&self, id: &str) -> Result<Answer, ApiError> {
        self.store().files.remove(id).ok_or_else(|| no_file(id))?;
        Ok(Answer::new(StatusCode::OK, JSON, "{}\n"))
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn state(&self) -> &'static str {
        match (self.processing, self.failing) {
            (true, _) => "PROCESSING",
            (false, true) => "FAILED",
            (false, false) => "ACTIVE",
        }
    }

    fn describe(&self, id: &str) -> Value {
        json!({
            "name": format!("files/{id}"),
            "mimeType": self.mime_type,
            "sizeBytes": self.bytes.len().to_string(),
            "uri": self.uri,
            "state": self.state(),
            "source": "UPLOADED",
        })
    }
}

fn no_file(id: &str) -> ApiError {
    ApiError::denied(format!("You do not have permission to access the File {id} or it may not exist."))
}

fn uploading(status: &str, body: &str) -> Answer {
    Answer::new(StatusCode::OK, JSON, body.to_owned()).with_header("x-goog-upload-status", status)
}

/// The address under which the client knows the mock.
fn origin(parts: &Parts) -> String {
    format!("http://{}", header(parts, "host"))
}

fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
