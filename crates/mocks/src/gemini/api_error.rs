//! The envelope of an error: `{"error": {"code", "message", "status", "details"?}}`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;

pub(super) const JSON: &str = "application/json; charset=UTF-8";

#[derive(Clone, Debug)]
pub(super) struct ApiError {
    code: u16,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

impl ApiError {
    pub(super) fn new(code: u16, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    pub(super) fn denied(message: impl Into<String>) -> Self {
        Self::new(403, "PERMISSION_DENIED", message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "Requested entity was not found.")
    }

    pub(super) fn no_pages() -> Self {
        Self::invalid("The document has no pages.")
    }

    pub(super) fn internal() -> Self {
        Self::new(500, "INTERNAL", "An internal error has occurred.")
    }

    /// Adds a detail of this type of `google.rpc`.
    pub(super) fn with_detail(mut self, kind: &str, mut detail: Value) -> Self {
        detail["@type"] = json!(format!("type.googleapis.com/google.rpc.{kind}"));
        self.details.push(detail);
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "status": self.status });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        json!({ "error": error })
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        let status = StatusCode::from_u16(error.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, JSON, error.to_json().to_string())
    }
}
