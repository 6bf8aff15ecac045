//! The application: its compiled components, and the path of a request through them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ProxyHandler, ProxyPre, TrapOrPanicError};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::allowed_hosts::AllowedHosts;
use crate::guest_variables::{HasVariables, VariablesView};
use crate::headers;
use crate::instance::{Guest, Instances, Mounted, RequestContext};
use crate::limits::Limits;
use crate::logs::one_line;
use crate::manifest::{self, Manifest};
use crate::outbound_http::{HttpClient, Outbound, ServiceChaining};
use crate::postgres::{HasPostgres, Pools, Postgres};
use crate::response_outcome::{AbortOnTrapBody, ResponseOutcome};
use crate::routes::{RouteMatch, Router, WELL_KNOWN_PREFIX};
use crate::telemetry::http::ServerSpan;
use crate::telemetry::{self, Parent, Telemetry};
use crate::variables::Variables;
use crate::wit;

/// Spin's client address of requests from component to component.
const CHAINED_CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

/// How long a request is held back for those before it. One that an instance has been given meanwhile, which computes,
/// is not waited for any longer.
const ADMISSION_WAIT_MAX: Duration = Duration::from_secs(1);

pub struct App {
    name: String,
    version: Option<String>,
    pub router: Router,
    components: BTreeMap<String, Served>,
    listening: Arc<OnceLock<SocketAddr>>,
    telemetry: Telemetry,
}

struct Served {
    handler: ProxyHandler<Instances>,
    /// One for each processor: for a request that no instance has taken yet. `ProxyHandler` starts an instance for each
    /// that arrives while none is ready. Without this, two hundred at once start nearly as many, and each needs memory
    /// of its own, where thirteen serve them, sixteen each.
    admissions: Arc<Semaphore>,
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub limits: Limits,
    /// Whether the output of guests is discarded.
    pub quiet: bool,
    /// Whether compiled components are cached on disk.
    pub cache: bool,
}

impl App {
    /// Compiles the components and checks whatever can be checked before the first request.
    ///
    /// # Errors
    /// One sentence that says what is wrong and what to do about it.
    pub fn load(
        manifest: &Manifest,
        folder: &Path,
        variables: &Variables,
        options: Options,
        telemetry: Telemetry,
    ) -> Result<Arc<Self>> {
        let (router, warnings) = Router::build(&manifest.triggers)?;
        for warning in warnings {
            eprintln!("warning: {warning}");
        }
        let engine = crate::engine::new(options.cache)?;
        let linker = linker(&engine)?;
        let client = HttpClient::new()?;
        let listening = Arc::new(OnceLock::new());
        let ids: Vec<_> = manifest.components.keys().cloned().collect();
        let compiled = compile_all(&engine, manifest, folder)?;
        let mut parts = BTreeMap::new();
        for (id, component) in compiled {
            let declared = &manifest.components[&id];
            let allowed =
                AllowedHosts::parse(&declared.allowed_outbound_hosts, |name| variables.value(name), &ids)
                    .with_context(|| format!("in [component.{id}]"))?;
            let seen = variables.of_component(&id, &declared.variables)?;
            for Mounted { folder, .. } in mounts(declared, folder) {
                if !folder.is_dir() {
                    bail!(
                        "[component.{id}] mounts {}, which is no folder: build the application first, or correct `files`",
                        folder.display()
                    );
                }
            }
            let pre = linker
                .instantiate_pre(&component)
                .and_then(ServicePre::new)
                .map_err(|error| unusable(&id, &error))?;
            parts.insert(id, (pre, Arc::new(allowed), Arc::new(seen)));
        }
        Ok(Arc::new_cyclic(|app: &Weak<Self>| {
            let app: Weak<dyn ServiceChaining> = app.clone();
            let handler = |(id, (pre, allowed, seen)): (String, (_, Arc<AllowedHosts>, _))| {
                let instances = Instances {
                    component: id.as_str().into(),
                    engine: engine.clone(),
                    pre: ProxyPre::P3(pre),
                    environment: manifest.components[&id].environment.clone().into_iter().collect(),
                    mounts: mounts(&manifest.components[&id], folder),
                    variables: seen,
                    outbound: Outbound {
                        component: id.as_str().into(),
                        inbound: false,
                        allowed: allowed.clone(),
                        client: client.clone(),
                        application: app.clone(),
                        listening: listening.clone(),
                    },
                    postgres: Postgres { allowed, pools: Arc::new(Pools::default()) },
                    limits: options.limits,
                    quiet: options.quiet,
                };
                let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
                let admissions = Arc::new(Semaphore::new(processors));
                (id, Served { handler: ProxyHandler::new(instances), admissions })
            };
            Self {
                name: manifest.name.clone(),
                version: manifest.version.clone(),
                router,
                components: parts.into_iter().map(handler).collect(),
                listening: listening.clone(),
                telemetry,
            }
        }))
    }

    /// Sets the address that components reach as `self`.
    pub fn set_address(&self, address: SocketAddr) {
        let _ = self.listening.set(address);
    }

    /// Answers a request from outside.
    ///
    /// # Errors
    /// A request that has no usable authority: as in Spin, the connection is closed without an answer.
    pub async fn answer(
        &self,
        mut request: Request<WasiBody>,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>> {
        headers::strip_forbidden(request.headers_mut());
        let span = ServerSpan::start(&self.telemetry, &request, client);
        let path = request.uri().path().to_owned();
        let (route, answer) = match (path.strip_prefix(WELL_KNOWN_PREFIX), self.router.route(&path)) {
            (Some("health"), _) => (Some(path), Ok(own_reply(StatusCode::OK, "OK"))),
            (Some("info"), _) => (Some(path), Ok(self.info())),
            (Some(_), _) | (None, None) => (None, Ok(own_reply(StatusCode::NOT_FOUND, ""))),
            (None, Some(route)) => {
                let raw_route = route.raw_route.clone();
                (Some(raw_route), self.run(request, route, client, span.as_parent()).await)
            }
        };
        span.finish(route.as_deref(), &answer);
        answer
    }

    async fn run(
        &self,
        mut request: Request<WasiBody>,
        route: RouteMatch,
        client: SocketAddr,
        caller: &Parent,
    ) -> Result<Response<WasiBody>> {
        headers::set_absolute_uri(&mut request, Scheme::HTTP)?;
        let id = &route.component;
        let Served { handler, admissions } =
            self.components.get(id).ok_or_else(|| anyhow!("unknown routing destination '{id}'"))?;
        if let Err(error) = headers::add_spin_headers(&mut request, &route, client) {
            eprintln!("a request for component {id} was refused: {error:#}");
            return Ok(own_reply(StatusCode::INTERNAL_SERVER_ERROR, ""));
        }
        let span = telemetry::http::start_execution(caller, id);
        let outcome = ResponseOutcome::default();
        let admission = timeout(ADMISSION_WAIT_MAX, admissions.clone().acquire_owned()).await;
        let context = RequestContext {
            outcome: outcome.clone(),
            span: span.as_parent().clone(),
            _admission: admission.ok().and_then(Result::ok),
        };
        let answered = async {
            let (head, body) = handler.handle(context, request).await?.into_parts();
            let body = AbortOnTrapBody::new(body, outcome).await?;
            wasmtime::error::Ok(Response::from_parts(head, body.boxed_unsync()))
        };
        match answered.await {
            Ok(response) => Ok(response),
            Err(error) => {
                // A trap is logged where its instance ends.
                if error.downcast_ref::<TrapOrPanicError>().is_none() {
                    let cause = one_line(error.root_cause());
                    eprintln!("component {id} did not respond: {cause}");
                }
                span.fail(one_line(error.root_cause()));
                Ok(own_reply(StatusCode::INTERNAL_SERVER_ERROR, ""))
            }
        }
    }

    fn info(&self) -> Response<WasiBody> {
        let mut info = serde_json::Map::from_iter([("name".to_owned(), self.name.clone().into())]);
        if let Some(version) = &self.version {
            info.insert("version".to_owned(), version.clone().into());
        }
        let mut response = own_reply(StatusCode::OK, format!("{:#}", serde_json::Value::Object(info)));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// Everything that a component may import. WASI's sockets are linked and refuse every call, and so do its files but for
/// the folders of the manifest.
fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    let linked = wasmtime_wasi::p2::add_to_linker_async(&mut linker)
        .and_then(|()| wasmtime_wasi::p3::add_to_linker(&mut linker))
        .and_then(|()| crate::outbound_http::add_to_linker(&mut linker))
        .and_then(|()| {
            wit::variables::add_to_linker::<_, HasVariables>(&mut linker, |guest: &mut Guest| {
                VariablesView(&guest.variables)
            })
        })
        .and_then(|()| wit::postgres::add_to_linker::<_, HasPostgres>(&mut linker, Guest::postgres));
    linked.map_err(anyhow::Error::from).context("the runtime's own interfaces do not link")?;
    Ok(linker)
}

/// The folders that a component may read. Like Spin, one seen at a relative path is seen from the root.
fn mounts(declared: &manifest::Component, folder: &Path) -> Vec<Mounted> {
    let mounted = |mount: &manifest::Mount| Mounted {
        folder: folder.join(&mount.source),
        seen_at: format!("/{}", mount.destination.trim_start_matches('/')),
    };
    declared.files.iter().map(mounted).collect()
}

/// Compiles the components that have a trigger, in parallel.
fn compile_all(engine: &Engine, manifest: &Manifest, folder: &Path) -> Result<Vec<(String, Component)>> {
    let used =
        manifest.components.iter().filter(|(id, _)| manifest.triggers.iter().any(|t| t.component == **id));
    std::thread::scope(|scope| {
        let compiling: Vec<_> = used
            .map(|(id, declared)| {
                let path = folder.join(&declared.source);
                (id.clone(), scope.spawn(move || crate::engine::load(engine, id, &path)))
            })
            .collect();
        compiling
            .into_iter()
            .map(|(id, thread)| match thread.join() {
                Ok(component) => Ok((id, component?)),
                Err(_) => Err(anyhow!("compiling component {id} failed inside wasmtime: build it again")),
            })
            .collect()
    })
}

fn unusable(id: &str, error: &wasmtime::Error) -> anyhow::Error {
    let cause = one_line(format_args!("{error:#}"));
    anyhow!("component {id} does not fit this runtime: build it with spin-sdk 7 as an HTTP service ({cause})")
}

/// A reply of the runtime itself. Spin sends the same ones, without the security headers.
fn own_reply(status: StatusCode, text: impl Into<Bytes>) -> Response<WasiBody> {
    let body = Full::new(text.into()).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

impl ServiceChaining for App {
    fn handle_chained<'a>(
        &'a self,
        component: &'a str,
        request: Request<WasiBody>,
        caller: &'a Parent,
    ) -> Pin<Box<dyn Future<Output = Result<Response<WasiBody>>> + Send + 'a>> {
        let route = RouteMatch::chained(component.to_owned(), request.uri().path().to_owned());
        Box::pin(self.run(request, route, CHAINED_CLIENT, caller))
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("name", &self.name).finish_non_exhaustive()
    }
}
