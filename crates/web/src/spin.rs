//! The edge that all components share: with its folder, the only file of this crate that names `spin_sdk`. It reads
//! a request, sends one, writes a reply and a log line, and decides nothing.

mod body;

pub use body::BodyReader;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::HeaderValue;
use http_body_util::BodyExt;
use spin_sdk::{
    http::{FullBody, Request as IncomingRequest, Response},
    wasip3::{
        clocks::{monotonic_clock, system_clock},
        http::types::{ErrorCode, RequestOptions},
        http_compat::RequestOptionsExtension,
        random::random::get_random_bytes,
    },
};

use crate::{
    Context, Lang, Reply, Request, RequestId, UnixTime,
    compress::accepts_gzip,
    finish,
    log::{Event, Level},
    outbound::{Limits, Outbound, SendError},
};

/// Answers one request: reads at most `body_bytes_max` (which sees the request without its body), calls `handle`,
/// dresses and logs its reply.
pub async fn serve<F>(
    component: &'static str,
    body_bytes_max: impl FnOnce(&Request) -> usize,
    request: IncomingRequest,
    handle: impl FnOnce(Request) -> F,
) -> Response<FullBody<Bytes>>
where
    F: Future<Output = Reply>,
{
    let started = monotonic_clock::now();
    let (parts, body) = request.into_parts();
    let mut request = head(&parts).await;
    let (context, method, path) =
        (request.context.clone(), request.method.clone(), request.path().to_owned());
    let announced = request.header("content-length").and_then(|length| length.parse::<u64>().ok());
    let mut body = BodyReader::new(body);
    let reply = match body.whole(body_bytes_max(&request), announced).await {
        Ok(body) => {
            request.body = body;
            handle(request).await
        }
        Err(problem) => {
            body.drain(&request.headers).await;
            problem.reply(&request)
        }
    };
    let reply = finish(reply, &context);
    log_reply(component, &context, (&method, &path), started, &reply);
    respond(reply)
}

/// Writes the one line that says how a request ended.
pub fn log_reply(
    component: &'static str,
    context: &Context,
    (method, path): (&http::Method, &str),
    started: u64,
    reply: &Reply,
) {
    let milliseconds = monotonic_clock::now().saturating_sub(started) / 1_000_000;
    let mut event = Event::new(reply.level(), now(), component, "request")
        .with("request_id", context.request_id.as_str())
        .with("method", method.as_str())
        .with("path", path)
        .with("status", reply.status.as_u16())
        .with("ms", milliseconds);
    if let Some(user) = &reply.user {
        event = event.with("user", user.as_str());
    }
    if let Some(cause) = &reply.cause {
        event = event.with("cause", cause.as_str());
    }
    log(event);
}

/// The monotonic clock, in nanoseconds, for [`log_reply`].
#[must_use]
pub fn started() -> u64 {
    monotonic_clock::now()
}

/// Everything of the request but its body.
pub async fn head(parts: &http::request::Parts) -> Request {
    let public_origin = variable("public_origin").await;
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let context = Context {
        request_id: RequestId::from_header_or(text("x-request-id"), random()),
        lang: Lang::from_accept_language(text("accept-language").unwrap_or_default()),
        https: public_origin.starts_with("https://"),
        gzip: accepts_gzip(text("accept-encoding").unwrap_or_default()),
    };
    // What is asked of auth on behalf of this request passes the headers on, so the id stands among them.
    let mut headers = parts.headers.clone();
    if let Ok(id) = HeaderValue::from_str(context.request_id.as_str()) {
        headers.insert("x-request-id", id);
    }
    Request {
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        headers,
        body: Bytes::new(),
        now: now(),
        context,
        public_origin,
    }
}

/// Turns a reply into what the SDK returns.
#[must_use]
pub fn respond(reply: Reply) -> Response<FullBody<Bytes>> {
    let mut response = Response::new(FullBody::new(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// A component variable; empty when it is not set or its provider does not answer, which is logged.
pub async fn variable(name: &str) -> String {
    match spin_sdk::variables::get(name).await {
        Ok(value) => value,
        Err(error) => {
            log(Event::new(Level::Error, now(), "variables", "variable_unavailable")
                .with("name", name)
                .with("cause", error.to_string()));
            String::new()
        }
    }
}

/// Prints one event as a line on standard output.
pub fn log(event: Event) {
    println!("{}", event.line());
}

/// The wall clock.
#[must_use]
pub fn now() -> UnixTime {
    UnixTime(system_clock::now().seconds)
}

/// Bytes from the host's cryptographically secure generator.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    // The interface may return fewer bytes than asked for (wasi:random 0.3, get-random-bytes).
    while filled < N {
        for (slot, byte) in bytes.iter_mut().skip(filled).zip(get_random_bytes((N - filled) as u64)) {
            *slot = byte;
            filled += 1;
        }
    }
    bytes
}

/// Waits for `future`, at most `limit`.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let sleep = spin_sdk::time::sleep(limit);
    match select(pin!(polled_again(future)), pin!(sleep)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

/// Asks the executor for one more turn after the first poll of `future`.
///
/// Sending a request spawns the task that writes its body. wit-bindgen's executor (0.57) first looks at such a task
/// when something wakes it after the turn it was spawned in; with another spawned task waiting, nothing does, and the
/// body would never be written.
async fn polled_again<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut asked = false;
    poll_fn(move |context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() && !std::mem::replace(&mut asked, true) {
            context.waker().wake_by_ref();
        }
        polled
    })
    .await
}

/// The network as the manifest allows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Network;

impl Outbound for Network {
    async fn send(
        &self,
        mut request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, SendError> {
        request.extensions_mut().insert(options(limits));
        let exchange = async {
            let response = spin_sdk::http::send(request.map(FullBody::new)).await.map_err(send_error)?;
            let (parts, mut body) = response.into_parts();
            let mut bytes = BytesMut::new();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(send_error)?.into_data() else { continue };
                if bytes.len() + data.len() > limits.reply_bytes_max {
                    return Err(SendError::TooLarge);
                }
                bytes.extend_from_slice(&data);
            }
            Ok(http::Response::from_parts(parts, bytes.freeze()))
        };
        match within(limits.total, exchange).await {
            Some(result) => result,
            None => Err(SendError::TimedOut(format!("no whole reply within {} s", limits.total.as_secs()))),
        }
    }
}

/// Spin's own default is 600 s for each stage, so every request says its own.
#[must_use]
pub fn options(limits: Limits) -> RequestOptionsExtension {
    let options = RequestOptions::new();
    let nanoseconds = |limit: Duration| u64::try_from(limit.as_nanos()).ok();
    // A host that cannot keep one of them says so here; the total limit holds in any case.
    let _ = options.set_connect_timeout(nanoseconds(limits.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(limits.first_byte));
    let _ = options.set_between_bytes_timeout(nanoseconds(limits.between_bytes));
    RequestOptionsExtension(options)
}

/// What an error of the host means for whether the request took effect.
#[must_use]
pub fn send_error(error: ErrorCode) -> SendError {
    let cause = error.to_string();
    match error {
        ErrorCode::HttpRequestDenied => SendError::Denied(cause),
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => SendError::NotSent(cause),
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => SendError::TimedOut(cause),
        _ => SendError::Cut(cause),
    }
}
