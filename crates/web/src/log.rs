//! One JSON line per event (docs/logging.md): readable alone, with fields to filter by. It never contains a secret,
//! a password, a question or a document. JSON escapes line breaks, so no value can forge a line (ASVS 5.0 16.4.1).

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::{Request, RequestId, UnixTime};

/// The severity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// One line of the log.
#[derive(Debug, Clone)]
pub struct Event(Map<String, Value>);

impl Event {
    /// `what` is a fixed name, such as `request` or `sign_in_failed`.
    #[must_use]
    pub fn new(level: Level, now: UnixTime, component: &str, what: &str) -> Self {
        let level = match level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let mut fields = Map::new();
        fields.insert("time".to_owned(), now.0.into());
        fields.insert("level".to_owned(), level.into());
        fields.insert("component".to_owned(), component.into());
        fields.insert("event".to_owned(), what.into());
        Self(fields)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The line, without its line break.
    #[must_use]
    pub fn line(self) -> String {
        crate::json_text(&Value::Object(self.0))
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: StatusCode,
    /// Why it failed; never sent.
    pub cause: Option<String>,
    /// The id of the user.
    pub user: Option<String>,
}

impl Outcome {
    /// `Warn` for what the client got wrong, `Error` for what we or an upstream did.
    fn level(&self) -> Level {
        match self.status.as_u16() {
            500.. => Level::Error,
            400.. => Level::Warn,
            _ => Level::Info,
        }
    }
}

/// The one line that says how a request ended.
#[derive(Debug, Clone)]
pub struct RequestLog {
    component: &'static str,
    request_id: RequestId,
    method: Method,
    path: String,
    /// On the clock of [`crate::Clock::elapsed`].
    started: Duration,
}

impl RequestLog {
    #[must_use]
    pub fn new(component: &'static str, request: &Request, started: Duration) -> Self {
        Self {
            component,
            request_id: request.context.request_id.clone(),
            method: request.method.clone(),
            path: request.path().to_owned(),
            started,
        }
    }

    /// `elapsed` is the time of the end, on the same clock as the time of the start.
    #[must_use]
    pub fn ended(self, outcome: Outcome, now: UnixTime, elapsed: Duration) -> Event {
        let milliseconds = elapsed.saturating_sub(self.started).as_millis();
        let mut event = Event::new(outcome.level(), now, self.component, "request")
            .with("request_id", self.request_id.as_str())
            .with("method", self.method.as_str())
            .with("path", self.path)
            .with("status", outcome.status.as_u16())
            .with("ms", u64::try_from(milliseconds).unwrap_or(u64::MAX));
        for (name, value) in [("user", outcome.user), ("cause", outcome.cause)] {
            if let Some(value) = value {
                event = event.with(name, value);
            }
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_request_has_its_method_path_and_outcome() {
        let request = Request::test("POST", "/send?token=secret");
        let log = RequestLog::new("llm", &request, Duration::from_millis(100));
        let outcome = Outcome {
            status: StatusCode::BAD_GATEWAY,
            cause: Some("webhook answered Accepted".to_owned()),
            user: None,
        };
        let line = log.ended(outcome, UnixTime(7), Duration::from_millis(912)).line();
        let expected = serde_json::json!({
            "component": "llm", "event": "request", "level": "error", "method": "POST", "ms": 812, "path": "/send",
            "request_id": request.context.request_id.as_str(), "status": 502, "time": 7,
            "cause": "webhook answered Accepted",
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }

    #[test]
    fn a_value_cannot_forge_a_second_line() {
        let event = Event::new(Level::Warn, UnixTime(7), "auth", "sign_in_failed")
            .with("user", "a\n{\"level\":\"info\"}");
        let line = event.line();
        assert!(!line.contains('\n'));
        let parsed: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&parsed["level"], &parsed["time"]), (&Value::from("warn"), &Value::from(7)));
    }
}
