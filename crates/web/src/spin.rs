//! The edge that all components share: with its folder, the only file of this crate that names `spin_sdk`. It only
//! converts between the host's types and those of this crate.

mod incoming;

pub use incoming::{HostBody, HostResponse};

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use http_body::Frame;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use secrecy::SecretString;
use spin_sdk::{
    http::{FullBody, Request as IncomingRequest, Response},
    wasip3::{
        clocks::{monotonic_clock, system_clock},
        http::types::{ErrorCode, RequestOptions},
        http_compat::RequestOptionsExtension,
        random::random::get_random_bytes,
        spawn,
    },
};

use crate::{
    BodyReader, Clock, Reply, ReplyBody, Request, UnixTime, finish,
    log::{Event, Level, RequestLog},
    outbound::{Limits, Outbound, SendError, StreamingOutbound, with_length},
};

/// The body of a request from the host.
pub type RequestBody = BodyReader<HostBody, HostClock>;

/// The body of a reply to the host.
pub type ResponseBody = Either<Full<Bytes>, StreamBody<Chunks>>;

type Chunks = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>>>>;

/// Answers one request: `handle` gets it without its body, and the body beside it. A handler that does not read the
/// body to its end drains it.
///
/// A whole reply is logged before it leaves. A stream is logged when the work behind it ends.
pub async fn serve(
    component: &'static str,
    incoming: IncomingRequest,
    handle: impl AsyncFnOnce(Request, RequestBody) -> Reply,
) -> Response<ResponseBody> {
    let started = HostClock.elapsed();
    let (parts, body) = incoming.into_parts();
    let request = Request::new(parts, now(), random(), variable("public_origin").await);
    let body = BodyReader::new(HostBody(body), HostClock, &request.headers);
    let (context, request_log) = (request.context.clone(), RequestLog::new(component, &request, started));
    let reply = finish(handle(request, body).await, &context);
    let outcome = reply.outcome();
    let write_log = move |outcome| log(request_log.ended(outcome, now(), HostClock.elapsed()));
    let body = match reply.body {
        ReplyBody::Whole(bytes) => {
            write_log(outcome);
            Either::Left(Full::new(bytes))
        }
        ReplyBody::Stream(stream) => {
            let (chunks, work) = stream.start(HostClock);
            spawn(async move { write_log(work.await) });
            Either::Right(StreamBody::new(Box::pin(chunks.map(|chunk| Ok(Frame::data(chunk)))) as Chunks))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// Answers one request whose body is read whole: at most `body_bytes_max`, which sees the request without its body.
pub async fn serve_whole(
    component: &'static str,
    body_bytes_max: impl FnOnce(&Request) -> usize,
    incoming: IncomingRequest,
    handle: impl AsyncFnOnce(Request) -> Reply,
) -> Response<ResponseBody> {
    serve(component, incoming, async |mut request: Request, body: RequestBody| {
        match body.whole(body_bytes_max(&request)).await {
            Ok(bytes) => {
                request.body = bytes;
                handle(request).await
            }
            Err(problem) => problem.reply(&request),
        }
    })
    .await
}

/// The host's monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock;

impl Clock for HostClock {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    async fn sleep(&self, wait: Duration) {
        spin_sdk::time::sleep(wait).await;
    }
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

/// A variable that holds a secret.
pub async fn secret_variable(name: &str) -> SecretString {
    variable(name).await.into()
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
    // The host may return fewer bytes than requested (wasi:random 0.3, get-random-bytes).
    while filled < N {
        for (slot, byte) in bytes.iter_mut().skip(filled).zip(get_random_bytes((N - filled) as u64)) {
            *slot = byte;
            filled += 1;
        }
    }
    bytes
}

/// Waits for `future`, at most `limit`, on the host's clock.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    crate::within(&HostClock, limit, polled_again(future)).await
}

/// Wakes the executor once more after the first poll of `future`.
///
/// Sending a request spawns the task that writes its body. wit-bindgen's executor (0.57) first polls such a task when
/// something wakes it after the turn it was spawned in; with another spawned task waiting, nothing does, and the body
/// would never be written.
async fn polled_again<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut woken = false;
    poll_fn(move |context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() && !std::mem::replace(&mut woken, true) {
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
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, SendError> {
        let mut request = with_length(request);
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

impl StreamingOutbound for Network {
    type Response = HostResponse;

    async fn send_streaming<B>(
        &self,
        mut request: http::Request<B>,
        limits: Limits,
    ) -> Result<HostResponse, SendError>
    where
        B: Iterator<Item = Bytes> + Send + 'static,
    {
        request.extensions_mut().insert(options(limits));
        let request = request.map(|body| {
            StreamBody::new(stream::iter(body.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)))))
        });
        match within(limits.total, spin_sdk::http::send(request)).await {
            Some(Ok(response)) => Ok(HostResponse::new(response)),
            Some(Err(error)) => Err(send_error(error)),
            None => Err(SendError::TimedOut(format!("no response within {} s", limits.total.as_secs()))),
        }
    }
}

/// Limits as the host's options. Spin's own default is 600 s for each stage.
#[must_use]
pub fn options(limits: Limits) -> RequestOptionsExtension {
    let options = RequestOptions::new();
    let nanoseconds = |limit: Duration| u64::try_from(limit.as_nanos()).ok();
    // Setting a limit fails on a host that does not support it; the total limit holds in any case.
    let _ = options.set_connect_timeout(nanoseconds(limits.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(limits.first_byte));
    let _ = options.set_between_bytes_timeout(nanoseconds(limits.between_bytes));
    RequestOptionsExtension(options)
}

/// The error of the host, by whether the request may have taken effect.
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
