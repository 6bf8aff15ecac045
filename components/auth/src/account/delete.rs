//! Deletes an account with everything that belongs to it, at once (GDPR art. 17).

use web::{Fields, Reply, Request};

use super::{page::done, reauthentication::reauthenticate};
use crate::{
    app::AppContext, error::AuthError, flash_message::FlashMessage, session::LiveSession, session_cookie,
    store::Store,
};

/// The field `password`: an unattended session is not enough.
pub(super) async fn delete<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    session: &LiveSession,
    fields: &Fields,
) -> Result<Reply, AuthError> {
    let user = reauthenticate(request, app, session, (fields, "password")).await?;
    if !app.store.delete_user(&user.id, user.password_version).await? {
        return Err(AuthError::SignedOut);
    }
    Ok(session_cookie::clear(done(request, FlashMessage::AccountDeleted, "/auth"), request))
}
