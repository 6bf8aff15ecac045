//! The mocks for Make.com and Gemini, as one child process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::Native;
use crate::children::{Plan, Running};
use crate::paths::Tree;
use crate::process;

const START_LIMIT: Duration = Duration::from_secs(15);

/// Where the mocks listen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) webhook_url: String,
    pub(crate) webhook_origin: String,
    pub(crate) gemini_origin: String,
}

/// Starts the mocks and waits for the line that says where they listen.
///
/// # Errors
/// When they do not start, or say something else.
pub(crate) fn start(tree: &Tree, data: &Path) -> Result<(Running, Addresses)> {
    let mut plan = Plan::new("the mocks", tree.native(Native::Mocks.name()));
    plan.log = Some(data.join("logs/mocks.log"));
    let mut child = plan.start()?;
    let start = Instant::now();
    loop {
        if let Ok(line) = child.lines.recv_timeout(Duration::from_millis(50)) {
            let addresses = parse(&line)
                .with_context(|| format!("the mocks said {line:?} instead of where they listen"))?;
            return Ok((child, addresses));
        }
        if let Some(status) = child.ended() {
            bail!("the mocks did not start ({status}):\n{}", child.last_words());
        }
        if process::stopping() {
            bail!("stopped");
        }
        if start.elapsed() > START_LIMIT {
            bail!("the mocks did not say where they listen within {} s", START_LIMIT.as_secs());
        }
    }
}

fn parse(line: &str) -> Option<Addresses> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
    Some(Addresses {
        webhook_url: text("webhook_url")?,
        webhook_origin: text("webhook_origin")?,
        gemini_origin: text("gemini_origin")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_addresses_is_read_and_anything_else_refused() {
        let line = r#"{"webhook_url":"http://127.0.0.1:1/hook","webhook_origin":"http://127.0.0.1:1","gemini_origin":"http://127.0.0.1:2"}"#;
        assert_eq!(parse(line).unwrap().gemini_origin, "http://127.0.0.1:2");
        assert_eq!(parse(r#"{"webhook_url":"http://127.0.0.1:1/hook"}"#), None);
        assert_eq!(parse("listening"), None);
    }
}
