//! Google Gemini's REST API, as far as a PDF-to-LaTeX converter uses it:
//! `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent` (SSE or JSON array),
//! `GET /v1beta/models/{model}`, the resumable `POST /upload/v1beta/files`, `GET` and `DELETE
//! /v1beta/files/{id}`.
//!
//! Without a fault the answer is LaTeX made from the text layer of the PDF that was sent.

mod envelope;
mod fault;
mod files;
mod generate;
mod request;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, StatusCode};

use self::envelope::ApiError;
pub use self::fault::{Fault, Quota};
use self::files::Files;
use crate::answer::{Answer, Outcome};
use crate::record::{Journal, Recorded};
use crate::script::Script;
use crate::server::{Server, Upstream};
use crate::wire;

/// A running mock; dropping it stops it.
#[derive(Debug)]
pub struct GeminiMock {
    server: Server,
    api: Arc<Api>,
}

#[derive(Debug, Default)]
struct Api {
    key: Option<String>,
    script: Script<Fault>,
    upload_script: Script<wire::Fault>,
    per_model: Mutex<Vec<(String, Fault)>>,
    files: Files,
    journal: Journal,
}

impl GeminiMock {
    /// Starts on a free loopback port and accepts any key that is not empty.
    ///
    /// # Errors
    /// When no socket or thread can be had.
    pub fn start() -> io::Result<Self> {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None)
    }

    /// Starts on `listen`; with a `key`, any other one is answered by 400 `API_KEY_INVALID`.
    ///
    /// # Errors
    /// When the address is taken, or no socket or thread can be had.
    pub fn start_on(listen: SocketAddr, key: Option<String>) -> io::Result<Self> {
        let api = Arc::new(Api { key, ..Api::default() });
        let server = Server::start(listen, Arc::clone(&api) as Arc<dyn Upstream>)?;
        Ok(Self { server, api })
    }

    /// `http://ADDRESS`, for `gemini_origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Plays `fault` for one generation, after those already queued.
    pub fn next(&self, fault: impl Into<Fault>) {
        self.api.script.next(fault.into());
    }

    /// Plays `fault` for every generation for which nothing is queued.
    pub fn always(&self, fault: impl Into<Fault>) {
        self.api.script.always(fault.into());
    }

    /// Plays `fault` for every generation by this model for which nothing is queued.
    pub fn always_for(&self, model: &str, fault: impl Into<Fault>) {
        let mut faults = self.api.per_model.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push((model.to_owned(), fault.into()));
    }

    /// Plays `fault` for one request to the Files API (start, upload, look-up or deletion).
    pub fn next_file(&self, fault: wire::Fault) {
        self.api.upload_script.next(fault);
    }

    /// An uploaded file stays in PROCESSING for this many look-ups; 1 unless told.
    pub fn processing_polls(&self, polls: u32) {
        self.api.files.set_processing_polls(polls);
    }

    /// The next uploaded files end in FAILED instead of ACTIVE.
    pub fn fail_processing(&self, fail: bool) {
        self.api.files.set_failing(fail);
    }

    /// Uploads are sent to this origin instead of the mock's own: a reply not to be trusted.
    pub fn upload_elsewhere(&self, origin: Option<String>) {
        self.api.files.set_upload_origin(origin);
    }

    /// The files that were uploaded and not deleted.
    #[must_use]
    pub fn files_left(&self) -> usize {
        self.api.files.count()
    }

    /// Back to normal behaviour; files stay.
    pub fn clear(&self) {
        self.api.script.clear();
        self.api.upload_script.clear();
        self.api.per_model.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.api.files.reset_behaviour();
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.api.journal.all()
    }

    /// The generations among the requests.
    #[must_use]
    pub fn generations(&self) -> Vec<Recorded> {
        let mut all = self.requests();
        all.retain(|request| request.uri.path().ends_with("enerateContent"));
        all
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.api.journal.clear();
    }
}

impl Upstream for Api {
    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn answer(&self, parts: &http::request::Parts, body: Bytes) -> Outcome {
        let path = parts.uri.path();
        // The upload address itself is a capability: Google asks for no key there.
        let keyless = path == files::UPLOAD_PATH && parts.uri.query().unwrap_or("").contains("upload_id=");
        if !keyless && let Err(error) = self.check_key(parts) {
            return error.into_answer(false).into();
        }
        if let Some(rest) = path.strip_prefix("/v1beta/models/") {
            return match rest.split_once(':') {
                Some((model, verb)) if parts.method == Method::POST => {
                    self.generate(parts, model, verb, &body)
                }
                None if parts.method == Method::GET => envelope::model(rest).into(),
                _ => ApiError::method_not_found().into_answer(false).into(),
            };
        }
        if path == files::UPLOAD_PATH || path.starts_with("/v1beta/files/") {
            let answer = self.files.answer(parts, &body);
            return match self.upload_script.take() {
                Some(fault) => fault.apply(answer),
                None => answer.into(),
            };
        }
        Answer::new(
            StatusCode::NOT_FOUND,
            "text/html; charset=UTF-8",
            "<title>Error 404 (Not Found)!!1</title>",
        )
        .into()
    }
}

impl Api {
    fn check_key(&self, parts: &http::request::Parts) -> Result<(), ApiError> {
        let given = parts.headers.get("x-goog-api-key").map(|value| value.as_bytes()).unwrap_or_default();
        if given.is_empty() {
            return Err(ApiError::missing_key());
        }
        match &self.key {
            Some(key) if key.as_bytes() != given => Err(ApiError::invalid_key()),
            _ => Ok(()),
        }
    }

    /// The fault for this generation: queued, then standing for all, then standing for the model.
    fn fault_for(&self, model: &str) -> Option<Fault> {
        let queued_or_always = self.script.take();
        let per_model = self.per_model.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = per_model.iter().rev().find(|(name, _)| name == model).map(|(_, fault)| fault.clone());
        queued_or_always.or(standing)
    }
}
