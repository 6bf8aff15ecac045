//! The session check that every page but sign-in and registration starts with.

use web::{Reply, Request};

use crate::{
    app::AppContext, error::AuthError, session::LiveSession, session_cookie, store::Store,
    store_error::StoreError,
};

/// The session of the request's cookie, if it is valid.
pub(crate) async fn find_session<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
) -> Result<Option<LiveSession>, StoreError> {
    match session_cookie::token(request) {
        Some(token) => app.store.use_session(&token.hash(), request.now).await,
        None => Ok(None),
    }
}

/// The session, or [`AuthError::SignedOut`].
pub(crate) async fn require_session<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
) -> Result<LiveSession, AuthError> {
    find_session(request, app).await?.ok_or(AuthError::SignedOut)
}

/// The reply of a page that failed: a browser without a session is redirected to `sign_in`, any other request gets
/// the problem.
pub(crate) fn redirect_or_problem(request: &Request, error: &AuthError, sign_in: &str) -> Reply {
    if *error == AuthError::SignedOut && !request.prefers_json() {
        return Reply::see_other(sign_in);
    }
    error.problem().reply(request)
}
