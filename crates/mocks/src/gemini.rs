//! Google Gemini's REST API, as far as a converter of PDFs and photographs to LaTeX uses it:
//! `POST /v1beta/models/{model}:streamGenerateContent?alt=sse`, the resumable `POST /upload/v1beta/files`, `GET`
//! and `DELETE /v1beta/files/{id}`.
//!
//! Without a fault the answer is plain LaTeX made from the text layer of the PDF that was sent; a picture gives a sentence
//! that says which one it was.

mod api_error;
mod document;
mod fault;
mod files;
mod generate;
mod picture;
mod request;

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, request as http_request};

use self::api_error::ApiError;
pub use self::fault::{Fault, Quota};
use self::files::{Files, UPLOAD_PATH};
use crate::answer::Answer;
use crate::mock::{Mock, Service};
use crate::request_log::Recorded;
use crate::script::Script;

pub type GeminiMock = Mock<Gemini>;

/// Every model of this generation answers; the others are 404, as retired ones are.
const MODELS: &str = "gemini-3";

/// The API with its files.
#[derive(Debug, Default)]
pub struct Gemini {
    files: Files,
    per_model: Mutex<Vec<(String, Fault)>>,
}

impl GeminiMock {
    /// Plays `fault` for every generation by this model, when nothing is scripted for all.
    pub fn always_for(&self, model: &str, fault: impl Into<Fault>) {
        self.state.service.per_model().push((model.to_owned(), fault.into()));
    }

    /// The next uploaded files end in FAILED instead of ACTIVE.
    pub fn fail_processing(&self) {
        self.state.service.files.store().failing = true;
    }

    /// Uploads are sent to this origin instead of the mock's own: a reply that must not be trusted.
    pub fn upload_elsewhere(&self, origin: String) {
        self.state.service.files.store().upload_origin = Some(origin);
    }

    /// The files that were uploaded and not deleted.
    #[must_use]
    pub fn files_left(&self) -> usize {
        self.state.service.files.count()
    }

    /// The generations among the requests.
    #[must_use]
    pub fn generations(&self) -> Vec<Recorded> {
        let mut all = self.requests();
        all.retain(|request| request.uri.path().ends_with(":streamGenerateContent"));
        all
    }
}

impl Service for Gemini {
    type Fault = Fault;

    fn answer(&self, parts: &http_request::Parts, body: Bytes, script: &Script<Fault>) -> Answer {
        self.route(parts, &body, script).unwrap_or_else(Answer::from)
    }

    fn clear(&self) {
        self.per_model().clear();
        let mut store = self.files.store();
        (store.failing, store.upload_origin) = (false, None);
    }
}

impl Gemini {
    fn route(
        &self,
        parts: &http_request::Parts,
        body: &[u8],
        script: &Script<Fault>,
    ) -> Result<Answer, ApiError> {
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        // The address of an upload is a capability: Google asks for no key there.
        let keyless = query.starts_with("upload_id=");
        if !keyless && parts.headers.get("x-goog-api-key").is_none_or(http::HeaderValue::is_empty) {
            return Err(ApiError::denied("Method doesn't allow unregistered callers. Please use API Key."));
        }
        if path == UPLOAD_PATH || path.starts_with("/v1beta/files/") {
            return self.files.answer(parts, body);
        }
        let call = path.strip_prefix("/v1beta/models/").and_then(|rest| rest.split_once(':'));
        match call {
            Some((model, "streamGenerateContent"))
                if (&parts.method, query) == (&Method::POST, "alt=sse") && model.starts_with(MODELS) =>
            {
                let fault = script.take().or_else(|| self.fault_of(model));
                if let Some(error) = fault.as_ref().and_then(Fault::refusal) {
                    return Err(error);
                }
                let answer = self.generate(model, body, fault.as_ref())?;
                Ok(if let Some(Fault::Wire(fault)) = fault { fault.apply(answer) } else { answer })
            }
            _ => Err(ApiError::not_found()),
        }
    }

    fn fault_of(&self, model: &str) -> Option<Fault> {
        self.per_model().iter().rev().find(|(name, _)| name == model).map(|(_, fault)| fault.clone())
    }

    fn per_model(&self) -> MutexGuard<'_, Vec<(String, Fault)>> {
        self.per_model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
