//! A small HTTP/1.1 server on a thread of its own, so that a synchronous test and a tool can both hold one.
//!
//! It reads each request whole and hands it to its handler. Dropping it closes its connections.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::answer::{Answer, Body, CutShort, End};

/// The largest request that is read; Google's own limit for a request is 100 MB.
const REQUEST_BYTES_MAX: usize = 100 * 1024 * 1024;

pub(crate) trait Handler: Send + Sync + 'static {
    /// It may block: it runs on a thread for blocking work.
    fn handle(&self, parts: &request::Parts, body: Bytes) -> Answer;
}

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds at once, so that the address is known and connections queue before the first poll.
    pub(crate) fn start(listen: SocketAddr, handler: Arc<dyn Handler>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("mock-{address}")).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, handler) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, handler: Arc<dyn Handler>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&handler)));
            }
            // Out of file descriptors, or a peer that disconnected at once: neither is a reason to stop.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, handler: Arc<dyn Handler>) {
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| respond(request, Arc::clone(&handler), Arc::clone(&reset)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = (&mut connection).await;
    if reset.load(Ordering::Relaxed) {
        // With no linger, closing the socket sends a reset.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

async fn respond(
    request: Request<Incoming>,
    handler: Arc<dyn Handler>,
    reset: Arc<AtomicBool>,
) -> Result<Response<Body>, CutShort> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = "Request payload size exceeds the limit";
            return Ok(Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", text).into_response());
        }
        Err(_) => return Err(CutShort),
    };
    match tokio::task::spawn_blocking(move || handler.handle(&parts, body)).await {
        Ok(answer) if answer.end == End::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(CutShort)
        }
        Ok(answer) => {
            tokio::time::sleep(answer.wait).await;
            Ok(answer.into_response())
        }
        Err(_) => {
            let text = "the mock itself failed; see its standard error";
            Ok(Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", text).into_response())
        }
    }
}
