//! llm: answers a student's question with code and an explanation from a model behind a Make.com webhook.
//!
//! | route | does |
//! |---|---|
//! | `GET /llm` | [`ask::show`]: the page with the form |
//! | `POST /send`, `POST /llm/send` | [`ask::submit`]: a question (form or JSON) and its answer (page or JSON) |
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
pub mod conversation;
pub mod error;
pub mod highlight;
pub mod idempotency;
mod links;
pub mod markdown;
pub mod mode;
mod page;
pub mod prompt;
pub mod question;
mod reserve;
mod route;
pub mod settings;
#[cfg(target_arch = "wasm32")]
mod spin;
mod stored_response;
#[cfg(test)]
mod tests;
pub mod webhook;

use web::{Clock, Reply, Request, outbound::Outbound};

use app::{AppContext, Ports, Random};
use page::{Entered, PageContext};
use route::Route;
use settings::Settings;

/// Longest body, in bytes. The longest question fits with the longest conversation, every character escaped in JSON
/// (`\ud83d\ude00`).
pub const BODY_BYTES_MAX: usize = 200 * 1024;

/// Answers one request.
pub async fn handle<O: Outbound + Clone, C: Clock>(
    request: &Request,
    ports: Ports<O, C>,
    settings: Settings,
    random: Random,
) -> Reply {
    let app = AppContext::new(ports, settings, random);
    let route = match web::route::find::<Route>(request, page::PREFIX, &page::ASSETS) {
        Ok(route) => route,
        Err(reply) => return app.auth.error_page::<Route>(request, page::PREFIX, *reply).await,
    };
    let offers_modes = app.tutor_modes == Ok(true);
    let user = match app.auth.verify(&request.headers).await {
        Ok(user) => user,
        Err(denied) => return page::unauthorized(request, &denied, &random.form_key(), offers_modes),
    };
    let request = &request.of_user(&user.name);
    let context = PageContext {
        request,
        user: &user,
        form_key: random.form_key(),
        offers_modes,
        entered: Entered::default(),
    };
    match route {
        Route::Page => ask::show(&context, &app),
        Route::Send => ask::submit(context, &app).await,
    }
}
