//! The mocks for Make.com, a chat API and Gemini, as one child process.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::build::Native;
use crate::child::{ChildSpec, RunningChild};
use crate::paths::Tree;

const START_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the mocks listen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) webhook_url: String,
    pub(crate) webhook_origin: String,
    pub(crate) gemini_origin: String,
    pub(crate) openai_origin: String,
}

/// Starts the mocks and waits for the line that says where they listen.
///
/// # Errors
/// When they do not start, or write something else.
pub(crate) fn start(tree: &Tree, data: &Path) -> Result<(RunningChild, Addresses)> {
    let mut spec = ChildSpec::new("the mocks", tree.native(Native::Mocks.name()));
    spec.log = Some(data.join("logs/mocks.log"));
    let mut child = spec.start()?;
    let addresses = child.wait_for_line(START_TIMEOUT, parse)?;
    Ok((child, addresses))
}

/// Reads the addresses from an object of JSON strings. Addresses hold no escapes, so this needs no JSON parser.
fn parse(line: &str) -> Option<Addresses> {
    let text = |key: &str| {
        let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    Some(Addresses {
        webhook_url: text("webhook_url")?,
        webhook_origin: text("webhook_origin")?,
        gemini_origin: text("gemini_origin")?,
        openai_origin: text("openai_origin")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_addresses_is_read_and_any_other_is_not() {
        let line = r#"{"webhook_url":"http://127.0.0.1:1/hook","webhook_origin":"http://127.0.0.1:1","gemini_origin":"http://127.0.0.1:2","openai_origin":"http://127.0.0.1:3"}"#;
        let addresses = parse(line).unwrap();
        assert_eq!(addresses.webhook_url, "http://127.0.0.1:1/hook");
        assert_eq!(addresses.webhook_origin, "http://127.0.0.1:1");
        assert_eq!(addresses.gemini_origin, "http://127.0.0.1:2");
        assert_eq!(addresses.openai_origin, "http://127.0.0.1:3");
        assert_eq!(parse(r#"{"webhook_url":"http://127.0.0.1:1/hook"}"#), None);
        assert_eq!(parse("listening"), None);
    }
}
