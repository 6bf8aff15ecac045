//! One JSON line per event (docs/logging.md): readable alone, with fields to filter by, never a secret, a password,
//! a question or a document. JSON escapes line breaks, so no value can forge a line (ASVS 5.0 16.4.1).

use serde_json::{Map, Value};

use crate::UnixTime;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// What happened.
#[derive(Debug, Clone)]
pub struct Event(Map<String, Value>);

impl Event {
    /// `what` is a fixed sentence or name, such as `request` or `sign_in_failed`.
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
        Value::Object(self.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
