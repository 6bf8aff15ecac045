//! The current password, which changing it and deleting the account require.

use web::{Fields, Request, Text};

use crate::{
    app::AppContext, attempt::Attempt, error::AuthError, password::TypedPassword, password_hash::Verdict,
    session::LiveSession, store::Store, throttle::OWNER_ACCOUNT, user::StoredUser, username::Username,
};

/// The account of the session, if `field` is its password. Counts as an attempt to sign in, so that an
/// unattended session does not allow unlimited guesses.
pub(super) async fn reauthenticate<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    session: &LiveSession,
    (fields, field): (&Fields, &'static str),
) -> Result<StoredUser, AuthError> {
    let username = Username::parse(&session.username).ok();
    let mut attempt = Attempt::new(request, app, username.as_ref(), OWNER_ACCOUNT);
    attempt.count(app.store, request).await?;
    let user = app.store.find_by_id(&session.user_id).await?.ok_or(AuthError::SignedOut)?;
    let verdict = match fields.secret(field).and_then(TypedPassword::parse) {
        Some(typed) => attempt.in_turn(app, || user.password_hash.verify(&typed)).await?,
        None => Verdict::Wrong,
    };
    if verdict == Verdict::Wrong {
        attempt.record_failure(app.store, request).await?;
        let text = Text::new("Ce n’est pas votre mot de passe actuel.", "This is not your current password.");
        return Err(AuthError::Invalid(vec![(field, text)]));
    }
    attempt.record_success(app.store, request).await?;
    Ok(user)
}
