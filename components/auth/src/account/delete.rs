//! Deleting one's account with everything that belongs to it, at once and for good (GDPR art. 17).

use web::{Fields, Reply, Request};

use super::{done, reauthenticated};
use crate::{App, error::AuthError, notice::Notice, session::LiveSession, session_cookie, store::Store};

/// The field `password`, so that a device left open is not enough.
pub(super) async fn delete<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    session: &LiveSession,
    fields: &Fields,
) -> Result<Reply, AuthError> {
    let given = fields.get("password").unwrap_or_default();
    let user = reauthenticated(request, app, session, ("password", given)).await?;
    if !app.store.delete_user(&user.id, user.password_version).await? {
        return Err(AuthError::SignedOut);
    }
    Ok(session_cookie::take_away(done(request, Notice::AccountDeleted, "/auth"), request))
}
