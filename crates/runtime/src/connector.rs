//! Opens the connections of outbound HTTP: TCP, and TLS for `https`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wasmtime_wasi_http::Error;

tokio::task_local! {
    /// The limit of the request that is being sent. The pooled client has no other way to pass it to the connector.
    pub(crate) static CONNECT_TIMEOUT: Duration;
}

#[derive(Clone)]
pub(crate) struct Connector {
    tls: Arc<ClientConfig>,
}

/// Why a connection failed. The guest gets it as an error code of `wasi:http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    NoHost,
    UnknownName,
    Refused,
    TimedOut,
    Tls,
}

impl Connector {
    /// # Errors
    /// TLS cannot be set up.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self { tls: Arc::new(crate::tls::client_config(&[b"h2", b"http/1.1"], None)?) })
    }

    /// `limit` applies to the TCP connection alone, as in Spin: TLS counts towards the first byte of the response.
    async fn connect(self, uri: Uri, limit: Duration) -> Result<Stream, ConnectError> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().ok_or(ConnectError::NoHost)?.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let addresses: Vec<_> =
            tokio::net::lookup_host((host, port)).await.map_err(|_| ConnectError::UnknownName)?.collect();
        let connected = timeout(limit, TcpStream::connect(addresses.as_slice())).await;
        let tcp = connected.map_err(|_| ConnectError::TimedOut)?.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrNotAvailable => ConnectError::UnknownName,
            _ => ConnectError::Refused,
        })?;
        // Nagle's algorithm would delay the last packet of a request.
        let _ = tcp.set_nodelay(true);
        if !secure {
            return Ok(Stream::Plain(TokioIo::new(tcp)));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::UnknownName)?;
        let tls = TlsConnector::from(self.tls).connect(name, tcp).await.map_err(|error| {
            eprintln!("no TLS connection to {host}:{port}: {error}");
            ConnectError::Tls
        })?;
        Ok(Stream::Tls(Box::new(TokioIo::new(tls))))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(Duration::from_secs(600));
        Box::pin(self.clone().connect(uri, limit))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the URL has no host",
            Self::UnknownName => "the name cannot be resolved",
            Self::Refused => "the connection was refused",
            Self::TimedOut => "connecting took too long",
            Self::Tls => "TLS failed",
        })
    }
}

impl std::error::Error for ConnectError {}

impl From<&ConnectError> for Error {
    fn from(error: &ConnectError) -> Self {
        match error {
            ConnectError::NoHost => Self::HttpRequestUriInvalid,
            ConnectError::UnknownName => {
                Self::DnsError { rcode: Some("address not available".to_owned()), info_code: Some(0) }
            }
            ConnectError::Refused => Self::ConnectionRefused,
            ConnectError::TimedOut => Self::ConnectionTimeout,
            ConnectError::Tls => Self::TlsProtocolError,
        }
    }
}

/// A connection to a web server.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Tls(tls) if tls.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                Connected::new().negotiated_h2()
            }
            _ => Connected::new(),
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
