//! `wasi:http/client`: requests that guests send.
//!
//! Each is checked against the component's `allowed_outbound_hosts`. A request to `http://<component>.spin.internal`
//! is handled by that component without a socket (service chaining). A URL without a host, or with the host `self.alt`,
//! means the application's own address. All instances share one pool of connections. Error codes and timeouts (600 s
//! each when the guest sets none) are Spin's.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, HasData, Linker, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p3::bindings::http::client::{self, HostWithStore};
use wasmtime_wasi_http::p3::bindings::http::types::{
    self, ErrorCode, Request as GuestRequest, Response as GuestResponse,
};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use crate::allowed_hosts::{AllowedHosts, chained_component};
use crate::connector::{CONNECT_TIMEOUT, Connector};
use crate::telemetry::http::{finish_request, start_request};
use crate::telemetry::{CALLER, Parent, TracedStore};
use crate::timed_body::TimedBody;

/// Connecting, the first byte of the reply, and the pause between two of its pieces.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The pooled client shared by the whole application.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient(Client<Connector, WasiBody>);

impl HttpClient {
    /// # Errors
    /// TLS cannot be set up.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Client::builder(TokioExecutor::new()).build(Connector::new()?)))
    }
}

/// Handles requests from one component to another: the application.
pub(crate) trait ServiceChaining: Send + Sync {
    /// # Errors
    /// There is no such component.
    fn handle_chained<'a>(
        &'a self,
        component: &'a str,
        request: Request<WasiBody>,
        caller: &'a Parent,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Response<WasiBody>>> + Send + 'a>>;
}

/// What one component's instances need to send requests.
#[derive(Clone)]
pub(crate) struct Outbound {
    pub(crate) component: Arc<str>,
    /// Whether these are the hooks of incoming requests. A guest sees all their headers, `Host` included, as in Spin
    /// 4.1; on outgoing requests it may not set the headers of the connection.
    pub(crate) inbound: bool,
    pub(crate) allowed: Arc<AllowedHosts>,
    pub(crate) client: HttpClient,
    pub(crate) application: Weak<dyn ServiceChaining>,
    /// The runtime's own address, set when it listens.
    pub(crate) listening: Arc<OnceLock<SocketAddr>>,
}

/// The `wasi:http/client` of wasmtime-wasi-http, with the parent of the outgoing request's span.
#[derive(Debug)]
struct TracedClient;

impl HasData for TracedClient {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl<T: TracedStore + WasiHttpView> HostWithStore<T> for TracedClient {
    async fn send(
        store: &Accessor<T, Self>,
        request: Resource<GuestRequest>,
    ) -> Result<Resource<GuestResponse>, TrappableError<ErrorCode>> {
        let caller = store.with(|mut access| T::caller(access.as_context_mut()));
        let store = store.with_getter::<WasiHttp>(T::http);
        CALLER.scope(caller, <WasiHttp as HostWithStore<T>>::send(&store, request)).await
    }
}

/// # Errors
/// Never, with a new linker.
pub(crate) fn add_to_linker<T: TracedStore + WasiHttpView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    client::add_to_linker::<_, TracedClient>(linker, T::http)?;
    types::add_to_linker::<_, WasiHttp>(linker, T::http)
}

type Sent = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Outbound {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        !self.inbound && DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        // Whether the guest could use the response: not needed.
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let outbound = self.clone();
        let options = options.unwrap_or_default();
        let caller = CALLER.try_with(Clone::clone).unwrap_or_default();
        Box::new(async move {
            let response = outbound.send(request, options, &caller).await?;
            let pause = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
            let response = response.map(|body| TimedBody::new(body, pause).boxed_unsync());
            // Errors of the connection reach the guest through the body.
            let done: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

impl Outbound {
    async fn send(
        self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
        caller: &Parent,
    ) -> Result<Response<WasiBody>, Error> {
        let to_self = match request.uri().authority() {
            None => true,
            Some(authority) => matches!(authority.host(), "" | "self.alt"),
        };
        let allowed = match to_self {
            true => self.allowed.allows_self(),
            false => self.allowed.allows(&request.uri().to_string(), "https"),
        };
        if !allowed {
            // Without userinfo, path and query, which may be secret.
            let host = request.uri().host().unwrap_or("itself");
            let id = &self.component;
            eprintln!(
                "component {id} may not connect to {host}: if it should, add it to allowed_outbound_hosts"
            );
            return Err(Error::HttpRequestDenied);
        }
        if to_self {
            self.point_at_self(&mut request)?;
        }
        // The client derives it from the URI. Some servers refuse it beside the authority of HTTP/2.
        request.headers_mut().remove(HOST);
        let component =
            request.uri().authority().and_then(|a| chained_component(a.host())).map(str::to_owned);
        let span = start_request(caller, &mut request);
        let response = match component {
            Some(component) => self.send_to_component(&component, request, span.as_parent()).await,
            None => self.send_over_network(request, options).await,
        };
        finish_request(&span, &response);
        response
    }

    fn point_at_self(&self, request: &mut Request<WasiBody>) -> Result<(), Error> {
        let Some(address) = self.listening.get() else { return Err(Error::HttpRequestUriInvalid) };
        let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let host = HeaderValue::from_str(&address.to_string()).map_err(|_| Error::HttpRequestUriInvalid)?;
        *request.uri_mut() = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(address.to_string())
            .path_and_query(path)
            .build()
            .map_err(|_| Error::HttpRequestUriInvalid)?;
        request.headers_mut().insert(HOST, host);
        Ok(())
    }

    async fn send_to_component(
        &self,
        component: &str,
        request: Request<WasiBody>,
        caller: &Parent,
    ) -> Result<Response<WasiBody>, Error> {
        let Some(application) = self.application.upgrade() else { return Err(Error::ConnectionTerminated) };
        let response = application.handle_chained(component, request, caller).await;
        response.map_err(|error| Error::InternalError(Some(error.to_string())))
    }

    async fn send_over_network(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let sent = CONNECT_TIMEOUT.scope(connect, self.client.0.request(request));
        let response = timeout(first_byte, sent)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|e| client_error(&e))?;
        Ok(response.map(|body| body.map_err(Error::from).boxed_unsync()))
    }
}

/// The connector's error, or else a violation of the HTTP protocol.
fn client_error(error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<crate::connector::ConnectError>() {
            return refused.into();
        }
        cause = error.source();
    }
    Error::HttpProtocolError
}
