//! The routes, over HTTP/1.1.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};

use crate::page;
use crate::store::Store;

/// A batch of 512 spans, the SDK's default, is under 1 MiB.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

type Reply = Response<Full<Bytes>>;

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener) {
    let store = Arc::new(Mutex::new(Store::default()));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&store)));
            }
            // Out of file descriptors, or a client that left at once: neither is a reason to stop.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, store: Arc<Mutex<Store>>) {
    let service = service_fn(|request| {
        let store = Arc::clone(&store);
        async move { Ok::<_, Infallible>(answer(request, &store).await) }
    });
    let served =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the client's affair.
    drop(served.await);
}

async fn answer(request: Request<Incoming>, store: &Mutex<Store>) -> Reply {
    let path = request.uri().path().to_owned();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match path.as_str() {
        "/v1/traces" | "/v1/logs" | "/v1/metrics" => match *request.method() {
            Method::POST => take(request, path == "/v1/traces", store).await,
            _ => wrong_method("POST"),
        },
        _ if !reads => wrong_method("GET, HEAD"),
        "/style.css" => reply(StatusCode::OK, "text/css; charset=utf-8", page::STYLE),
        path => {
            let service = service(request.uri().query());
            let store = store.lock().unwrap_or_else(PoisonError::into_inner);
            match path {
                "/" => html(page::list(&store, service.as_deref())),
                "/api/traces" => reply(StatusCode::OK, "application/json", page::json(&store)),
                _ => match path.strip_prefix("/traces/").and_then(|id| store.find(id)) {
                    Some(trace) => html(page::trace(trace)),
                    None => plain(
                        StatusCode::NOT_FOUND,
                        "No such trace: it may have been one of an earlier run. The list is at /.",
                    ),
                },
            }
        }
    }
}

/// OTLP/HTTP: 200 with an empty message when everything was taken, 4xx when a repetition would not help.
async fn take(request: Request<Incoming>, keep: bool, store: &Mutex<Store>) -> Reply {
    let protobuf =
        request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/x-protobuf");
    if !protobuf || request.headers().contains_key(CONTENT_ENCODING) {
        return plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send application/x-protobuf without compression (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf).",
        );
    }
    let Ok(body) = Limited::new(request.into_body(), BATCH_BYTES_MAX).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "Send at most 8 MiB at once.");
    };
    if keep {
        let Ok(batch) = ExportTraceServiceRequest::decode(body.to_bytes()) else {
            return plain(StatusCode::BAD_REQUEST, "This is not an ExportTraceServiceRequest.");
        };
        store.lock().unwrap_or_else(PoisonError::into_inner).take(batch);
    }
    reply(StatusCode::OK, "application/x-protobuf", Bytes::new())
}

fn service(query: Option<&str>) -> Option<String> {
    let found = form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == "service");
    found.map(|(_, service)| service.into_owned()).filter(|service| !service.is_empty())
}

fn html(page: Result<String, askama::Error>) -> Reply {
    match page {
        Ok(page) => reply(StatusCode::OK, "text/html; charset=utf-8", page),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("The page cannot be made: {error}.")),
    }
}

fn wrong_method(allowed: &'static str) -> Reply {
    let mut reply = plain(StatusCode::METHOD_NOT_ALLOWED, format!("Use {allowed} here."));
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    reply(status, "text/plain; charset=utf-8", text)
}

fn reply(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_read_from_the_query() {
        assert_eq!(service(Some("a=b&service=l%C3%A9m")), Some("lém".to_owned()));
        assert_eq!((service(Some("service=")), service(None)), (None, None));
    }
}
