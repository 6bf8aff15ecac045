//! The spans of HTTP: requests that come in, components that run, requests that go out.
//!
//! Names and attributes are Spin's, without the `url.full` of outgoing requests: Make.com's webhook URL is a secret.

use std::net::SocketAddr;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response, Uri};
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use super::{Parent, Span, Telemetry};

/// A request from outside, until its reply begins.
#[derive(Debug)]
pub(crate) struct ServerSpan {
    span: Span,
    method: Method,
}

impl ServerSpan {
    pub(crate) fn start<B>(telemetry: &Telemetry, request: &Request<B>, client: SocketAddr) -> Self {
        let method = request.method().clone();
        let span = telemetry.caller(request.headers()).span(
            SpanKind::Server,
            "spin_trigger_http.handle_http_request",
            || {
                let text = |name: &'static str, value: &str| KeyValue::new(name, value.to_owned());
                let uri = request.uri();
                let forwarded = request.headers().get("x-forwarded-for").and_then(|v| v.to_str().ok());
                [
                    text("http.request.method", method.as_str()),
                    text("network.peer.address", &client.ip().to_string()),
                    KeyValue::new("network.peer.port", i64::from(client.port())),
                    text("network.protocol.name", "http"),
                    text("url.path", uri.path()),
                    text("url.query", uri.query().unwrap_or_default()),
                    text("url.scheme", uri.scheme_str().unwrap_or_default()),
                ]
                .into_iter()
                .chain(forwarded.map(|address| text("client.address", address)))
            },
        );
        Self { span, method }
    }

    pub(crate) fn as_parent(&self) -> &Parent {
        self.span.as_parent()
    }

    /// Records that the reply begins; `route` is the manifest's pattern that matched.
    pub(crate) fn finish<B, E: std::fmt::Display>(
        self,
        route: Option<&str>,
        answer: &Result<Response<B>, E>,
    ) {
        let status = answer.as_ref().map_or(500, |response| response.status().as_u16());
        self.span.set(KeyValue::new("http.response.status_code", i64::from(status)));
        if let Err(error) = answer {
            self.span.set(KeyValue::new("error.type", error.to_string()));
        }
        if let Some(route) = route {
            self.span.set(KeyValue::new("http.route", route.to_owned()));
        }
        self.span.rename(|| match route {
            Some(route) => format!("{} {route}", self.method),
            None => self.method.to_string(),
        });
    }
}

/// A component handles a request.
pub(crate) fn start_execution(parent: &Parent, component: &str) -> Span {
    parent.span(SpanKind::Internal, format!("execute_wasm_component {component}"), || [])
}

/// A component's own request, until its reply begins. Sets the request's `traceparent`.
pub(crate) fn start_request<B>(parent: &Parent, request: &mut Request<B>) -> Span {
    let span = parent.span(SpanKind::Client, request.method().to_string(), || {
        let method = KeyValue::new("http.request.method", request.method().to_string());
        std::iter::once(method).chain(server(request.uri()))
    });
    span.as_parent().inject(request.headers_mut());
    span
}

pub(crate) fn finish_request<B, E: std::fmt::Debug>(span: &Span, answer: &Result<Response<B>, E>) {
    match answer {
        Ok(response) => {
            let status = i64::from(response.status().as_u16());
            span.set(KeyValue::new("http.response.status_code", status));
            if let Some(bytes) = content_length(response.headers()) {
                span.set(KeyValue::new("http.response.body.size", bytes));
            }
        }
        Err(error) => span.fail(format_args!("{error:?}")),
    }
}

fn server(uri: &Uri) -> impl Iterator<Item = KeyValue> {
    let host = uri.host().map(|host| KeyValue::new("server.address", host.to_owned()));
    let port = uri.port_u16().map(|port| KeyValue::new("server.port", i64::from(port)));
    host.into_iter().chain(port)
}

fn content_length(headers: &HeaderMap) -> Option<i64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
