//! The pages, and the same as JSON.

use std::time::Duration;

use askama::Template;
use chrono::DateTime;
use serde::Serialize;

use crate::span::Span;
use crate::store::{Store, TRACES_MAX, Trace};
use crate::tree::{Node, nodes, title};

pub(crate) const STYLE: &str = include_str!("../assets/style.css");

/// Width of a trace in the picture's own units.
const SCALE: u64 = 1000;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    lines: Vec<Line>,
    services: Vec<String>,
    service: Option<&'a str>,
    limit: usize,
}

struct Line {
    id: String,
    at: String,
    title: String,
    services: Vec<String>,
    spans: usize,
    duration: String,
    status: String,
    failed: bool,
    /// It went well in spite of a step that did not.
    step_failed: bool,
}

#[derive(Template)]
#[template(path = "trace.html")]
struct TracePage {
    line: Line,
    rows: Vec<Row>,
    dropped: usize,
}

struct Row {
    /// Deeper than this is drawn at this depth.
    depth: usize,
    title: String,
    service: String,
    kind: &'static str,
    from: u64,
    width: u64,
    offset: String,
    duration: String,
    error: Option<String>,
    failed: bool,
    attributes: Vec<(String, String)>,
}

pub(crate) fn list(store: &Store, service: Option<&str>) -> askama::Result<String> {
    let all: Vec<_> = store.newest().into_iter().map(line).collect();
    let mut services: Vec<_> = all.iter().flat_map(|line| line.services.iter().cloned()).collect();
    services.sort();
    services.dedup();
    let wanted = |line: &Line| service.is_none_or(|wanted| line.services.iter().any(|s| s == wanted));
    let lines = all.into_iter().filter(wanted).collect();
    ListPage { lines, services, service, limit: TRACES_MAX }.render()
}

pub(crate) fn trace(trace: &Trace) -> askama::Result<String> {
    let nodes = nodes(trace);
    let rows = nodes.iter().map(|node| row(trace, node)).collect();
    TracePage { line: line(trace), rows, dropped: trace.dropped }.render()
}

fn line(trace: &Trace) -> Line {
    let nodes = nodes(trace);
    let mut services: Vec<String> = Vec::new();
    for node in &nodes {
        if !services.iter().any(|known| known == node.service) {
            services.push(node.service.to_owned());
        }
    }
    let first = nodes.first().map(|node| node.span);
    let at = DateTime::from_timestamp_nanos(i64::try_from(trace.start()).unwrap_or(i64::MAX));
    Line {
        id: trace.id.clone(),
        at: at.format("%H:%M:%S%.3f").to_string(),
        title: first.map(title).unwrap_or_default(),
        services,
        spans: trace.spans.len(),
        duration: duration(trace.nanoseconds()),
        status: first.and_then(|span| span.attribute("http.response.status_code")).unwrap_or("").to_owned(),
        failed: first.is_some_and(Span::failed),
        step_failed: trace.spans.iter().any(Span::failed),
    }
}

fn row(trace: &Trace, node: &Node<'_>) -> Row {
    let whole = trace.nanoseconds().max(1);
    let offset = node.span.start - trace.start();
    let scaled =
        |part: u64| u64::try_from(u128::from(part) * u128::from(SCALE) / u128::from(whole)).unwrap_or(SCALE);
    // The shortest span is still to be seen, and inside the picture.
    let width = scaled(node.span.nanoseconds()).max(3);
    Row {
        depth: node.depth.min(8),
        title: title(node.span),
        service: node.service.to_owned(),
        kind: node.span.kind,
        from: scaled(offset).min(SCALE - width.min(SCALE)),
        width,
        offset: duration(offset),
        duration: duration(node.span.nanoseconds()),
        error: node.span.error.clone(),
        failed: node.span.failed(),
        attributes: node.span.attributes.clone(),
    }
}

/// Three digits are enough to compare.
fn duration(nanoseconds: u64) -> String {
    let duration = Duration::from_nanos(nanoseconds);
    match duration.as_micros() {
        0..1_000 => format!("{} µs", duration.as_micros()),
        1_000..10_000 => format!("{:.2} ms", duration.as_secs_f64() * 1e3),
        10_000..1_000_000 => format!("{:.0} ms", duration.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", duration.as_secs_f64()),
    }
}

#[derive(Serialize)]
struct JsonTrace<'a> {
    trace_id: &'a str,
    start_unix_nano: u64,
    duration_nano: u64,
    spans: Vec<JsonSpan<'a>>,
}

#[derive(Serialize)]
struct JsonSpan<'a> {
    span_id: String,
    parent_span_id: String,
    service: &'a str,
    name: &'a str,
    kind: &'static str,
    start_unix_nano: u64,
    duration_nano: u64,
    error: Option<&'a str>,
    attributes: serde_json::Map<String, serde_json::Value>,
}

/// Every trace, the newest first, its spans in reading order.
pub(crate) fn json(store: &Store) -> String {
    let traces: Vec<_> = store.newest().into_iter().map(json_trace).collect();
    serde_json::json!({ "traces": traces }).to_string()
}

fn json_trace(trace: &Trace) -> JsonTrace<'_> {
    let spans = nodes(trace).into_iter().map(|Node { span, service, .. }| JsonSpan {
        span_id: crate::store::hex(&span.id),
        parent_span_id: crate::store::hex(&span.parent),
        service,
        name: &span.name,
        kind: span.kind,
        start_unix_nano: span.start,
        duration_nano: span.nanoseconds(),
        error: span.error.as_deref(),
        attributes: span.attributes.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect(),
    });
    JsonTrace {
        trace_id: &trace.id,
        start_unix_nano: trace.start(),
        duration_nano: trace.nanoseconds(),
        spans: spans.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_that_fits() {
        let shown = [0, 999_999, 1_500_000, 42_000_000, 1_234_000_000].map(duration);
        assert_eq!(shown, ["0 µs", "999 µs", "1.50 ms", "42 ms", "1.23 s"]);
    }

    #[test]
    fn bars_stay_inside_the_picture() {
        let span = |id, start, end| Span {
            id: vec![id],
            parent: vec![],
            name: "x".to_owned(),
            kind: "internal",
            sender: "spin".to_owned(),
            start,
            end,
            attributes: vec![],
            error: None,
        };
        let trace = Trace {
            spans: vec![span(1, 0, 1_000_000_000), span(2, 1_000_000_000, 1_000_000_000)],
            ..Trace::default()
        };
        for node in nodes(&trace) {
            let row = row(&trace, &node);
            assert!(row.from + row.width <= SCALE, "{} + {}", row.from, row.width);
        }
    }

    #[test]
    fn what_a_span_says_is_text_on_the_page_not_markup() {
        let span = Span {
            id: vec![1],
            parent: vec![],
            name: "<script>alert(1)</script>".to_owned(),
            kind: "internal",
            sender: "<em>".to_owned(),
            start: 0,
            end: 1,
            attributes: vec![("\"><img>".to_owned(), "<i>".to_owned())],
            error: Some("<u>".to_owned()),
        };
        let page = trace(&Trace { id: "0".repeat(32), spans: vec![span], dropped: 0 }).unwrap();
        for tag in ["<script>", "<em>", "<img>", "<i>", "<u>"] {
            assert!(!page.contains(tag), "{tag}");
        }
    }
}
