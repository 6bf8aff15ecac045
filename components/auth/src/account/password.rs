//! Changes the password: ends every session, including this one, and starts a new one (ASVS 7.2.4, 7.4.3).

use secrecy::SecretString;
use web::{Fields, Reply, Request, Text};

use super::{page::done, reauthentication::reauthenticate};
use crate::{
    app::AppContext,
    error::AuthError,
    flash_message::FlashMessage,
    hashing,
    password::{NewPassword, TypedPassword},
    password_hash::PasswordHash,
    session::{LiveSession, NewSession, SessionToken},
    session_cookie,
    store::{PasswordChange, Store},
    username::Username,
};

/// The fields `current_password` and `new_password`.
pub(super) async fn change<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    session: &LiveSession,
    fields: &Fields,
) -> Result<Reply, AuthError> {
    let owner = Username::parse(&session.username).ok();
    // Checked before the current password: an unusable new one costs no hash and no attempt.
    let password = NewPassword::parse(fields.secret("new_password"), owner.as_ref())
        .map_err(|problem| AuthError::Invalid(vec![("new_password", problem.text())]))?;
    let user = reauthenticate(request, app, session, (fields, "current_password")).await?;
    // The one that has just been verified is the current one.
    if is_the_same(fields.secret("current_password"), password.as_typed()) {
        let text = Text::new(
            "C’est déjà votre mot de passe. Choisissez-en un autre.",
            "This is already your password. Choose a different one.",
        );
        return Err(AuthError::Invalid(vec![("new_password", text)]));
    }

    let token = SessionToken::from_random(app.random.token);
    let new_session = NewSession::new(&token, request.header("user-agent").unwrap_or_default(), request.now);
    let new_hash = hashing::in_turn(app, || PasswordHash::of(password.as_typed(), app.random.salt)).await?;
    let change = PasswordChange {
        user_id: &user.id,
        verified_version: user.password_version,
        new_hash: &new_hash,
        session: &new_session,
    };
    if !app.store.change_password(&change).await? {
        // The password was changed elsewhere meanwhile, which ended this session.
        return Err(AuthError::SignedOut);
    }
    Ok(session_cookie::set(done(request, FlashMessage::PasswordChanged, "/account"), request, &token))
}

fn is_the_same(current: Option<&SecretString>, new: &TypedPassword) -> bool {
    current.and_then(TypedPassword::parse).is_some_and(|current| current.as_bytes() == new.as_bytes())
}
