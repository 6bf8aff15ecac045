//! Sends batches of spans over the runtime's own HTTP client, and logs when a collector does not accept them.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::HttpError;

use crate::connector::Connector;

/// A collector answers a batch with a few bytes.
const REPLY_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Client {
    http: hyper_util::client::legacy::Client<Connector, Full<Bytes>>,
    /// Whether the last batch was lost: an outage is logged once, not once per batch.
    lost: AtomicBool,
}

impl Client {
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn new() -> anyhow::Result<Self> {
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(Connector::new()?);
        Ok(Self { http, lost: AtomicBool::new(false) })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = self.http.request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, REPLY_BYTES_MAX).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

#[async_trait]
impl opentelemetry_http::HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let place = request.uri().host().unwrap_or("its endpoint").to_owned();
        let answer = self.send(request).await;
        let why = match &answer {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("it answered {}", response.status())),
            Err(error) => Some(format!("{error}: is a collector running there?")),
        };
        if self.lost.swap(why.is_some(), Ordering::Relaxed) {
            return answer;
        }
        if let Some(why) = why {
            eprintln!("traces are lost until {place} takes them: {why}");
        }
        answer
    }
}
