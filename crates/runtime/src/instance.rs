//! Instances of one component: what each holds, and how many requests it serves.
//!
//! wasmtime-wasi-http's `ProxyHandler` owns the instances and dispatches requests to them. This module creates an
//! instance and decides when it ends. A trap ends the instance and all its requests, and no others.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use wasmtime::component::{GuestTaskId, ResourceTable};
use wasmtime::{Engine, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::limits::Limits;
use crate::logs::{GuestLog, one_line};
use crate::outbound_http::Outbound;
use crate::postgres::{Postgres, PostgresView};
use crate::response_outcome::ResponseOutcome;
use crate::telemetry::{Parent, TaskSpans, TracedStore};
use crate::variables::ComponentVariables;

/// The data of one instance's store.
pub(crate) struct Guest {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    inbound: Outbound,
    limits: StoreLimits,
    task_spans: TaskSpans,
    pub(crate) variables: Arc<ComponentVariables>,
    pub(crate) postgres: Postgres,
}

impl Guest {
    pub(crate) fn postgres(&mut self) -> PostgresView<'_> {
        PostgresView { postgres: &self.postgres, table: &mut self.table }
    }

    /// The view for incoming requests.
    fn incoming(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.inbound }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

impl TracedStore for Guest {
    fn task_spans(&self) -> &TaskSpans {
        &self.task_spans
    }
}

/// Passed with a request to the instance that serves it.
pub(crate) struct RequestContext {
    pub(crate) outcome: ResponseOutcome,
    pub(crate) span: Parent,
    /// Given back when an instance takes the request.
    pub(crate) _admission: Option<OwnedSemaphorePermit>,
}

/// A folder that a component may read.
pub(crate) struct Mounted {
    pub(crate) folder: PathBuf,
    pub(crate) seen_at: String,
}

/// Creates the instances of one component.
pub(crate) struct Instances {
    pub(crate) component: Arc<str>,
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<Guest>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) mounts: Vec<Mounted>,
    pub(crate) variables: Arc<ComponentVariables>,
    pub(crate) outbound: Outbound,
    pub(crate) postgres: Postgres,
    pub(crate) limits: Limits,
    pub(crate) quiet: bool,
}

impl HandlerState for Instances {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Worker>> {
        let log = || GuestLog::new(&self.component, self.quiet);
        // No sockets or arguments, and no files but those of the manifest, to be read: WASI refuses what is not granted
        // here.
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&self.environment).stdout(log()).stderr(log());
        for Mounted { folder, seen_at } in &self.mounts {
            wasi.preopened_dir(folder, seen_at, FsPerms::ReadOnly)?;
        }
        let guest = Guest {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: self.outbound.clone(),
            inbound: Outbound { inbound: true, ..self.outbound.clone() },
            limits: match self.limits.memory_bytes_max {
                Some(bytes) => StoreLimitsBuilder::new().memory_size(bytes).build(),
                None => StoreLimits::default(),
            },
            task_spans: TaskSpans::default(),
            variables: self.variables.clone(),
            postgres: self.postgres.clone(),
        };
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let request_timeout = self.limits.request_timeout.map_or(Duration::MAX, |range| range.pick());
        Ok(Instance {
            store,
            proxy,
            view: Guest::incoming,
            expiration: Expiration {
                idle_timeout: self.limits.idle_instance_timeout.pick(),
                request_timeout,
                timer: Box::pin(sleep(Duration::MAX)),
            },
            state: Worker {
                component: self.component.clone(),
                request_timeout,
                outcomes: Mutex::default(),
                reuse_max: self.limits.max_instance_reuse_count.pick(),
                concurrent_max: self.limits.max_instance_concurrent_reuse_count.pick(),
            },
        })
    }
}

/// How long an instance may stay in each of its states.
pub(crate) struct Expiration {
    idle_timeout: Duration,
    request_timeout: Duration,
    timer: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        let this = self.get_mut();
        let limit = match status {
            WorkerStatus::Idle => this.idle_timeout,
            WorkerStatus::Requests | WorkerStatus::PostReturn => this.request_timeout,
        };
        let Some(deadline) = since.checked_add(limit) else { return Poll::Pending };
        if this.timer.deadline() != deadline.into() {
            this.timer.as_mut().reset(deadline.into());
        }
        this.timer.as_mut().poll(cx)
    }
}

/// How many requests an instance takes, and which it serves.
pub(crate) struct Worker {
    component: Arc<str>,
    request_timeout: Duration,
    outcomes: Mutex<Vec<ResponseOutcome>>,
    reuse_max: usize,
    concurrent_max: usize,
}

impl WorkerState for Worker {
    type StoreData = Guest;
    type RequestData = RequestContext;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse_max {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent_max {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, Guest>,
        context: RequestContext,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.retain(|outcome| !outcome.is_unused());
        outcomes.push(context.outcome);
        store.data_mut().task_spans.insert(task, context.span);
        Box::pin(sleep(self.request_timeout))
    }

    fn drop(&self, store: Store<Guest>, result: wasmtime::Result<()>) {
        // Before the store is dropped, which ends the bodies that are still being sent.
        if result.is_err() {
            let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.iter().for_each(ResponseOutcome::fail);
        }
        // Prints the guest's last line, a panic message, before the line about the trap.
        drop(store);
        if let Err(error) = result {
            let cause = one_line(error.root_cause());
            eprintln!("component {} failed, its instance is dropped: {cause}", self.component);
        }
    }
}
