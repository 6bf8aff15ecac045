//! Ending one's sessions on other devices.

use web::{Fields, Reply, Request, Text};

use super::done;
use crate::{
    App,
    error::AuthError,
    notice::Notice,
    session::{LiveSession, SessionHandle},
    session_cookie,
    store::Store,
};

/// The field `session`: which one. Ending the current one is signing out.
pub(super) async fn end<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    session: &LiveSession,
    fields: &Fields,
) -> Result<Reply, AuthError> {
    let handle = SessionHandle::parse(fields.get("session").unwrap_or_default()).ok_or_else(|| {
        let text = Text::new("Cette session n’existe pas.", "There is no such session.");
        AuthError::Invalid(vec![("session", text)])
    })?;
    app.store.end_session_of(&session.user_id, &handle).await?;
    if handle == session.token_hash.handle() {
        return Ok(session_cookie::take_away(done(request, Notice::SignedOut, "/auth"), request));
    }
    Ok(done(request, Notice::SessionEnded, "/account"))
}

/// All but the one that asks.
pub(super) async fn end_others<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    session: &LiveSession,
) -> Result<Reply, AuthError> {
    app.store.end_other_sessions(&session.user_id, &session.token_hash).await?;
    Ok(done(request, Notice::OtherSessionsEnded, "/account"))
}
