//! Serving connections, and stopping without cutting off whoever is being answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use wasmtime_wasi_http::Error;

use crate::app::App;
use crate::client_timeout::{Activity, Exchange, ResponseBody};
use crate::limits::ClientLimits;
use crate::slots::Slots;
use crate::timed_body::TimedBody;

/// How long requests in flight may still run after the signal to stop.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Bytes of a response that wait for the client to read them: of an HTTP/1.1 connection, or of an HTTP/2 stream. The
/// head of an HTTP/1.1 request may be as long; a longer one is answered with 431.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Concurrent requests of an HTTP/2 connection, the least that RFC 9113 recommends.
const STREAMS_MAX: u32 = 100;

/// # Errors
/// The address is taken, or is not this machine's.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!("{address} is already in use: stop the other program or choose another with --listen, port 0 picks a free one")
        }
        _ => anyhow!("cannot listen on {address}: {error}; choose another address with --listen"),
    })
}

/// Serves until `stop` resolves, then lets requests in flight finish for up to [`DRAIN_MAX`].
///
/// # Errors
/// The listener breaks.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    limits: ClientLimits,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    app.set_address(listener.local_addr().context("the listener has no address")?);
    let mut slots = Slots::new(limits.connections_max);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = stop.as_mut() => break,
            accepted = slots.accept(&listener) => accepted,
        };
        match accepted {
            Ok((stream, client, slot)) => {
                let serving =
                    serve_connection(&app, (stream, client), limits.timeout, slots.wanted(), &connections);
                tokio::spawn(async move {
                    serving.await;
                    drop(slot);
                });
            }
            // Out of file descriptors, or a client that left at once: neither is a reason to stop serving.
            Err(error) => {
                eprintln!("a connection was not accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_MAX, connections.shutdown()).await.is_err() {
        eprintln!("requests still running after {} s are cut off", DRAIN_MAX.as_secs());
    }
    Ok(())
}

fn serve_connection(
    app: &Arc<App>,
    (stream, client): (TcpStream, SocketAddr),
    client_timeout: Duration,
    slot_wanted: Arc<Notify>,
    connections: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let _ = stream.set_nodelay(true);
    let app = app.clone();
    let activity = Activity::new();
    let of_requests = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        let exchange = Exchange::new(of_requests.clone());
        async move {
            let request = request.map(|body| {
                let body = body.map_err(Error::from).boxed_unsync();
                TimedBody::new(body, client_timeout).boxed_unsync()
            });
            let answer = app.answer(request, client).await;
            let response =
                answer.inspect_err(|error| eprintln!("a request could not be answered: {error:#}"))?;
            anyhow::Ok(response.map(|body| ResponseBody::new(body, exchange)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(BUFFER_BYTES_MAX);
    builder.http2().max_send_buf_size(BUFFER_BYTES_MAX).max_concurrent_streams(STREAMS_MAX);
    let connection = connections.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    async move {
        tokio::select! {
            // A connection that breaks is the client's affair.
            _ = connection => {}
            () = activity.timed_out(client_timeout, &slot_wanted) => {}
        }
    }
}
