//! The traces of this run, newest last, bounded.

use std::collections::VecDeque;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use crate::span::{Span, sender};

/// The oldest trace goes when one more comes.
pub(crate) const TRACES_MAX: usize = 1000;
/// Further spans of a trace are counted, not kept.
pub(crate) const SPANS_MAX: usize = 1000;

#[derive(Debug, Default)]
pub(crate) struct Store {
    traces: VecDeque<Trace>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// 16 bytes in hexadecimal, as in `traceparent`.
    pub(crate) id: String,
    pub(crate) spans: Vec<Span>,
    pub(crate) dropped: usize,
}

impl Store {
    /// Takes a batch; the spans of one trace may come in several, in any order, and twice.
    pub(crate) fn take(&mut self, batch: ExportTraceServiceRequest) {
        for resource in batch.resource_spans {
            let sender = sender(resource.resource.as_ref());
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                // OTLP: an id of another length, or of zeros, is invalid and the span is to be ignored.
                if span.trace_id.len() == 16 && span.span_id.len() == 8 {
                    let id = hex(&span.trace_id);
                    self.trace(id).add(Span::new(span, &sender));
                }
            }
        }
    }

    fn trace(&mut self, id: String) -> &mut Trace {
        // Late spans mostly belong to the newest traces.
        let known = self.traces.iter().rposition(|trace| trace.id == id);
        let at = known.unwrap_or_else(|| {
            if self.traces.len() >= TRACES_MAX {
                self.traces.pop_front();
            }
            self.traces.push_back(Trace { id, ..Trace::default() });
            self.traces.len() - 1
        });
        &mut self.traces[at]
    }

    /// The newest first, by the time of their first span.
    pub(crate) fn newest(&self) -> Vec<&Trace> {
        let mut traces: Vec<_> = self.traces.iter().collect();
        traces.sort_by_key(|trace| std::cmp::Reverse(trace.start()));
        traces
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Trace> {
        self.traces.iter().find(|trace| trace.id == id)
    }
}

impl Trace {
    fn add(&mut self, span: Span) {
        if self.spans.iter().any(|known| known.id == span.id) {
            return;
        }
        if self.spans.len() >= SPANS_MAX {
            self.dropped += 1;
            return;
        }
        self.spans.push(span);
    }

    /// Nanoseconds since 1970.
    pub(crate) fn start(&self) -> u64 {
        self.spans.iter().map(|span| span.start).min().unwrap_or_default()
    }

    pub(crate) fn nanoseconds(&self) -> u64 {
        let end = self.spans.iter().map(|span| span.end).max().unwrap_or_default();
        end.saturating_sub(self.start())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::{self as otlp, ResourceSpans, ScopeSpans};

    use super::*;

    fn batch(spans: Vec<otlp::Span>) -> ExportTraceServiceRequest {
        let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
        let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
        ExportTraceServiceRequest { resource_spans: vec![resource] }
    }

    fn span(trace: u32, id: u32) -> otlp::Span {
        let trace_id = [[0; 12].as_slice(), &trace.to_be_bytes()].concat();
        let span_id = [[0; 4].as_slice(), &id.to_be_bytes()].concat();
        otlp::Span {
            trace_id,
            span_id,
            start_time_unix_nano: u64::from(trace),
            end_time_unix_nano: u64::from(trace + id),
            ..otlp::Span::default()
        }
    }

    #[test]
    fn spans_of_a_trace_come_together_and_a_repeated_batch_changes_nothing() {
        let mut store = Store::default();
        store.take(batch(vec![span(1, 1), span(2, 1)]));
        store.take(batch(vec![span(1, 2)]));
        store.take(batch(vec![span(1, 2)]));
        let newest: Vec<_> = store.newest().iter().map(|trace| trace.spans.len()).collect();
        assert_eq!(newest, [1, 2]);
        assert_eq!(store.find("00000000000000000000000000000001").unwrap().nanoseconds(), 2);
    }

    #[test]
    fn memory_is_bounded_both_ways() {
        let mut store = Store::default();
        let many = u32::try_from(TRACES_MAX).unwrap() + 5;
        store.take(batch((0..many).map(|trace| span(trace, 1)).collect()));
        assert_eq!(store.traces.len(), TRACES_MAX);
        assert!(store.find("00000000000000000000000000000000").is_none());
        let many = u32::try_from(SPANS_MAX).unwrap() + 5;
        store.take(batch((1..=many).map(|id| span(9999, id)).collect()));
        let newest = store.newest()[0];
        assert_eq!((newest.spans.len(), newest.dropped), (SPANS_MAX, 5));
    }

    #[test]
    fn a_span_without_a_proper_id_is_ignored() {
        let mut store = Store::default();
        store.take(batch(vec![otlp::Span { trace_id: vec![1], ..span(1, 1) }]));
        assert!(store.newest().is_empty());
    }
}
