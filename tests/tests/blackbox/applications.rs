//! Running applications, which tests share or take in turn: to start one takes seconds.

use std::ops::Deref;
use std::sync::{Mutex, OnceLock, PoisonError};

use atelier_tests::App;

/// The shared application, as delivered. Tests act as users of their own and script no upstream.
pub(crate) fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// Applications for tests that script the mocks; not in use at the moment.
static IDLE: Mutex<Vec<App>> = Mutex::new(Vec::new());

/// An application that no other test uses meanwhile.
#[derive(Debug)]
pub(crate) struct ExclusiveApp(Option<App>);

/// With mocks that are not scripted yet and closed circuit breakers.
pub(crate) fn exclusive_app() -> ExclusiveApp {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let app = idle.unwrap_or_else(App::start);
    app.make.clear();
    app.make.forget();
    app.gemini.clear();
    app.gemini.forget();
    close_breakers(&app);
    ExclusiveApp(Some(app))
}

/// For a test that causes failures and is not about the circuit breaker.
pub(crate) fn close_breakers(app: &App) {
    app.database.execute("DELETE FROM breakers");
}

impl Deref for ExclusiveApp {
    type Target = App;

    fn deref(&self) -> &App {
        self.0.as_ref().expect("taken only by drop")
    }
}

impl Drop for ExclusiveApp {
    fn drop(&mut self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
    }
}
