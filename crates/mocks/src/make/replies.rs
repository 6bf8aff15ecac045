//! The replies of a hook: its headers, and the texts of a scenario.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::answer::Answer;

/// What the Webhook-response module sends when the scenario went well.
pub(super) fn answered(text: impl Into<Bytes>) -> Answer {
    let mut answer = plain(StatusCode::OK, text);
    answer.wait = Duration::from_millis(20);
    answer
}

pub(super) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    Answer::new(status, "text/plain; charset=utf-8", text)
        .with_header("x-powered-by", "Make Gateway/production")
        .with_header("make-actual-status", status.as_str())
}

pub(super) fn json(text: impl Into<Bytes>) -> Answer {
    plain(StatusCode::OK, text).with_header("content-type", "application/json; charset=utf-8")
}
