//! Which request a guest's call belongs to. An instance serves several requests, so wasmtime's call stack decides.

use std::collections::HashMap;

use wasmtime::StoreContextMut;
use wasmtime::component::GuestTaskId;

use super::Parent;

/// The traced requests of one instance. wasmtime reuses the ids of tasks, so the map stays small.
#[derive(Debug, Default)]
pub(crate) struct TaskSpans(HashMap<GuestTaskId, Parent>);

impl TaskSpans {
    /// Records the span of the request that `task` serves; does nothing when traces are off.
    pub(crate) fn insert(&mut self, task: GuestTaskId, span: Parent) {
        if span.is_traced() {
            self.0.insert(task, span);
        }
    }
}

/// What an instance's store holds, as far as traces are concerned.
pub(crate) trait TracedStore: Sized + Send + 'static {
    fn task_spans(&self) -> &TaskSpans;

    /// The parent of a call that the guest is making now. Must be read before the call first waits.
    fn caller(mut store: StoreContextMut<'_, Self>) -> Parent {
        if store.data().task_spans().0.is_empty() {
            return Parent::default();
        }
        let tasks: Vec<_> = store.async_call_stack().map(Iterator::collect).unwrap_or_default();
        let spans = &store.data().task_spans().0;
        tasks.iter().find_map(|task| spans.get(task)).cloned().unwrap_or_default()
    }
}
