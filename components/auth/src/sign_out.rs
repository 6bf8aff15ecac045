//! Sign-out: the session ends on the server, so a copy of the cookie is worthless.

use http::StatusCode;
use serde_json::json;
use web::{Reply, Request};

use crate::{app::AppContext, error::AuthError, flash_message::FlashMessage, session_cookie, store::Store};

/// `POST /logout`. The same without a session, so that a second click is no error.
pub async fn submit<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let ended = match session_cookie::token(request) {
        Some(token) => app.store.end_session(&token.hash()).await,
        None => Ok(()),
    };
    let reply = match ended {
        // The cookie is deleted anyway, but the user must know that the session goes on.
        Err(error) => AuthError::from(error).problem().reply(request),
        Ok(()) if request.prefers_json() => Reply::json(StatusCode::OK, &json!({ "next": "/auth" })),
        Ok(()) => FlashMessage::SignedOut.set(request, Reply::see_other("/auth")),
    };
    session_cookie::clear(reply, request)
}
