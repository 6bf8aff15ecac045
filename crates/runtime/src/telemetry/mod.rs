//! OpenTelemetry traces: the spans that Spin 4.1 makes, under its names and with its attributes.
//!
//! Switched on by the variables that Spin reads (`OTEL_EXPORTER_OTLP_ENDPOINT` or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, off again with `OTEL_SDK_DISABLED`) and configured by OpenTelemetry's
//! own <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>. Spans are sent in
//! batches, as OTLP over HTTP in protobuf. Requests do not wait for them; spans that cannot be sent are dropped.

mod client;
pub(crate) mod database;
pub(crate) mod http;
mod span;
mod tasks;

use anyhow::{Context as _, Result, bail};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

pub(crate) use span::{CALLER, Parent, Span};
pub(crate) use tasks::{TaskSpans, TracedStore};

/// Whether spans are made, and where they are sent.
#[derive(Clone, Debug, Default)]
pub struct Telemetry(Option<Exporting>);

#[derive(Clone, Debug)]
struct Exporting {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Telemetry {
    /// Reads the configuration from the environment. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// A protocol other than `http/protobuf`, or an endpoint that is not a URL.
    pub fn from_environment(read: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        let set = |name: &str| Ok::<_, anyhow::Error>(read(name)?.filter(|value| !value.is_empty()));
        let endpoint = match set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")? {
            Some(endpoint) => Some(endpoint),
            None => set("OTEL_EXPORTER_OTLP_ENDPOINT")?,
        };
        let Some(endpoint) = endpoint.filter(|_| !matches!(set("OTEL_SDK_DISABLED"), Ok(Some(_)))) else {
            return Ok(Self::default());
        };
        for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
            match set(name)?.as_deref() {
                None | Some("http/protobuf") => {}
                Some(other) => {
                    bail!(
                        "{name} is {other:?}, but this runtime only sends http/protobuf: unset it, or use Spin"
                    )
                }
            }
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client::Client::new()?)
            .build()
            .with_context(|| {
            format!("traces cannot be sent to {endpoint:?}: check the OTEL_… variables")
        })?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(set("OTEL_SERVICE_NAME")?))
            .with_span_processor(BatchSpanProcessor::builder(exporter, Tokio).build())
            .build();
        let tracer = provider.tracer("spin");
        Ok(Self(Some(Exporting { provider, tracer })))
    }

    /// Sends the remaining spans; takes up to the exporter's timeout (10 s) when no collector listens.
    pub async fn shutdown(self) {
        let Some(exporting) = self.0 else { return };
        // `shutdown` blocks until the batch is sent by Tokio's threads.
        let sent = tokio::task::spawn_blocking(move || exporting.provider.shutdown()).await;
        if let Ok(Err(error)) = sent {
            eprintln!("the last traces were not sent: {error}");
        }
    }

    /// The sender of these headers as the parent of new spans (W3C Trace Context, `traceparent`).
    pub(crate) fn caller(&self, headers: &::http::HeaderMap) -> Parent {
        use opentelemetry::propagation::TextMapPropagator as _;
        let Some(exporting) = &self.0 else { return Parent::default() };
        let sender =
            TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        Parent::new(exporting.tracer.clone(), sender)
    }
}

/// As Spin: `service.name` is `spin` unless the environment says otherwise.
fn resource(service: Option<String>) -> Resource {
    let builder = Resource::builder_empty()
        .with_attribute(KeyValue::new("service.name", "spin"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detector(Box::new(EnvResourceDetector::new()))
        .with_detector(Box::new(TelemetryResourceDetector));
    match service {
        Some(service) => builder.with_service_name(service).build(),
        None => builder.build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telemetry(variables: &[(&str, &str)]) -> Result<Telemetry> {
        Telemetry::from_environment(|name| {
            Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn without_an_endpoint_nothing_is_traced() {
        assert!(telemetry(&[]).unwrap().0.is_none());
        assert!(telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).unwrap().0.is_none());
        let off = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"), ("OTEL_SDK_DISABLED", "true")];
        assert!(telemetry(&off).unwrap().0.is_none());
    }

    #[test]
    fn another_protocol_is_refused_and_named() {
        let grpc = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ];
        let error = telemetry(&grpc).unwrap_err().to_string();
        assert!(error.contains("OTEL_EXPORTER_OTLP_PROTOCOL") && error.contains("http/protobuf"), "{error}");
    }
}
