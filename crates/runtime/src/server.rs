//! Accepts connections up to a limit, and stops without aborting the requests in flight.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::Error;

use crate::app::App;
use crate::client_timeout::{Activity, Exchange, TimedStream, WatchedBody};
use crate::limits::ClientLimits;

/// How long requests in flight may still run after the signal to stop.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Response bytes that wait in memory for a client to read them: of a connection with HTTP/1.1, of a stream with HTTP/2.
/// HTTP/1.1 has the same limit for the head of a request; a longer one is answered with 431.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Concurrent requests of one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;

/// A server without free connections is logged once in this time.
const REPORT_PAUSE: Duration = Duration::from_secs(60);

/// File descriptors for everything else than clients: databases, outgoing requests, files.
const OTHER_FILES: usize = 512;

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
    let mut slots = Slots::new(allowed_connections(limits.connections_max));
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = stop.as_mut() => break,
            accepted = slots.accept(&listener) => accepted,
        };
        match accepted {
            Ok((stream, client, slot)) => {
                let activity = Activity::new(limits.client_timeout);
                serve_connection(&app, stream, client, activity, slot, &connections);
            }
            // Out of file descriptors, or the client has already closed: the server goes on.
            Err(error) => {
                eprintln!("a connection was not accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_MAX, connections.shutdown()).await.is_err() {
        eprintln!("requests still running after {} s are aborted", DRAIN_MAX.as_secs());
    }
    Ok(())
}

/// Raises the process's limit of open files as far as the system allows; returns how many connections fit into it.
fn allowed_connections(wanted: usize) -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = match raised {
        Ok(()) => maximum,
        Err(_) => getrlimit(Resource::Nofile).current,
    };
    let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    let allowed = wanted.min(files.saturating_sub(OTHER_FILES).max(files / 2)).max(1);
    if allowed < wanted {
        eprintln!("warning: at most {allowed} connections, because this process may open {files} files only");
    }
    allowed
}

/// One slot for each connection that may be open.
struct Slots {
    free: Arc<Semaphore>,
    reported: Option<Instant>,
}

impl Slots {
    fn new(connections: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(connections)), reported: None }
    }

    /// The next connection, once there is a slot for it. Until then the system queues it.
    async fn accept(
        &mut self,
        listener: &TcpListener,
    ) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let is_full = self.free.available_permits() == 0;
        if is_full && self.reported.is_none_or(|reported| reported.elapsed() > REPORT_PAUSE) {
            eprintln!("new connections wait, because as many as --max-connections allows are open");
            self.reported = Some(Instant::now());
        }
        let slot = self.free.clone().acquire_owned().await.map_err(std::io::Error::other)?;
        let (stream, client) = listener.accept().await?;
        Ok((stream, client, slot))
    }
}

fn serve_connection(
    app: &Arc<App>,
    stream: TcpStream,
    client: SocketAddr,
    activity: Arc<Activity>,
    slot: OwnedSemaphorePermit,
    connections: &GracefulShutdown,
) {
    let _ = stream.set_nodelay(true);
    let stream = TimedStream::new(stream, activity.clone());
    let app = app.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        let exchange = Exchange::new(activity.clone());
        async move {
            let request = request.map(|body| {
                let body = body.map_err(Error::from).boxed_unsync();
                WatchedBody::upload(body, exchange.clone()).boxed_unsync()
            });
            let response = app.answer(request, client).await;
            let response =
                response.inspect_err(|error| eprintln!("a request was not answered: {error:#}"))?;
            anyhow::Ok(response.map(|body| WatchedBody::response(body, exchange)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(BUFFER_BYTES_MAX);
    builder.http2().max_send_buf_size(BUFFER_BYTES_MAX).max_concurrent_streams(STREAMS_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A connection that fails or times out concerns its client only.
        drop(connection.await);
        drop(slot);
    });
}
