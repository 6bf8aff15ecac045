//! llm: answers a student's question with code and an explanation from a model behind a Make.com webhook or a chat API.
//!
//! | route | does |
//! |---|---|
//! | `GET /llm` | [`ask::show`]: the page with the form |
//! | `POST /send`, `POST /llm/send` | [`ask::submit`]: a question (form or JSON) and its answer (page, JSON, or for a page's script `text/event-stream`) |
//! | `GET /llm/run`, `GET /llm/python/…` | [`python`]: what runs an answer's code in the browser; for everybody |
//! | `GET /llm/assets/…` | style sheet, script, icon: `web::assets` |
//!
//! One slash at the end of the first three makes no difference. Everything but `spin.rs` is plain Rust, gets the
//! request, the parsed variables and the ports as arguments, and is tested natively.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::todo,
        clippy::dbg_macro
    )
)]
#![expect(
    missing_debug_implementations,
    reason = "secrets, questions and answers have no Debug, so that none can reach a log"
)]

pub mod answer;
pub mod app;
mod ask;
pub mod chat;
pub mod conversation;
pub mod error;
pub mod highlight;
pub mod idempotency;
mod links;
pub mod markdown;
pub mod mode;
pub mod model_answer;
mod page;
pub mod prompt;
pub mod provider;
mod python;
pub mod question;
mod reserve;
pub mod retry;
mod route;
pub mod settings;
#[cfg(target_arch = "wasm32")]
mod spin;
mod stored_response;
#[cfg(test)]
mod tests;
pub mod upstream;
pub mod webhook;

use web::outbound::{Outbound, StreamingOutbound};
use web::{Clock, Reply, Request};

use app::{AppContext, Ports, Random};
use page::{Entered, Form, PageContext};
use provider::Provider;
use route::Route;
use settings::Settings;

/// Longest body, in bytes. The longest question fits with the longest conversation, every character escaped in JSON
/// (`\ud83d\ude00`).
pub const BODY_BYTES_MAX: usize = 200 * 1024;

/// Answers one request.
pub async fn handle<O, C>(request: Request, ports: Ports<O, C>, settings: Settings, random: Random) -> Reply
where
    O: Outbound + StreamingOutbound + Clone + 'static,
    C: Clock + 'static,
{
    if let Some(reply) = python::serve(&request, &ports.python).await {
        return reply;
    }
    let app = AppContext::new(ports, settings, random);
    let route = match web::route::find::<Route>(&request, route::PREFIX, &page::ASSETS) {
        Ok(route) => route,
        Err(reply) => return app.auth.error_page::<Route>(&request, route::PREFIX, *reply).await,
    };
    let provider = app.provider.as_ref();
    let form = Form {
        key: random.form_key(),
        offers_modes: app.tutor_modes == Ok(true),
        recipient: provider.map(Provider::recipient).unwrap_or_default(),
        streams: provider.is_ok_and(Provider::streams),
        runs_python: python::is_there(&app.ports.python),
    };
    let (user, quota) = match app.auth.user(&request.headers, route == Route::Page).await {
        Ok(known) => known,
        Err(denied) => return page::unauthorized(&request, &denied, &form),
    };
    let request = request.of_user(&user.name);
    let context = PageContext { request, user, form, entered: Entered::default() };
    match route {
        Route::Page => ask::show(&context, &app, quota),
        Route::Send => ask::submit(context, app).await,
    }
}
