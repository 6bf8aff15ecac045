//! The application that tests share when each acts as a user of its own.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use atelier_tests::App;

/// Everything as delivered. Nobody scripts its upstreams.
pub(crate) fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// An application whose stand-ins are scripted: one test at a time, each with upstreams that behave.
#[derive(Debug)]
pub(crate) struct Turns(OnceLock<Mutex<App>>);

impl Turns {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn take(&self) -> MutexGuard<'_, App> {
        let app = self.0.get_or_init(|| Mutex::new(App::start()));
        let app = app.lock().unwrap_or_else(PoisonError::into_inner);
        app.make.clear();
        app.make.forget();
        app.gemini.clear();
        app.gemini.forget();
        app
    }
}
