//! Interprets the webhook's reply: the table of statuses, then the text of a success.

use bytes::Bytes;
use http::{Response, header};

use super::envelope;
use crate::model_answer::ModelAnswer;
use crate::upstream::{SIMULATED, UpstreamError};

/// Interprets a complete reply.
///
/// # Errors
/// See [`UpstreamError`]. A reply with status 200 can be an error, too.
pub fn reply(response: &Response<Bytes>) -> Result<ModelAnswer, UpstreamError> {
    let (headers, body) = (response.headers(), response.body());
    match response.status().as_u16() {
        200..=299 => {}
        400 if begins(body, "Queue is full") => {
            return Err(UpstreamError::Busy { retry_after_seconds: None });
        }
        500 if begins(body, "Scenario failed") => return Err(UpstreamError::ScenarioFailed),
        code => return Err(UpstreamError::of_status(code, headers)),
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    if !matches!(encoding, None | Some(b"" | b"identity")) {
        return Err(UpstreamError::Unreadable("compressed"));
    }
    let text = std::str::from_utf8(body).map_err(|_| UpstreamError::Unreadable("not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    parse(text, headers.contains_key(SIMULATED))
}

/// Parses the text of a success.
///
/// # Errors
/// [`UpstreamError::Empty`], [`UpstreamError::OnlyAccepted`], [`UpstreamError::Unreadable`], and
/// [`UpstreamError::ProviderError`].
pub fn parse(text: &str, simulated: bool) -> Result<ModelAnswer, UpstreamError> {
    if text.trim().is_empty() {
        return Err(UpstreamError::Empty);
    }
    if text.trim().trim_matches('"').eq_ignore_ascii_case("accepted") {
        return Err(UpstreamError::OnlyAccepted);
    }
    if is_html_page(text) {
        return Err(UpstreamError::Unreadable("an HTML page"));
    }
    let parsed = envelope::open(text)?;
    // A fence without content gives an empty block.
    if parsed.explanation.is_empty() && parsed.blocks.iter().all(|block| block.code.is_empty()) {
        return Err(UpstreamError::Empty);
    }
    Ok(ModelAnswer { parsed, text: text.to_owned(), simulated, cut: None })
}

fn begins(body: &Bytes, sentence: &str) -> bool {
    let start = body.trim_ascii_start();
    start.get(..sentence.len()).is_some_and(|start| start.eq_ignore_ascii_case(sentence.as_bytes()))
}

/// Whether it is the error page of a proxy in front of the scenario. An answer about HTML has it in a fence.
fn is_html_page(text: &str) -> bool {
    let start = text.trim_start();
    ["<!doctype html", "<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::answer::Answer;
    use UpstreamError as E;

    fn read(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Result<ModelAnswer, E> {
        let response = Response::builder().status(status);
        let response =
            headers.iter().fold(response, |response, (name, value)| response.header(*name, *value));
        reply(&response.body(Bytes::copy_from_slice(body)).unwrap())
    }

    #[test]
    fn every_status_of_make_has_its_meaning() {
        let busy = |retry_after_seconds| E::Busy { retry_after_seconds };
        for (status, headers, body, expected) in [
            (200, vec![], "Accepted", E::OnlyAccepted),
            (200, vec![], "accepted\n", E::OnlyAccepted),
            (202, vec![], "\"Accepted\"", E::OnlyAccepted),
            (200, vec![], "", E::Empty),
            (204, vec![], "", E::Empty),
            (200, vec![], " \n", E::Empty),
            (200, vec![], "```python\n```", E::Empty),
            (301, vec![("location", "https://elsewhere.example")], "", E::Redirected(301)),
            (307, vec![], "", E::Redirected(307)),
            (400, vec![], "Queue is full", busy(None)),
            (400, vec![], "Queue is full.", busy(None)),
            (400, vec![], "Validation failed for 1 parameter(s).", E::Status(400)),
            (401, vec![], "Unauthorized", E::KeyRefused(401)),
            (403, vec![], "", E::KeyRefused(403)),
            (404, vec![], "", E::NotFound(404)),
            (408, vec![], "", E::TimedOut(408)),
            (410, vec![], "Webhook not found.", E::NotFound(410)),
            (410, vec![], "There is no scenario listening for this webhook.", E::NotFound(410)),
            (413, vec![], "", E::Status(413)),
            (429, vec![], "Too many requests", busy(None)),
            (429, vec![("retry-after", "7")], "", busy(Some(7))),
            (429, vec![("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], "", busy(None)),
            (500, vec![], "Scenario failed to complete.", E::ScenarioFailed),
            (500, vec![], "oops", E::Status(500)),
            (502, vec![], "<html>Cloudflare</html>", E::Status(502)),
            (503, vec![], "", E::Unavailable),
            (504, vec![], "", E::TimedOut(504)),
            (524, vec![], "", E::TimedOut(524)),
            (599, vec![], "", E::Status(599)),
            (200, vec![("content-encoding", "gzip")], "x", E::Unreadable("compressed")),
            (200, vec![], "<!DOCTYPE html><p>", E::Unreadable("an HTML page")),
            (200, vec![("content-type", "text/html")], "\n<html lang=en>", E::Unreadable("an HTML page")),
        ] {
            assert_eq!(read(status, &headers, body.as_bytes()).err(), Some(expected), "{status} {body}");
        }
        assert_eq!(read(200, &[], b"x = \xff").err(), Some(E::Unreadable("not UTF-8")));
    }

    #[test]
    fn every_success_status_can_bring_an_answer_and_a_mocks_answer_is_marked() {
        let body = "```python\nx = 1\n```\nExplication : a";
        let answer = read(201, &[("content-encoding", "identity")], body.as_bytes()).unwrap();
        assert_eq!((answer.parsed.code.as_str(), answer.simulated), ("x = 1", false));
        assert!(read(200, &[("x-atelier-simulated", "true")], body.as_bytes()).unwrap().simulated);
        // A module of Make.com that reads files may leave a byte order mark.
        assert_eq!(read(200, &[], "\u{feff}\"x = 1\"".as_bytes()).unwrap().parsed.code, "x = 1");
        // A text that only begins with the word is an answer.
        assert!(read(200, &[], "Accepted answers are listed below.".as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_reply_panics_and_an_answer_is_never_empty(
            status in 100_u16..=999,
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..80),
                "[{}\\[\\]\":,a-z`\n ]{0,60}".prop_map(String::into_bytes),
                "\\{\"(response|code|content|choices|error|data)\":[\"\\[{a0n]{0,5}[\"\\]}]{0,5}\\}".prop_map(String::into_bytes),
            ],
        ) {
            if let Ok(answer) = read(status, &[], &body) {
                let Answer { code, explanation, blocks } = answer.parsed;
                prop_assert!(!code.is_empty() || !explanation.is_empty() || blocks.iter().any(|block| !block.code.is_empty()));
                prop_assert!((200..300).contains(&status));
            }
        }
    }
}
