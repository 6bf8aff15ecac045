//! ocr: converts a PDF or photographs through Google Gemini to a LaTeX document that says what it lacks, and to Markdown made from it.
//!
//! | route | does |
//! |---|---|
//! | `GET /ocr` | [`convert::show`]: the page with the form |
//! | `POST /ocr` | [`convert::submit`]: multipart `file`, one PDF or several pictures; a page, JSON, a `.tex` or `.md` file, or `text/event-stream`, as `Accept` says |
//! | `POST /ocr/check` | [`check::submit`]: a document that exists already, repaired, checked and rendered again, at no cost |
//! | `GET /ocr/pages`, `/ocr/pdfjs/…` | [`page_images::serve`]: what draws the pages of a PDF in the browser |
//! | `GET /ocr/assets/…` | style sheet, script, icon: `web::route` |
//!
//! One slash at the end of the first three makes no difference. Everything but `spin.rs` is plain Rust, gets the request,
//! the parsed variables and the ports as arguments, and is tested natively.
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
#![expect(missing_debug_implementations, reason = "secrets have no Debug, so that none can reach a log")]

pub mod app;
mod attempt;
mod charge;
mod check;
mod compile;
pub mod conversion;
mod convert;
pub mod error;
pub mod events;
pub mod gemini;
mod intake;
pub mod media;
mod page;
mod page_by_page;
mod page_images;
pub mod page_range;
pub mod pdf;
pub mod picture;
pub mod ports;
mod preview;
mod route;
mod script_texts;
pub mod settings;
#[cfg(target_arch = "wasm32")]
mod spin;
mod stored_file;
#[cfg(test)]
mod tests;
mod transcribe;
pub mod upload;
pub mod warning;

use web::outbound::{Outbound, StreamingOutbound};
use web::{BodyReader, Clock, IncomingBody, Reply, Request};

use auth_api::{Quota, User};

use app::{AppContext, Ports, Random};
use route::Route;
use settings::Settings;

/// Answers one request. A user who is not signed in uploads nothing: the rest of a refused body is only drained.
pub async fn handle<N, B, C>(
    request: Request,
    mut body: BodyReader<B, C>,
    ports: Ports<N, C>,
    settings: Settings,
    random: Random,
) -> Reply
where
    N: Outbound + StreamingOutbound + Clone + 'static,
    B: IncomingBody + 'static,
    C: Clock + 'static,
{
    if let Some(reply) = page_images::serve(&request, &ports.pdfjs, settings.is_page_by_page()).await {
        body.drain().await;
        return reply;
    }
    let app = AppContext::new(ports, settings, random);
    let reply = match admit(&request, &app).await {
        Ok((Route::Check, user, _)) => return check::submit(request, &user, body, &app.ports.clock).await,
        Ok((Route::Ocr, user, _)) if !request.is_get() => {
            return convert::submit(request, user, body, app).await;
        }
        Ok((Route::Ocr, user, quota)) => convert::show(&request, &user, &app, quota),
        Err(reply) => *reply,
    };
    body.drain().await;
    reply
}

/// The signed-in user of a request to a known route, with what is left today where the page shows it, or the reply.
async fn admit<N: Outbound, C>(
    request: &Request,
    app: &AppContext<N, C>,
) -> Result<(Route, User, Option<Quota>), Box<Reply>> {
    let route = match web::route::find(request, route::PREFIX, &page::ASSETS) {
        Ok(route) => route,
        Err(reply) => {
            return Err(Box::new(app.auth.error_page::<Route>(request, route::PREFIX, *reply).await));
        }
    };
    let is_page = route == Route::Ocr && request.is_get();
    let user = app.auth.user(&request.headers, is_page).await;
    user.map(|(user, quota)| (route, user, quota))
        .map_err(|denied| Box::new(page::unauthorized(request, &denied)))
}
