//! llm: a student asks, a model behind a Make.com webhook answers, code and explanation come back apart.
//!
//! | route | does |
//! |---|---|
//! | `GET /llm` | the page with the form |
//! | `POST /send`, `POST /llm/send` | a question (form or JSON) and its answer (page or JSON) |
//! | `GET /llm/assets/…` | style sheet, script, icon |
//!
//! One slash at the end of the first three makes no difference. Everything but `spin.rs` is plain Rust: it is
//! given the request, the parsed variables and two ports (network and time), and is tested natively.
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

pub mod answer;
pub mod ask;
mod begin;
pub mod error;
pub mod highlight;
pub mod idempotency;
pub mod kept;
pub mod markdown;
pub mod page;
pub mod question;
pub mod route;
#[cfg(target_arch = "wasm32")]
mod spin;
#[cfg(test)]
mod tests;
pub mod webhook;

use web::outbound::Outbound;
use web::{Clock, Fields, Problem, Reply, Request, cross_site};

use ask::Desk;
use error::Failure;
use idempotency::FIELD;
use page::Visit;
use route::Route;
use session::Denied;

/// Longest body, in bytes: the longest question with every character escaped in JSON (`\ud83d\ude00`) fits.
pub const BODY_BYTES_MAX: usize = 128 * 1024;

/// Answers one request.
pub async fn handle<O: Outbound, C: Clock>(request: &Request, desk: &Desk<O, C>) -> Reply {
    match Route::of(request) {
        Route::Page => open(request, desk).await,
        Route::Send => send(request, desk).await,
        Route::Asset => asset(request),
        Route::WrongMethod(allow) => web::wrong_method(request, allow),
        Route::NotFound => Problem::not_found().reply(request),
    }
}

/// `GET /llm`: the page, for whoever is signed in; 503 when a question could not be answered anyway.
async fn open<O: Outbound, C: Clock>(request: &Request, desk: &Desk<O, C>) -> Reply {
    let user = match ask::who(request, desk).await {
        Ok(user) => user,
        Err(failure) => return page::turned_away(request, &failure),
    };
    let visit = Visit { request, user: &user, form_key: desk.form_key() };
    match &desk.webhook {
        Ok(_) => page::form(&visit),
        Err(wrong) => page::failed(&visit, "", &Failure::Misconfigured(*wrong)),
    }
}

/// `POST /send`: not from another site, by somebody who is signed in, a question.
async fn send<O: Outbound, C: Clock>(request: &Request, desk: &Desk<O, C>) -> Reply {
    if let Err(problem) = cross_site::check(request) {
        return problem.reply(request);
    }
    let user = match ask::who(request, desk).await {
        Ok(user) => user,
        Err(failure) => return page::turned_away(request, &failure),
    };
    let mut visit = Visit { request, user: &user, form_key: desk.form_key() };
    match ask::ask(request, desk).await {
        Ok(asked) => {
            let reply = page::answered(&visit, &asked);
            match asked.unreported {
                Some(why) => reply.because(format!("answered, but auth could not be told: {why}")),
                None => reply,
            }
        }
        Err(failure) => {
            let fields = Fields::parse(request).unwrap_or_default();
            // A question that is still on its way must not become a second one when the form is sent again.
            if let (Failure::Denied(Denied::StillRunning), Some(key)) = (&failure, fields.get(FIELD)) {
                key.clone_into(&mut visit.form_key);
            }
            page::failed(&visit, fields.get("message").unwrap_or_default(), &failure)
        }
    }
}

fn asset(request: &Request) -> Reply {
    web::assets::serve(request, "/llm", &page::ASSETS).unwrap_or_else(|| Problem::not_found().reply(request))
}
