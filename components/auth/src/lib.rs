//! auth: accounts, sessions and daily quotas.
//!
//! | route | file |
//! |---|---|
//! | `GET /` | [`welcome`]: to `/home`, or what Atelier is |
//! | `GET`, `POST /auth`, `/login` | [`sign_in`] |
//! | `GET`, `POST /register` | [`register`] |
//! | `GET /home` | [`home`] |
//! | `GET /help` | [`help`]: help, privacy, contact |
//! | `POST /language` | [`language`]: French or English, remembered |
//! | `POST /logout` | [`sign_out`] |
//! | `GET`, `POST /account` | [`account`]: change the password, end sessions, delete the account |
//! | `GET /auth/verify` | [`verify`]: the user of a session, for llm, ocr and the gateway |
//! | `POST /auth/internal/reservations` | [`metering::reserve`], for llm and ocr, like the next three |
//! | `POST /auth/internal/reservations/lookup` | [`metering::lookup`] |
//! | `POST /auth/internal/reservations/{id}/extend` | [`metering::extend`] |
//! | `POST /auth/internal/reservations/{id}/settle` | [`metering::settle`] |
//! | `GET /auth/readyz` | [`ready`] |
//! | `GET /auth/assets/…` | `web::assets` |
//!
//! Every other path is the site's 404. A use case is one function over the ports of [`store`]; time and randomness are
//! arguments, and only `spin.rs` does I/O.
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
#![expect(missing_debug_implementations, reason = "what contains a secret has no Debug")]

pub mod account;
pub mod app;
mod assets;
mod attempt;
mod authentication;
mod date_format;
pub mod error;
mod flash_message;
mod guessable;
mod hashing;
pub mod help;
pub mod home;
pub mod language;
#[cfg(test)]
mod memory;
pub mod metering;
mod next;
pub mod password;
pub mod password_hash;
pub mod postgres;
pub mod ready;
pub mod register;
mod route;
pub mod session;
mod session_cookie;
pub mod settings;
pub mod sign_in;
pub mod sign_out;
#[cfg(target_arch = "wasm32")]
mod spin;
pub mod store;
pub mod store_error;
#[cfg(test)]
mod tests;
pub mod throttle;
pub mod user;
pub mod username;
pub mod verify;
mod welcome;

use auth_api::wire::SETTLEMENT_BYTES_MAX;
use http::{HeaderValue, StatusCode, header};
use web::{Problem, Reply, Request};

use crate::{
    app::{AppContext, Random},
    route::{PREFIX, Route},
    settings::{Misconfigured, Settings},
    store::Store,
};

/// The longest body of a form, in bytes: a name and two passwords, percent-encoded.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// The longest body of a path, in bytes. Only a settlement, which may contain a response, is longer than a form.
#[must_use]
pub fn body_bytes_max(path: &str) -> usize {
    match web::route::lookup(path) {
        Some(Route::Settle(_)) => SETTLEMENT_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    }
}

/// Handles one request.
pub async fn handle<S: Store>(
    request: &Request,
    store: &S,
    settings: Result<Settings, Misconfigured>,
    random: Random,
) -> Reply {
    let route = match web::route::find(request, PREFIX, &assets::ASSETS) {
        Ok(route) => route,
        Err(reply) => return refused(request, store, *reply).await,
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(Misconfigured(variable)) => return Problem::not_configured(variable).reply(request),
    };
    let app = AppContext { store, settings, random };
    challenged(dispatch(route, request, &app).await)
}

/// The reply to a request without a route: the error page of a signed-in user shows whose it is.
async fn refused<S: Store>(request: &Request, store: &S, reply: Reply) -> Reply {
    let Some(token) =
        session_cookie::token(request).filter(|_| reply.is_error_page() && request.is_from_browser())
    else {
        return reply;
    };
    match store.use_session(&token.hash(), request.now).await {
        Ok(Some(session)) => web::route::refusal::<Route>(request, &session.username, PREFIX, reply),
        Ok(None) | Err(_) => reply,
    }
}

async fn dispatch<S: Store>(route: Route, request: &Request, app: &AppContext<'_, S>) -> Reply {
    let get = request.is_get();
    match route {
        Route::Root => welcome::show(request, app).await,
        Route::SignIn if get => sign_in::show(request, app).await,
        Route::SignIn => sign_in::submit(request, app).await,
        Route::Register if get => register::show(request),
        Route::Register => register::submit(request, app).await,
        Route::Home => home::show(request, app).await,
        Route::Help => help::show(request, app).await,
        Route::Language => language::submit(request),
        Route::SignOut => sign_out::submit(request, app).await,
        Route::Account if get => account::show(request, app).await,
        Route::Account => account::submit(request, app).await,
        Route::Verify => verify::verify(request, app).await,
        Route::Reserve => metering::reserve::reserve(request, app).await,
        Route::Lookup => metering::lookup::lookup(request, app).await,
        Route::Extend(id) => metering::extend::extend(request, app, &id).await,
        Route::Settle(id) => metering::settle::settle(request, app, &id).await,
        Route::Ready => ready::show(request, app).await,
    }
}

/// RFC 9110 §11.6.1 requires a challenge with every 401; here it stands for the sign-in form.
fn challenged(reply: Reply) -> Reply {
    if reply.status != StatusCode::UNAUTHORIZED {
        return reply;
    }
    reply.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Session realm=\"atelier\""))
}
