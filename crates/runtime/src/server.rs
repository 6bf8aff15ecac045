//! Accepting connections, and stopping without cutting off whoever is being answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::Error;

use crate::app::App;

/// How long requests in flight may still run after the signal to stop.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A client that does not finish its request's headers within this time is cut off.
const HEADERS_MAX: Duration = Duration::from_secs(30);

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
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    app.set_address(listener.local_addr().context("the listener has no address")?);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = stop.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, client)) => serve_connection(&app, stream, client, &connections),
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

fn serve_connection(app: &Arc<App>, stream: TcpStream, client: SocketAddr, connections: &GracefulShutdown) {
    let _ = stream.set_nodelay(true);
    let app = app.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        async move {
            let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
            let answer = app.answer(request, client).await;
            answer.inspect_err(|error| eprintln!("a request could not be answered: {error:#}"))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_MAX);
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = connections.watch(connection);
    // A connection that breaks is the client's affair.
    tokio::spawn(async move { drop(connection.await) });
}
