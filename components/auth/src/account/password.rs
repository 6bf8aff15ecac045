//! A new password: ends every session, this one included, and starts a new one (ASVS 7.2.4, 7.4.3).

use web::{Fields, Reply, Request};

use super::{done, reauthenticated};
use crate::{
    App,
    error::{self, AuthError},
    notice::Notice,
    password::NewPassword,
    password_hash::PasswordHash,
    session::{LiveSession, NewSession, SessionToken},
    session_cookie,
    store::{PasswordChange, Store},
    username::Username,
};

/// The fields `current_password` and `new_password`.
pub(super) async fn change<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    session: &LiveSession,
    fields: &Fields,
) -> Result<Reply, AuthError> {
    let owner = Username::parse(&session.username).ok();
    // Judged before the current one is looked at: a bad choice costs no hash and no try.
    let password = NewPassword::parse(fields.get("new_password").unwrap_or_default(), owner.as_ref())
        .map_err(|problem| AuthError::Invalid(vec![("new_password", error::password_text(problem))]))?;
    let current = fields.get("current_password").unwrap_or_default();
    let user = reauthenticated(request, app, session, ("current_password", current)).await?;

    let token = SessionToken::from_random(app.random.token);
    let new_session = NewSession::new(&token, request.header("user-agent").unwrap_or_default(), request.now);
    let new_hash = PasswordHash::of(password.as_typed(), app.random.salt)?;
    let change = PasswordChange {
        user_id: &user.id,
        verified_version: user.password_version,
        new_hash: &new_hash,
        session: &new_session,
    };
    if !app.store.change_password(&change).await? {
        // Somebody else has just changed it, and this session has ended with the old one.
        return Err(AuthError::SignedOut);
    }
    Ok(session_cookie::give(done(request, Notice::PasswordChanged, "/account"), request, &token))
}
