//! The failures of generateContent and of the Files API, by what can be done about them.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use web::outbound::SendError;

/// A failure of the upstream. The text inside is for the log, never for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamError {
    /// The key or the project is refused; only the operator can change that.
    Refused(String),
    /// The model cannot open the document: damaged, encrypted, or without pages.
    Document(String),
    /// Google does not serve the model, or no longer.
    ModelNotFound(String),
    /// Too many requests this minute; the delay that Google asks for, if any.
    MinuteQuota(Option<Duration>),
    /// The day's requests are used up.
    DayQuota,
    /// Overloaded or an internal error: another try or another model may work.
    Overloaded(String),
    /// No connection.
    Unreachable(String),
    /// Nothing, or nothing more, in time.
    TimedOut,
    /// The connection broke in the middle of an answer.
    Cut(String),
    /// An answer that cannot be understood.
    InvalidAnswer(String),
    /// A well-formed answer without any text. The document may be the reason.
    NoText(String),
}

/// Longest cause kept for the log, in characters.
const CAUSE_CHARS_MAX: usize = 300;
/// `retryDelay` beyond this is taken as this.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(3600);

impl UpstreamError {
    /// Reads an answer whose status is not a success. The body may be an error object, an array of one, or HTML.
    pub fn from_answer(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body).ok().as_ref().and_then(error_object) {
            Some(error) => Self::from_error(status.as_u16(), error),
            None => Self::from_code(u64::from(status.as_u16()), "", &String::from_utf8_lossy(body)),
        }
    }

    /// Reads an `{"error": …}` object, alone or in the array that a stream without `alt=sse` sends.
    pub fn from_json(value: &Value) -> Option<Self> {
        error_object(value).map(|error| Self::from_error(500, error))
    }

    /// Whether it says nothing about the question: the model would fail at another one too.
    pub const fn is_of_the_model(&self) -> bool {
        matches!(self, Self::ModelNotFound(_) | Self::MinuteQuota(_) | Self::Overloaded(_))
    }

    fn from_error(status: u16, error: &Value) -> Self {
        let code = error.get("code").and_then(Value::as_u64).unwrap_or(u64::from(status));
        let name = error.get("status").and_then(Value::as_str).unwrap_or_default();
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        let details = || error.get("details").and_then(Value::as_array).into_iter().flatten();
        let reason = |wanted: &str| {
            details().any(|detail| detail.get("reason").and_then(Value::as_str) == Some(wanted))
        };
        if reason("API_KEY_INVALID") || message.contains("API key") {
            return Self::Refused(cause(message));
        }
        if code == 429 {
            let per_day = details()
                .filter_map(|detail| detail.get("violations").and_then(Value::as_array))
                .flatten()
                .filter_map(|violation| violation.get("quotaId").and_then(Value::as_str))
                .any(|id| id.contains("PerDay"));
            let delay = details().find_map(|detail| detail.get("retryDelay").and_then(Value::as_str));
            return if per_day { Self::DayQuota } else { Self::MinuteQuota(delay.and_then(seconds)) };
        }
        Self::from_code(code, name, message)
    }

    fn from_code(code: u64, name: &str, message: &str) -> Self {
        let cause = cause(message);
        match (code, name) {
            (_, "FAILED_PRECONDITION") | (401 | 403, _) => Self::Refused(cause),
            (400, _) => Self::Document(cause),
            (404, _) => Self::ModelNotFound(cause),
            (429, _) => Self::MinuteQuota(None),
            (504, _) => Self::TimedOut,
            (500..=599, _) => Self::Overloaded(format!("{code} {cause}")),
            _ => Self::InvalidAnswer(format!("{code} {cause}")),
        }
    }
}

impl From<http::Error> for UpstreamError {
    fn from(error: http::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<SendError> for UpstreamError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Denied(cause) => Self::Refused(format!("allowed_outbound_hosts: {cause}")),
            SendError::NotSent(cause) => Self::Unreachable(cause),
            SendError::TimedOut(_) => Self::TimedOut,
            SendError::Cut(cause) => Self::Cut(cause),
            SendError::TooLarge => Self::InvalidAnswer("answer too long".to_owned()),
        }
    }
}

fn error_object(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(items) => items.iter().find_map(error_object),
        Value::Object(object) => object.get("error").filter(|error| error.is_object()),
        _ => None,
    }
}

fn cause(message: &str) -> String {
    message.chars().filter(|char| !char.is_control()).take(CAUSE_CHARS_MAX).collect()
}

/// `"12.77s"`: digits, as protobuf writes a duration. Not read as a floating-point number: that would add 17 KB.
fn seconds(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // What does not fit is more than the most.
    let seconds = whole.parse().unwrap_or(u64::MAX);
    let nanoseconds = format!("{fraction:0<9.9}").parse().ok()?;
    Some(Duration::new(seconds, nanoseconds).min(RETRY_DELAY_MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_error_has_its_meaning() {
        let check = |status: u16, body: &str, expected: UpstreamError| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(UpstreamError::from_answer(status, body.as_bytes()), expected, "{body}");
            let array = format!("[{body}]");
            if body.starts_with('{') {
                assert_eq!(UpstreamError::from_answer(status, array.as_bytes()), expected, "{array}");
            }
        };
        check(
            400,
            r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            UpstreamError::Refused("API key not valid.".into()),
        );
        check(
            400,
            r#"{"error":{"code":400,"message":"The document has no pages.","status":"INVALID_ARGUMENT"}}"#,
            UpstreamError::Document("The document has no pages.".into()),
        );
        check(
            400,
            r#"{"error":{"code":400,"message":"User location is not supported","status":"FAILED_PRECONDITION"}}"#,
            UpstreamError::Refused("User location is not supported".into()),
        );
        check(
            403,
            r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#,
            UpstreamError::Refused("no".into()),
        );
        check(401, "", UpstreamError::Refused(String::new()));
        check(
            404,
            r#"{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}"#,
            UpstreamError::ModelNotFound("gone".into()),
        );
        check(
            429,
            r#"{"error":{"code":429,"details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProject"}]},{"retryDelay":"12.77s"}]}}"#,
            UpstreamError::MinuteQuota(Some(Duration::from_millis(12770))),
        );
        check(
            429,
            r#"{"error":{"code":429,"details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}"#,
            UpstreamError::DayQuota,
        );
        check(429, "slow down", UpstreamError::MinuteQuota(None));
        check(
            503,
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            UpstreamError::Overloaded("503 The model is overloaded.".into()),
        );
        check(504, r#"{"error":{"code":504,"status":"DEADLINE_EXCEEDED"}}"#, UpstreamError::TimedOut);
        check(500, "<html>oops</html>", UpstreamError::Overloaded("500 <html>oops</html>".into()));
        check(302, "", UpstreamError::InvalidAnswer("302 ".into()));
    }

    #[test]
    fn delays_are_bounded_and_odd_ones_ignored() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(seconds(text), expected.map(Duration::from_millis), "{text}");
        };
        check("53s", Some(53_000));
        check("0.5s", Some(500));
        check("3.000s", Some(3000));
        check("3.0400000009999s", Some(3040));
        check("3601s", Some(3_600_000));
        check(&format!("{}s", "9".repeat(300)), Some(3_600_000));
        check("53", None);
        check("s", None);
        check("1e3s", None);
        check("1.5.2s", None);
        check("-1s", None);
        check("NaNs", None);
        check("soon", None);
    }

    proptest! {
        #[test]
        fn nothing_panics(status in 100u16..600, body in ".{0,80}") {
            let _ = UpstreamError::from_answer(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        }
    }
}
