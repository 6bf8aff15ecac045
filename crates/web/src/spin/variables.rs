//! The component's variables.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    clock::{HostClock, now},
    print::log,
};
use crate::{
    Clock as _,
    log::{Event, Level},
};

thread_local! {
    /// What the instance, which ends when it is idle for a second or has served 128 requests, has read. Nothing of a
    /// request is in it.
    static READ: RefCell<BTreeMap<&'static str, SecretString>> = const { RefCell::new(BTreeMap::new()) };
    /// The host was asked since the last call of [`settled`].
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// A component variable; empty when it is not set or its provider does not answer, which is logged.
pub async fn variable(name: &'static str) -> String {
    secret_variable(name).await.expose_secret().to_owned()
}

/// A variable that holds a secret.
pub async fn secret_variable(name: &'static str) -> SecretString {
    if let Some(value) = READ.with_borrow(|read| read.get(name).cloned()) {
        return value;
    }
    ASKED.set(true);
    match spin_sdk::variables::get(name).await {
        Ok(value) => {
            let value = SecretString::from(value);
            READ.with_borrow_mut(|read| read.insert(name, value.clone()));
            value
        }
        Err(error) => {
            log(Event::new(Level::Error, now(), "variables", "variable_unavailable")
                .with("name", name)
                .with("cause", error.to_string()));
            SecretString::default()
        }
    }
}

/// Waits for a moment after the host was asked for variables, and otherwise not at all: to be called before something
/// with a body leaves.
///
/// Spin reads the environment with tokio's `block_in_place`, which gives the queue of the guest's thread to another. Until
/// the guest waits for something, that one writes the head of a message at once, before its body is there; and as Spin
/// does not set `TCP_NODELAY`, the body waits 40 ms for the delayed acknowledgement of the head.
pub(super) async fn settled() {
    if ASKED.get() {
        HostClock.sleep(Duration::from_nanos(1)).await;
        // Not before: another request of the instance has to wait as well.
        ASKED.set(false);
    }
}
