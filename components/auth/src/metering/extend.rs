//! Extends a reservation: ocr learns the number of pages only when the upload is complete. Needs no session: the id
//! cannot be guessed.

use auth_api::{ReservationId, wire::Extend};
use http::StatusCode;
use web::{Reply, Request};

use crate::{
    app::AppContext,
    metering::{call, error::MeteringError, quota::remaining, store::ExtendOutcome},
    store::Store,
};

/// `POST /auth/internal/reservations/{id}/extend`: 200 with what is left, or 404 or 429 and the reservation stays as it is.
pub async fn extend<S: Store>(request: &Request, app: &AppContext<'_, S>, id: &ReservationId) -> Reply {
    let extended = async {
        call::check_key(request, &app.settings.service_key)?;
        let body: Extend = call::body(request)?;
        call::check_amount(body.amount)?;
        let limits = app.settings.limits(body.service);
        let limit = limits.user;
        match app.store.extend(id, body, limits, request.now).await? {
            ExtendOutcome::Extended { spent } => Ok(call::json(StatusCode::OK, &remaining(limit, spent))),
            ExtendOutcome::QuotaExhausted { spent } => {
                Err(MeteringError::quota_exhausted(limit, spent, request.now))
            }
            ExtendOutcome::CeilingReached => Err(MeteringError::ceiling_reached(request.now)),
            ExtendOutcome::Unknown => Err(MeteringError::ReservationUnknown),
        }
    };
    extended.await.unwrap_or_else(|error| error.problem().reply(request))
}
