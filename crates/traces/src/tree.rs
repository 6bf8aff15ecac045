//! The spans of a trace in reading order, each under the one it is inside of, with the service it belongs to.

use crate::span::Span;
use crate::store::Trace;

/// Spin's name for the span in which a component works on a request.
const EXECUTE: &str = "execute_wasm_component ";

/// A span in its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    pub(crate) span: &'a Span,
    /// How many spans it is inside of.
    pub(crate) depth: usize,
    /// The component, as the cluster's collector names it by its pod; else what the sender calls itself.
    pub(crate) service: &'a str,
}

/// Parents before children, children by start. A span whose parent is not here (yet) stands at the top.
pub(crate) fn nodes(trace: &Trace) -> Vec<Node<'_>> {
    let known = |id: &[u8]| trace.spans.iter().any(|span| span.id == id);
    let mut found = Vec::with_capacity(trace.spans.len());
    for top in sorted(trace.spans.iter().filter(|span| span.parent.is_empty() || !known(&span.parent))) {
        place(trace, top, 0, None, &mut found);
    }
    found
}

fn place<'a>(
    trace: &'a Trace,
    span: &'a Span,
    depth: usize,
    around: Option<&'a str>,
    into: &mut Vec<Node<'a>>,
) {
    // A cycle would be a sender's mistake; nobody nests this deep.
    if depth > 64 {
        return;
    }
    let children = sorted(trace.spans.iter().filter(|child| child.parent == span.id && child.id != span.id));
    let own = span.name.strip_prefix(EXECUTE);
    // The server's span belongs to the component that it runs.
    let runs = || match span.kind {
        "server" => children.iter().find_map(|child| child.name.strip_prefix(EXECUTE)),
        _ => None,
    };
    let component = own.or_else(runs).or(if span.kind == "server" { None } else { around });
    into.push(Node { span, depth, service: component.unwrap_or(&span.sender) });
    for child in children {
        place(trace, child, depth + 1, component, into);
    }
}

fn sorted<'a>(spans: impl Iterator<Item = &'a Span>) -> Vec<&'a Span> {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by_key(|span| span.start);
    spans
}

/// What a reader calls it: `POST /send` rather than the pattern of the route.
pub(crate) fn title(span: &Span) -> String {
    match (span.kind, span.attribute("http.request.method"), span.attribute("url.path")) {
        ("server", Some(method), Some(path)) => format!("{method} {path}"),
        ("client", Some(method), _) => {
            match (span.attribute("server.address"), span.attribute("server.port")) {
                (Some(host), Some(port)) => format!("{method} → {host}:{port}"),
                (Some(host), None) => format!("{method} → {host}"),
                _ => span.name.clone(),
            }
        }
        _ => span.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u8, parent: u8, kind: &'static str, name: &str) -> Span {
        Span {
            id: vec![id],
            parent: if parent == 0 { vec![] } else { vec![parent] },
            name: name.to_owned(),
            kind,
            sender: "spin".to_owned(),
            start: u64::from(id),
            end: u64::from(id) + 1,
            attributes: vec![],
            error: None,
        }
    }

    fn described(spans: Vec<Span>) -> Vec<(u8, usize, String)> {
        let trace = Trace { spans, ..Trace::default() };
        nodes(&trace).iter().map(|n| (n.span.id[0], n.depth, n.service.to_owned())).collect()
    }

    #[test]
    fn each_span_stands_under_its_parent_and_belongs_to_the_component_around_it() {
        let spans = vec![
            span(5, 4, "client", "spin_outbound_pg.execute"),
            span(1, 0, "server", "POST /send"),
            span(4, 3, "internal", "execute_wasm_component auth"),
            span(2, 1, "internal", "execute_wasm_component llm"),
            span(3, 2, "client", "POST"),
        ];
        let expected = [(1, 0, "llm"), (2, 1, "llm"), (3, 2, "llm"), (4, 3, "auth"), (5, 4, "auth")];
        assert_eq!(described(spans), expected.map(|(id, depth, service)| (id, depth, service.to_owned())));
    }

    #[test]
    fn a_span_whose_parent_is_elsewhere_is_shown_at_the_top() {
        let spans = vec![span(1, 9, "server", "GET /"), span(2, 0, "internal", "other")];
        assert_eq!(described(spans), [(1, 0, "spin".to_owned()), (2, 0, "spin".to_owned())]);
    }

    #[test]
    fn a_span_that_is_its_own_parent_harms_nobody() {
        let spans = vec![
            span(1, 0, "internal", "a"),
            span(2, 2, "internal", "b"),
            span(3, 4, "internal", "c"),
            span(4, 3, "internal", "d"),
        ];
        assert_eq!(described(spans), [(1, 0, "spin".to_owned())]);
    }
}
