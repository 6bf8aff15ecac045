//! Before the webhook is asked: one question is taken from the quota, unless the same submission came before. Then
//! its answer is waited for.

use std::time::Duration;

use session::{Begun, Denied, Known, Once, Service};
use web::outbound::Outbound;
use web::{Clock, Request};

use crate::ask::{COST, Desk};
use crate::error::Failure;
use crate::webhook::TOTAL_MAX;

/// How often a second submission looks for the answer to the first: seldom beside a model's seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Takes a question from the quota, or finds the answer to the same submission.
///
/// # Errors
/// [`Failure::Denied`], and [`Failure::FirstFailed`] when the first submission did.
pub(crate) async fn begin<O: Outbound, C: Clock>(
    request: &Request,
    desk: &Desk<O, C>,
    once: Option<&Once>,
) -> Result<Begun, Failure> {
    let headers = &request.headers;
    let Some(once) = once else {
        let spent = desk.auth.spend(headers, Service::Llm, COST).await;
        return spent.map(Begun::Taken).map_err(Failure::Denied);
    };
    match desk.auth.spend_once(headers, Service::Llm, COST, once).await {
        Err(Denied::StillRunning) => wait(request, desk, once).await.map(Begun::Known),
        other => other.map_err(Failure::Denied),
    }
}

/// Waits as long as an answer may take. Does not ask in the place of a first submission that failed: that one
/// may have been paid, and its user did not ask for a second try.
async fn wait<O: Outbound, C: Clock>(
    request: &Request,
    desk: &Desk<O, C>,
    once: &Once,
) -> Result<Known, Failure> {
    let started = desk.clock.elapsed();
    while desk.clock.elapsed().saturating_sub(started) < TOTAL_MAX {
        desk.clock.sleep(LOOK_EVERY).await;
        match desk.auth.recall(&request.headers, Service::Llm, once).await {
            Ok(Some(known)) => return Ok(known),
            Ok(None) => return Err(Failure::FirstFailed),
            Err(Denied::StillRunning) => {}
            Err(denied) => return Err(Failure::Denied(denied)),
        }
    }
    Err(Failure::Denied(Denied::StillRunning))
}
