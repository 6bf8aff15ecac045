//! Instances of one component: what each holds, and how many requests it serves.
//!
//! wasmtime-wasi-http's `ProxyHandler` keeps the instances and hands requests to them; this module says how
//! one is made and when it ends. A trap ends the instance and every request in it, and nothing else.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep};
use wasmtime::component::{GuestTaskId, ResourceTable};
use wasmtime::{Engine, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::fate::Fate;
use crate::limits::Limits;
use crate::logs::{GuestLog, one_line};
use crate::outbound_http::Outbound;
use crate::postgres::Postgres;
use crate::telemetry::Parent;
use crate::variables::ComponentVariables;

/// What one instance's store holds.
pub(crate) struct Guest {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    inbound: Outbound,
    limits: StoreLimits,
    /// Whose work is traced, and inside of what. wasmtime uses a task's number again, so this stays small.
    traced: HashMap<GuestTaskId, Parent>,
    pub(crate) variables: Arc<ComponentVariables>,
    pub(crate) postgres: Postgres,
}

impl Guest {
    pub(crate) fn postgres(&mut self) -> crate::postgres::PostgresView<'_> {
        crate::postgres::PostgresView { postgres: &self.postgres, table: &mut self.table }
    }
}

impl Guest {
    /// What the handler works on for requests that come in.
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

/// The request whose guest is calling the host right now, as the parent of the call's span. Instances are
/// shared, so only wasmtime knows. To be asked before the call first waits.
pub(crate) fn caller(mut store: StoreContextMut<'_, Guest>) -> Parent {
    if store.data().traced.is_empty() {
        return Parent::default();
    }
    let tasks: Vec<_> = store.async_call_stack().map(Iterator::collect).unwrap_or_default();
    tasks.iter().find_map(|task| store.data().traced.get(task)).cloned().unwrap_or_default()
}

/// What goes with a request to the instance that takes it.
pub(crate) struct Asked {
    pub(crate) fate: Arc<Fate>,
    pub(crate) span: Parent,
}

/// Makes the instances of one component.
pub(crate) struct Instances {
    pub(crate) component: Arc<str>,
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<Guest>,
    pub(crate) environment: Vec<(String, String)>,
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
        let guest = Guest {
            table: ResourceTable::new(),
            // No files, no sockets and no arguments: what is not given here is refused.
            wasi: WasiCtxBuilder::new().envs(&self.environment).stdout(log()).stderr(log()).build(),
            http: WasiHttpCtx::new(),
            outbound: self.outbound.clone(),
            inbound: Outbound { inbound: true, ..self.outbound.clone() },
            limits: match self.limits.memory_bytes_max {
                Some(bytes) => StoreLimitsBuilder::new().memory_size(bytes).build(),
                None => StoreLimits::default(),
            },
            traced: HashMap::new(),
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
                fates: Mutex::default(),
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

/// How many requests an instance takes.
pub(crate) struct Worker {
    component: Arc<str>,
    request_timeout: Duration,
    fates: Mutex<Vec<Weak<Fate>>>,
    reuse_max: usize,
    concurrent_max: usize,
}

impl WorkerState for Worker {
    type StoreData = Guest;
    type RequestData = Asked;

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
        asked: Asked,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        fates.retain(|known| known.strong_count() > 0);
        fates.push(Arc::downgrade(&asked.fate));
        if asked.span.is_traced() {
            store.data_mut().traced.insert(task, asked.span);
        }
        Box::pin(sleep(self.request_timeout))
    }

    fn drop(&self, store: Store<Guest>, result: wasmtime::Result<()>) {
        // Before the store goes: dropping it ends the bodies that are still being sent.
        if result.is_err() {
            let fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
            fates.iter().filter_map(Weak::upgrade).for_each(|fate| fate.fail());
        }
        // Prints the guest's last line (a panic message) before the line that names the trap.
        drop(store);
        if let Err(error) = result {
            let cause = one_line(error.root_cause());
            eprintln!("component {} failed, its instance is dropped: {cause}", self.component);
        }
    }
}
