//! Ends sessions of the user's own account.

use web::{Fields, Reply, Request, Text};

use super::page::done;
use crate::{
    app::AppContext,
    error::AuthError,
    flash_message::FlashMessage,
    session::{LiveSession, SessionHandle},
    session_cookie,
    store::Store,
};

/// The field `session` names one by its handle. Ending the current one is a sign-out.
pub(super) async fn end<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    session: &LiveSession,
    fields: &Fields,
) -> Result<Reply, AuthError> {
    let handle = SessionHandle::parse(fields.get("session").unwrap_or_default()).ok_or_else(|| {
        let text = Text::new("Cet appareil n’est plus connecté.", "This device is no longer signed in.");
        AuthError::Invalid(vec![("session", text)])
    })?;
    app.store.end_session_of(&session.user_id, &handle).await?;
    if handle == session.token_hash.handle() {
        return Ok(session_cookie::clear(done(request, FlashMessage::SignedOut, "/auth"), request));
    }
    Ok(done(request, FlashMessage::SessionEnded, "/account"))
}

/// All but the session of the request.
pub(super) async fn end_others<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    session: &LiveSession,
) -> Result<Reply, AuthError> {
    app.store.end_other_sessions(&session.user_id, &session.token_hash).await?;
    Ok(done(request, FlashMessage::OtherSessionsEnded, "/account"))
}
