//! One span, as it is kept: names, times, and the attributes that say what happened but not to whom.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{self as otlp};

/// What the cluster's collector deletes too (`attributes/private` in k8s/observability/collector-config.yaml).
pub(crate) const PRIVATE: [&str; 8] = [
    "url.full",
    "url.query",
    "client.address",
    "network.peer.address",
    "network.peer.port",
    "peer.address",
    "http.user_agent",
    "user_agent",
];

/// A longer attribute value is cut, in characters.
const VALUE_CHARS_MAX: usize = 2000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) id: Vec<u8>,
    /// Empty for the first span of a trace.
    pub(crate) parent: Vec<u8>,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// `service.name` of whoever sent it.
    pub(crate) sender: String,
    /// Nanoseconds since 1970.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) attributes: Vec<(String, String)>,
    /// Why it failed, if it did.
    pub(crate) error: Option<String>,
}

impl Span {
    pub(crate) fn new(span: otlp::Span, sender: &str) -> Self {
        let status = span.status.unwrap_or_default();
        let attributes: Vec<_> = span
            .attributes
            .into_iter()
            .filter(|attribute| !PRIVATE.contains(&attribute.key.as_str()))
            .map(|KeyValue { key, value, .. }| (key, text(value.as_ref())))
            .collect();
        let failed = status.code == i32::from(StatusCode::Error);
        Self {
            id: span.span_id,
            parent: span.parent_span_id,
            name: span.name,
            kind: kind(span.kind),
            sender: sender.to_owned(),
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano.max(span.start_time_unix_nano),
            attributes,
            error: failed.then_some(status.message),
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Failed by itself, or answered 5xx.
    pub(crate) fn failed(&self) -> bool {
        self.error.is_some()
            || self.attribute("http.response.status_code").is_some_and(|status| status.starts_with('5'))
    }

    pub(crate) fn nanoseconds(&self) -> u64 {
        self.end - self.start
    }
}

/// `service.name`; OpenTelemetry's word for a sender without one is `unknown_service`.
pub(crate) fn sender(resource: Option<&Resource>) -> String {
    let named = resource.and_then(|resource| resource.attributes.iter().find(|a| a.key == "service.name"));
    named.map_or_else(|| "unknown_service".to_owned(), |attribute| text(attribute.value.as_ref()))
}

fn kind(number: i32) -> &'static str {
    match SpanKind::try_from(number) {
        Ok(SpanKind::Server) => "server",
        Ok(SpanKind::Client) => "client",
        Ok(SpanKind::Producer) => "producer",
        Ok(SpanKind::Consumer) => "consumer",
        _ => "internal",
    }
}

fn text(value: Option<&AnyValue>) -> String {
    let long = match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(yes)) => yes.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::ArrayValue(array)) => {
            array.values.iter().map(|value| text(Some(value))).collect::<Vec<_>>().join(", ")
        }
        Some(Value::BytesValue(bytes)) => format!("{} bytes", bytes.len()),
        _ => String::new(),
    };
    match long.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", long.get(..end).unwrap_or_default()),
        None => long,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_attributes_are_those_that_the_collector_deletes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../k8s/observability/collector-config.yaml");
        let config = std::fs::read_to_string(path).unwrap();
        let deleted: Vec<_> = config
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- {key: ")?.strip_suffix(", action: delete}"))
            .collect();
        assert_eq!(deleted, PRIVATE);
    }

    #[test]
    fn a_span_that_ends_before_it_starts_lasts_no_time() {
        let span = otlp::Span { start_time_unix_nano: 5, end_time_unix_nano: 3, ..Default::default() };
        assert_eq!(Span::new(span, "spin").nanoseconds(), 0);
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let value = AnyValue { value: Some(Value::StringValue("é".repeat(VALUE_CHARS_MAX + 1))) };
        assert_eq!(text(Some(&value)).chars().count(), VALUE_CHARS_MAX + 1);
    }
}
