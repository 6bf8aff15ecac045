//! Looks up the stored response of a request that is sent again. Changes nothing, so a tool may poll it while the
//! first request is in progress.

use auth_api::{Replayed, Reservation, wire::Lookup};
use http::StatusCode;
use web::{Reply, Request};

use crate::{
    app::AppContext,
    authentication,
    metering::{call, error::MeteringError, quota::remaining, store::EarlierRequest},
    store::Store,
};

/// `POST /auth/internal/reservations/lookup`: 200 with the response, 409 while the first request is in progress, 404
/// when there is none, because it failed or has expired.
pub async fn lookup<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let found = async {
        call::check_key(request, &app.settings.service_key)?;
        let user = authentication::require_session(request, app).await?.user_id;
        let body: Lookup = call::body(request)?;
        match app.store.lookup(&user, &body, request.now).await? {
            Some(earlier) => reply(earlier, app.settings.daily_limits.of(body.service)),
            None => Err(MeteringError::NoStoredResponse),
        }
    };
    found.await.unwrap_or_else(|error| error.problem().reply(request))
}

/// The reply to a request whose key an earlier one has.
pub(super) fn reply(earlier: EarlierRequest, limit: u32) -> Result<Reply, MeteringError> {
    match earlier {
        EarlierRequest::InProgress => Err(MeteringError::InProgress),
        EarlierRequest::Different => Err(MeteringError::KeyReused),
        EarlierRequest::Delivered { response, spent } => {
            let replayed = Replayed { response, quota: remaining(limit, spent) };
            Ok(call::json(StatusCode::OK, &Reservation::Replayed(replayed)))
        }
    }
}
