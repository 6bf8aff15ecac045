//! Spending and giving back a user's daily quota, for llm and ocr. The user's own session says whose quota it is.
//!
//! `spend` is also the gate before the tool's upstream: nothing is spent on a request that was served before
//! ([`crate::idempotency`]), nor while the upstream is left alone ([`crate::breaker`]).

use http::StatusCode;
use serde_json::json;
use web::{Reply, Request};

use crate::{
    app::AppContext,
    authentication,
    breaker::{self, Admission},
    error::AuthError,
    idempotency::{Found, RequestKey},
    service::{Day, Service},
    service_call::{self, Body},
    store::{Spending, Store},
    ticket::Ticket,
    user::UserId,
};

/// `POST /auth/internal/spend` with `{"service":"llm"|"ocr","amount":N}`: all of it or nothing. The reply's
/// `ticket` names what was spent when its outcome is reported. With `key_hash` and `request_hash`, a request that
/// was served before gets its `answer` instead.
pub async fn spend<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let spent = async {
        service_call::check_key(request, &app.settings.service_key)?;
        let user = authentication::require_session(request, app).await?.user_id;
        let body = Body::parse(request)?;
        let (service, amount) = asked(&body)?;
        let hashes = body.hashes_if_any().map_err(|wrong| service_call::invalid([Some(wrong)]))?;
        let ticket = Ticket::from_random(app.random.ticket);
        if let Some([key_hash, request_hash]) = hashes {
            let key = RequestKey { user: &user, service, key_hash, request_hash };
            if !app.store.claim(&key, &ticket, request.now).await? {
                return match app.store.recall(&key, request.now).await? {
                    Found::Answered(answer) => answered_before(request, app, &key, &answer).await,
                    Found::AnotherRequest => Err(AuthError::KeyReused),
                    // Nothing: it failed between the two statements. The caller asks again and learns it.
                    Found::Running | Found::Nothing => Err(AuthError::StillRunning),
                };
            }
        }
        let taken = take(request, app, (&user, service, amount), &ticket).await;
        if taken.is_err() && hashes.is_some() {
            // Should this fail too, the key is free when its time is over.
            let _ = app.store.free_key(&ticket).await;
        }
        let limit = app.settings.daily_limits.of(service);
        let body = json!({ "left": (limit - taken?).max(0), "limit": limit, "ticket": ticket.to_string() });
        Ok::<_, AuthError>(Reply::json(StatusCode::OK, &body))
    };
    spent.await.unwrap_or_else(|error| error.problem().reply(request))
}

/// `POST /auth/internal/refund`, same body: never more than was spent today. `ticket` says which spending failed,
/// `upstream_failed` that it was because the upstream is ill, which the breaker counts.
pub async fn refund<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let refunded = async {
        service_call::check_key(request, &app.settings.service_key)?;
        let session = authentication::require_session(request, app).await?;
        let body = Body::parse(request)?;
        let (service, amount) = asked(&body)?;
        let (ticket, upstream_failed) = match (body.ticket_if_any(), body.flag("upstream_failed")) {
            (Ok(ticket), Ok(failed)) => (ticket, failed),
            (ticket, failed) => return Err(service_call::invalid([ticket.err(), failed.err()])),
        };
        let spending = Spending { user: &session.user_id, service, day: Day::of(request.now), amount };
        let spent = app.store.refund(spending).await?;
        if let Some(ticket) = ticket {
            app.store.free_key(&ticket).await?;
            if upstream_failed {
                app.store.upstream_failed(service, &ticket, &breaker::POLICY, request.now).await?;
            } else {
                app.store.release_probe(service, &ticket).await?;
            }
        }
        let limit = app.settings.daily_limits.of(service);
        let body = json!({ "left": (limit - spent).max(0), "limit": limit });
        Ok::<_, AuthError>(Reply::json(StatusCode::OK, &body))
    };
    refunded.await.unwrap_or_else(|error| error.problem().reply(request))
}

/// The answer of before, with what is left now.
pub(crate) async fn answered_before<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    key: &RequestKey<'_>,
    answer: &str,
) -> Result<Reply, AuthError> {
    let limit = app.settings.daily_limits.of(key.service);
    let spent = app.store.spent(key.user, key.service, Day::of(request.now)).await?;
    let body = json!({ "left": (limit - spent).max(0), "limit": limit, "answer": answer });
    Ok(Reply::json(StatusCode::OK, &body))
}

/// Spends, if the upstream is not left alone; gives the new sum.
async fn take<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    (user, service, amount): (&UserId, Service, i64),
    ticket: &Ticket,
) -> Result<i64, AuthError> {
    let admission = app.store.admit(service, ticket, &breaker::POLICY, request.now).await?;
    if let Admission::Open { retry_after_seconds } = admission {
        return Err(AuthError::BreakerOpen { retry_after_seconds });
    }
    let limit = app.settings.daily_limits.of(service);
    let today = Day::of(request.now);
    let spent = app.store.spend(Spending { user, service, day: today, amount }, limit).await;
    if let Ok(Some(spent)) = spent {
        return Ok(spent);
    }
    if admission == Admission::Probe {
        // Should this fail too, the probe's leave ends by itself.
        let _ = app.store.release_probe(service, ticket).await;
    }
    spent?;
    let left = (limit - app.store.spent(user, service, today).await?).max(0);
    let until_midnight = Day::seconds_left(request.now);
    let retry_after_seconds = u32::try_from(until_midnight).unwrap_or(u32::MAX);
    Err(AuthError::QuotaExhausted { left, limit, retry_after_seconds })
}

fn asked(body: &Body) -> Result<(Service, i64), AuthError> {
    match (body.service(), body.amount()) {
        (Ok(service), Ok(amount)) => Ok((service, amount)),
        (service, amount) => Err(service_call::invalid([service.err(), amount.err()])),
    }
}
