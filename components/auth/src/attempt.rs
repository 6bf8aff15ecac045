//! The buckets ([`crate::throttle`]) that one attempt at a password counts in.

use web::Request;

use crate::{
    app::AppContext,
    error::AuthError,
    hashing,
    store::Store,
    store_error::StoreError,
    throttle::{
        Bucket, OWNER_ACCOUNT, REFUSED_ADDRESS, SIGN_IN_ACCOUNT, SIGN_IN_ACCOUNT_FROM_ADDRESS,
        SIGN_IN_ADDRESS, SIGNED_IN_FROM, Subject, Subjects, WRONG_PASSWORD,
    },
    username::Username,
};

/// Counts a form that was refused before anything was looked up, for its `reason`; returns that or, when too many were
/// refused, 429 instead.
pub(crate) async fn refused<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    reason: AuthError,
) -> AuthError {
    let address = Subject::address(request.client_addr(&app.settings.trusted_proxies));
    match app.store.count_attempt(&REFUSED_ADDRESS, &address, request.now).await {
        Ok(false) => AuthError::TooManyTries { retry_after_seconds: REFUSED_ADDRESS.seconds_per_attempt },
        Ok(true) => {
            purge_at_times(request, app).await;
            reason
        }
        // An unreachable database is no reason against telling what is wrong with the form.
        Err(_) => reason,
    }
}

/// Purges after one in 256 attempts that were counted, right or wrong. An attempt adds four rows at most, and a purge
/// takes two thousand.
pub(crate) async fn purge_at_times<S: Store>(request: &Request, app: &AppContext<'_, S>) {
    if app.random.purge_sample == 0 {
        // A failure does not concern this user; a later attempt purges again.
        let _ = app.store.purge_expired(request.now).await;
    }
}

/// One attempt at a password.
pub(crate) struct Attempt {
    /// Filled before the password is verified, that of the address first: beyond its limit, names that are made up leave
    /// no row, and accounts of others are not filled.
    before: Vec<(Bucket, Subject)>,
    /// Of an account that can exist.
    subjects: Option<Subjects>,
}

impl Attempt {
    /// `all_addresses` counts those at one account from anywhere: [`SIGN_IN_ACCOUNT`], or [`OWNER_ACCOUNT`] for whoever
    /// has a session of it.
    pub(crate) fn new<S: Store>(
        request: &Request,
        app: &AppContext<'_, S>,
        account: Option<&Username>,
        all_addresses: Bucket,
    ) -> Self {
        let from = request.client_addr(&app.settings.trusted_proxies);
        let address = Subject::address(from);
        let subjects = account.map(|account| Subjects {
            account: Subject::account(account.key()),
            address,
            account_from_address: Subject::account_from_address(account.key(), from),
        });
        let mut before = vec![(SIGN_IN_ADDRESS, address)];
        if let Some(subjects) = &subjects {
            before.push((SIGN_IN_ACCOUNT_FROM_ADDRESS, subjects.account_from_address));
            before.push((all_addresses, subjects.account));
        }
        Self { before, subjects }
    }

    /// Counts the attempt, or refuses it.
    pub(crate) async fn count<S: Store>(&mut self, store: &S, request: &Request) -> Result<(), AuthError> {
        if let Some(Subjects { account_from_address: narrow, .. }) = &self.subjects {
            if !store.has_room(&WRONG_PASSWORD, narrow, request.now).await? {
                return Err(AuthError::TooManyTries {
                    retry_after_seconds: WRONG_PASSWORD.seconds_per_attempt,
                });
            }
            if !store.has_room(&SIGNED_IN_FROM, narrow, request.now).await? {
                self.before.retain(|(bucket, _)| ![SIGN_IN_ACCOUNT, OWNER_ACCOUNT].contains(bucket));
            }
        }
        for (counted, (bucket, subject)) in self.before.iter().enumerate() {
            if !store.count_attempt(bucket, subject, request.now).await? {
                // So that one account's guesser does not keep out everybody at the same address.
                for (bucket, subject) in self.before.iter().take(counted) {
                    store.return_attempt(bucket, subject).await?;
                }
                return Err(AuthError::TooManyTries { retry_after_seconds: bucket.seconds_per_attempt });
            }
        }
        Ok(())
    }

    /// Computes `hash` in its turn. Without a turn the attempt is uncounted: its password was not verified.
    ///
    /// # Errors
    /// As [`hashing::in_turn`].
    pub(crate) async fn in_turn<S: Store, T, E: Into<AuthError>>(
        &self,
        app: &AppContext<'_, S>,
        hash: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, AuthError> {
        let hashed = hashing::in_turn(app, hash).await;
        if let Err(AuthError::TooBusy { .. }) = &hashed {
            for (bucket, subject) in &self.before {
                app.store.return_attempt(bucket, subject).await?;
            }
        }
        hashed
    }

    /// Records that the password was wrong.
    pub(crate) async fn record_failure<S: Store>(
        &self,
        store: &S,
        request: &Request,
    ) -> Result<(), StoreError> {
        if let Some(Subjects { account_from_address: narrow, .. }) = &self.subjects {
            // False when parallel attempts have filled it meanwhile; then it is full, which is all that matters.
            store.count_attempt(&WRONG_PASSWORD, narrow, request.now).await?;
        }
        Ok(())
    }

    /// Records that the password was right: the account's buckets are emptied. The address gets only this attempt
    /// back; otherwise an attacker with an account could make any number of attempts at other accounts.
    pub(crate) async fn record_success<S: Store>(
        &self,
        store: &S,
        request: &Request,
    ) -> Result<(), StoreError> {
        match &self.subjects {
            Some(subjects) => store.record_right_password(subjects, request.now).await,
            None => Ok(()),
        }
    }
}
