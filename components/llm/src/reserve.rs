//! Before a provider is called: reserves one question of the user's quota, or finds the response that auth stored for
//! the same submission.

use std::time::Duration;

use auth_api::{Denied, IdempotencyKey, Replayed, Reservation};
use web::{Clock, Request, outbound::Outbound};

use crate::app::AppContext;
use crate::error::Failure;

/// What a question costs of the daily quota.
const AMOUNT: u32 = 1;
/// The pause between two lookups of a stored response. A model needs several seconds.
const LOOKUP_INTERVAL: Duration = Duration::from_secs(1);

/// Reserves a question. For the repetition of one that is in progress, waits for its response.
///
/// # Errors
/// [`Failure::Denied`], and [`Failure::FirstFailed`] when the first submission failed meanwhile.
pub(crate) async fn reserve<O: Outbound, C: Clock>(
    request: &Request,
    key: Option<&IdempotencyKey>,
    answer_time_max: Duration,
    app: &AppContext<O, C>,
) -> Result<Reservation, Failure> {
    match (app.auth.reserve(&request.headers, AMOUNT, key).await, key) {
        (Err(Denied::InProgress), Some(key)) => {
            wait(request, key, answer_time_max, app).await.map(Reservation::Replayed)
        }
        (reservation, _) => reservation.map_err(Failure::Denied),
    }
}

/// Waits as long as an answer may take. When the first submission fails, the provider is not called again: the first call
/// may have been paid, and the user did not ask for a second one.
async fn wait<O: Outbound, C: Clock>(
    request: &Request,
    key: &IdempotencyKey,
    answer_time_max: Duration,
    app: &AppContext<O, C>,
) -> Result<Replayed, Failure> {
    let clock = &app.ports.clock;
    let started = clock.elapsed();
    while clock.elapsed().saturating_sub(started) < answer_time_max {
        clock.sleep(LOOKUP_INTERVAL).await;
        match app.auth.lookup(&request.headers, key).await {
            Ok(Some(replayed)) => return Ok(replayed),
            Ok(None) => return Err(Failure::FirstFailed),
            Err(Denied::InProgress) => {}
            Err(denied) => return Err(Failure::Denied(denied)),
        }
    }
    Err(Failure::Denied(Denied::InProgress))
}
