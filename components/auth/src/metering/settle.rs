//! Settles a reservation: the one call after each outcome. Needs no session: the user may have signed out meanwhile, and
//! the id cannot be guessed.

use auth_api::{NotRefunded, ReservationId, Settlement};
use http::StatusCode;
use web::{Reply, Request};

use crate::{
    app::AppContext,
    metering::{call, error::MeteringError, store::SettleOutcome},
    store::Store,
};

/// `POST /auth/internal/reservations/{id}/settle`: 204; 200 when nothing was delivered and the amount is not given back; 404
/// when it was settled before or has expired.
pub async fn settle<S: Store>(request: &Request, app: &AppContext<'_, S>, id: &ReservationId) -> Reply {
    let settled = async {
        call::check_key(request, &app.settings.service_key)?;
        let settlement = storable(call::body(request)?);
        match app.store.settle(id, &settlement, request.now).await? {
            SettleOutcome::Settled => Ok(Reply::no_content()),
            SettleOutcome::NotRefunded => Ok(call::json(StatusCode::OK, &NotRefunded { refunded: false })),
            SettleOutcome::Unknown => Err(MeteringError::ReservationUnknown),
        }
    };
    settled.await.unwrap_or_else(|error| error.problem().reply(request))
}

/// PostgreSQL's text cannot contain U+0000, so a response with one is not stored.
fn storable(settlement: Settlement) -> Settlement {
    match settlement {
        Settlement::Delivered { response: Some(text), amount } if text.contains('\0') => {
            Settlement::Delivered { response: None, amount }
        }
        other => other,
    }
}
