//! The application that tests share when each acts as a user of its own.

use std::ops::Deref;
use std::sync::{Mutex, OnceLock, PoisonError};

use atelier_tests::App;

/// Everything as delivered. Nobody scripts its upstreams.
pub(crate) fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// Applications whose mocks are scripted: a test has one to itself, and the next test takes it over.
static IDLE: Mutex<Vec<App>> = Mutex::new(Vec::new());

/// An application of one's own, with upstreams that behave until told otherwise.
#[derive(Debug)]
pub(crate) struct Own(Option<App>);

pub(crate) fn own() -> Own {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let app = idle.unwrap_or_else(App::start);
    app.make.clear();
    app.make.forget();
    app.gemini.clear();
    app.gemini.forget();
    close_breakers(&app);
    Own(Some(app))
}

/// Forgets the failures of a test that is not about them.
pub(crate) fn close_breakers(app: &App) {
    app.database.query("DELETE FROM breakers");
}

impl Deref for Own {
    type Target = App;

    fn deref(&self) -> &App {
        self.0.as_ref().expect("taken only by drop")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
    }
}
