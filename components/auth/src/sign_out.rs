//! Signing out: the session ends on the server, so the cookie is worthless even to whoever copied it.

use http::StatusCode;
use serde_json::json;
use web::{Reply, Request};

use crate::{App, error::AuthError, notice::Notice, session_cookie, store::Store};

/// `POST /logout`. Without a session it does the same, so that pressing the button twice is no error.
pub async fn submit<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let ended = match session_cookie::token(request) {
        Some(token) => app.store.end_session(&token.hash()).await,
        None => Ok(()),
    };
    let reply = match ended {
        // The browser forgets the cookie all the same, but the user must know that the server did not.
        Err(error) => AuthError::from(error).problem().reply(request),
        Ok(()) if request.wants_json() => Reply::json(StatusCode::OK, &json!({ "next": "/auth" })),
        Ok(()) => Notice::SignedOut.leave(request, Reply::see_other("/auth")),
    };
    session_cookie::take_away(reply, request)
}
