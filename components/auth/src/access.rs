//! Who is asking? The session check that every page but signing in and registering starts with.

use web::{Reply, Request};

use crate::{
    App,
    error::AuthError,
    session::LiveSession,
    session_cookie,
    store::{Store, StoreError},
};

/// The session that the request brings, if it holds.
pub(crate) async fn session<S: Store>(
    request: &Request,
    app: &App<'_, S>,
) -> Result<Option<LiveSession>, StoreError> {
    match session_cookie::token(request) {
        Some(token) => app.store.use_session(&token.hash(), request.now).await,
        None => Ok(None),
    }
}

/// The session, or [`AuthError::SignedOut`].
pub(crate) async fn required<S: Store>(
    request: &Request,
    app: &App<'_, S>,
) -> Result<LiveSession, AuthError> {
    session(request, app).await?.ok_or(AuthError::SignedOut)
}

/// What a page answers that cannot be shown: a browser without a session is sent to sign in and back to
/// `next`, everybody else is told.
pub(crate) fn refuse(request: &Request, error: &AuthError, sign_in: &str) -> Reply {
    if *error == AuthError::SignedOut && !request.wants_json() {
        return Reply::see_other(sign_in);
    }
    error.problem().reply(request)
}
