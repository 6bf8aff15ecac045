//! Turns to compute a password hash: a hash takes 19 MiB and blocks its instance, so only a few are computed at once, by
//! all instances together, and only so many requests wait (docs/adr/0035-bounds.md).

use crate::{app::AppContext, error::AuthError, store::Store};

/// When a user who was turned away may try again.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Waits for a turn, computes `hash` in it, which cannot wait for anything, and ends it.
///
/// # Errors
/// [`AuthError::TooBusy`] when too many wait already, or no turn came in time; and what `hash` returns.
pub(crate) async fn in_turn<S: Store, T, E: Into<AuthError>>(
    app: &AppContext<'_, S>,
    hash: impl FnOnce() -> Result<T, E>,
) -> Result<T, AuthError> {
    let Some(hashed) = app.store.in_hashing_turn(hash).await? else {
        return Err(AuthError::TooBusy { retry_after_seconds: RETRY_AFTER_SECONDS });
    };
    hashed.map_err(Into::into)
}
