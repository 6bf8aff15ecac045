//! The edge that all components share: with its folder, the only file of this crate that names `spin_sdk`. It only
//! converts between the host's types and those of this crate.

mod clock;
mod incoming;
mod message;
mod network;
mod print;
mod reply;
mod variables;

pub use clock::{HostClock, now, within};
pub use incoming::HostBody;
pub use network::{HostResponse, Network};
pub use print::log;
pub use reply::Answer;
pub use variables::{secret_variable, variable};

use std::{future::ready, sync::Once};

use futures_util::stream::once;
use reply::Chunks;
use spin_sdk::{
    http::Request as IncomingRequest,
    wasip3::{random::random::get_random_bytes, spawn},
};

use crate::{
    BodyReader, Clock, Reply, ReplyBody, Request, TrustedProxies, finish,
    log::{Event, Level, RequestLog},
};

/// The body of a request from the host.
pub type RequestBody = BodyReader<HostBody, HostClock>;

/// Answers one request: `handle` gets it without its body, and the body beside it. A handler that does not read the
/// body to its end drains it.
///
/// A whole reply is logged before it leaves. A stream is logged when the work behind it ends.
pub async fn serve(
    component: &'static str,
    incoming: IncomingRequest,
    handle: impl AsyncFnOnce(Request, RequestBody) -> Reply,
) -> Answer {
    let started = HostClock.elapsed();
    let (parts, body) = incoming.into_parts();
    let proxies = match parts.headers.contains_key("x-request-id") {
        true => trusted_proxies(component).await,
        false => TrustedProxies::default(),
    };
    let request = Request::new(parts, now(), random(), variable("public_origin").await, &proxies);
    let body = BodyReader::new(HostBody(body), HostClock, &request);
    let (context, request_log) = (request.context.clone(), RequestLog::new(component, &request, started));
    let reply = finish(handle(request, body).await, &context);
    let outcome = reply.outcome();
    let write_log = move |outcome| log(request_log.ended(outcome, now(), HostClock.elapsed()));
    let body = match reply.body {
        ReplyBody::Whole(bytes) => {
            write_log(outcome);
            (!bytes.is_empty()).then(|| Box::pin(once(ready(bytes))) as Chunks)
        }
        ReplyBody::Stream(stream) => {
            let (chunks, work) = stream.start(HostClock);
            spawn(async move { write_log(work.await) });
            Some(Box::pin(chunks) as Chunks)
        }
    };
    variables::settled().await;
    Answer { status: reply.status, headers: reply.headers, body }
}

/// Answers one request whose body is read whole: at most `body_bytes_max`, which sees the request without its body.
pub async fn serve_whole(
    component: &'static str,
    body_bytes_max: impl FnOnce(&Request) -> usize,
    incoming: IncomingRequest,
    handle: impl AsyncFnOnce(Request) -> Reply,
) -> Answer {
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

/// The proxies that may give a request its id: none when the list cannot be read, which each instance logs once.
async fn trusted_proxies(component: &'static str) -> TrustedProxies {
    static LOGGED: Once = Once::new();
    TrustedProxies::parse(&variable("trusted_proxies").await).unwrap_or_else(|item| {
        LOGGED.call_once(|| {
            log(Event::new(Level::Error, now(), component, "variable_unusable")
                .with("name", "trusted_proxies")
                .with("cause", item));
        });
        TrustedProxies::default()
    })
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
