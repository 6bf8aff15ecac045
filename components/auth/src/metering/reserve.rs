//! Reserves an amount of the user's daily quota. The user is the one of the session.

use auth_api::{Reservation, ReservationId, Reserved, wire::Reserve};
use http::StatusCode;
use web::{Reply, Request};

use crate::{
    app::AppContext,
    authentication,
    metering::{
        call,
        error::MeteringError,
        lookup,
        quota::remaining,
        store::{NewReservation, ReserveOutcome},
    },
    store::Store,
};

/// `POST /auth/internal/reservations`: 201 when the whole amount was reserved, 200 with the stored response of the same
/// request, or nothing is reserved: 409, 422, 424 or 429.
pub async fn reserve<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let reserved = async {
        call::check_key(request, &app.settings.service_key)?;
        let user = authentication::require_session(request, app).await?.user_id;
        let body: Reserve = call::body(request)?;
        call::check_amount(body.amount)?;
        let limits = app.settings.limits(body.service);
        let limit = limits.user;
        let reservation_id = ReservationId::from_random(app.random.reservation_id);
        let new = NewReservation { id: reservation_id, user: &user, request: &body, limits };
        match app.store.reserve(&new, request.now).await? {
            ReserveOutcome::Reserved { spent } => {
                let reserved = Reserved { reservation_id, quota: remaining(limit, spent) };
                Ok(call::json(StatusCode::CREATED, &Reservation::Reserved(reserved)))
            }
            ReserveOutcome::Earlier(earlier) => lookup::reply(earlier, limit),
            ReserveOutcome::CircuitOpen { retry_after_seconds } => {
                Err(MeteringError::CircuitOpen { retry_after_seconds })
            }
            ReserveOutcome::QuotaExhausted { spent } => {
                Err(MeteringError::quota_exhausted(limit, spent, request.now))
            }
            ReserveOutcome::CeilingReached => Err(MeteringError::ceiling_reached(request.now)),
        }
    };
    reserved.await.unwrap_or_else(|error| error.problem().reply(request))
}
