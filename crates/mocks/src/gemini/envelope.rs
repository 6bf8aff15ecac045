//! The JSON around everything: error envelopes, model descriptions.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;

pub(super) const JSON: &str = "application/json; charset=UTF-8";

/// Models that answer; the others are 404, as retired ones are.
const MODELS: &[&str] = &[
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3-flash-preview",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "gemini-flash-latest",
    "gemini-flash-lite-latest",
];

pub(super) fn is_model(name: &str) -> bool {
    MODELS.contains(&name)
}

/// `{"error": {"code", "message", "status", "details"?}}`.
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

    pub(super) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// A bad key is 400, not 401.
    pub(super) fn invalid_key() -> Self {
        let mut error = Self::invalid_argument("API key not valid. Please pass a valid API key.");
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        }));
        error
    }

    pub(super) fn missing_key() -> Self {
        Self::permission_denied("Method doesn't allow unregistered callers. Please use API Key.")
    }

    pub(super) fn permission_denied(message: &str) -> Self {
        Self::new(403, "PERMISSION_DENIED", message)
    }

    pub(super) fn no_file(id: &str) -> Self {
        let message = format!("You do not have permission to access the File {id} or it may not exist.");
        Self::new(403, "PERMISSION_DENIED", message)
    }

    pub(super) fn no_model(name: &str) -> Self {
        let message = format!(
            "models/{name} is not found for API version v1beta, or is not supported for generateContent. \
             Call ListModels to see the list of available models and their supported methods."
        );
        Self::new(404, "NOT_FOUND", message)
    }

    pub(super) fn method_not_found() -> Self {
        Self::new(404, "NOT_FOUND", "Requested entity was not found.")
    }

    pub(super) fn no_pages() -> Self {
        Self::invalid_argument("The document has no pages.")
    }

    pub(super) fn exhausted(quota_id: &str, retry: Duration) -> Self {
        let mut error = Self::new(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        );
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                "quotaId": quota_id,
            }],
        }));
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}s", retry.as_secs_f64()),
        }));
        error
    }

    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "status": self.status });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details.clone());
        }
        json!({ "error": error })
    }

    /// `in_array`: a stream that is not SSE carries its error in a JSON array.
    pub(super) fn into_answer(self, in_array: bool) -> Answer {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = if in_array { Value::Array(vec![self.to_json()]) } else { self.to_json() };
        Answer::new(status, JSON, format!("{body:#}"))
    }
}

pub(super) fn model(name: &str) -> Answer {
    if !is_model(name) {
        return ApiError::no_model(name).into_answer(false);
    }
    let body = json!({
        "name": format!("models/{name}"),
        "displayName": format!("{name} (simulated)"),
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
        "thinking": true,
    });
    Answer::new(StatusCode::OK, JSON, format!("{body:#}"))
}
