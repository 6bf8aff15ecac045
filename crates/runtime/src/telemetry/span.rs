//! Spans and their parents. Both are empty when traces are off.

use std::borrow::Cow;

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;

tokio::task_local! {
    /// The parent of the outgoing request that a guest sends; wasmtime's hook has no parameter for it.
    pub(crate) static CALLER: Parent;
}

/// The parent of new spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parent(Option<(SdkTracer, Context)>);

/// A running span; it ends when dropped, also when its request is cancelled.
#[derive(Debug)]
pub(crate) struct Span(Parent);

impl Parent {
    pub(super) fn new(tracer: SdkTracer, context: Context) -> Self {
        Self(Some((tracer, context)))
    }

    pub(crate) fn is_traced(&self) -> bool {
        self.0.is_some()
    }

    /// Starts a child span. `attributes` is called only when traces are on.
    pub(crate) fn span<A: IntoIterator<Item = KeyValue>>(
        &self,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
        attributes: impl FnOnce() -> A,
    ) -> Span {
        let Some((tracer, context)) = &self.0 else { return Span(Self::default()) };
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes());
        let span = tracer.build_with_context(builder, context);
        Span(Self(Some((tracer.clone(), context.with_span(span)))))
    }

    /// Sets `traceparent`, in place of the guest's own.
    pub(crate) fn inject(&self, headers: &mut HeaderMap) {
        if let Some((_, context)) = &self.0 {
            TraceContextPropagator::new().inject_context(context, &mut HeaderInjector(headers));
        }
    }
}

impl Span {
    pub(crate) fn as_parent(&self) -> &Parent {
        &self.0
    }

    pub(crate) fn set(&self, attribute: KeyValue) {
        if let Some((_, context)) = &self.0.0 {
            context.span().set_attribute(attribute);
        }
    }

    pub(crate) fn rename(&self, name: impl FnOnce() -> String) {
        if let Some((_, context)) = &self.0.0 {
            context.span().update_name(name());
        }
    }

    /// The span's work failed.
    pub(crate) fn fail(&self, cause: impl std::fmt::Display) {
        if let Some((_, context)) = &self.0.0 {
            context.span().set_status(Status::error(cause.to_string()));
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some((_, context)) = &self.0.0 {
            context.span().end();
        }
    }
}
