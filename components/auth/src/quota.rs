//! Spending and giving back a user's daily quota, for llm and ocr. The gateway does not route these; the service
//! key keeps out whoever reaches them all the same, and the user's own session says whose quota it is.

use http::StatusCode;
use serde_json::{Value, json};
use web::{Problem, Reply, Request, Text};

use crate::{
    App, access,
    error::AuthError,
    service::{Day, Service},
    session::LiveSession,
    store::{Spending, Store},
};

/// The most that one request may take: far above any page limit, far below any overflow.
const AMOUNT_MAX: i64 = 10_000;

/// `POST /auth/internal/spend` with `{"service":"llm"|"ocr","amount":N}`: all of it or nothing.
pub async fn spend<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let spent = async {
        let (session, service, amount) = admitted(request, app).await?;
        let limit = app.settings.daily_limits.of(service);
        let today = Day::of(request.now);
        let spending = Spending { user: &session.user_id, service, day: today, amount };
        match app.store.spend(spending, limit).await? {
            Some(spent) => Ok(counted(limit, spent)),
            None => {
                let spent = app.store.spent(&session.user_id, service, today).await?;
                let left = (limit - spent).max(0);
                let until_midnight = Day::seconds_left(request.now);
                let retry_after_seconds = u32::try_from(until_midnight).unwrap_or(u32::MAX);
                Err(AuthError::QuotaExhausted { left, limit, retry_after_seconds })
            }
        }
    };
    spent.await.unwrap_or_else(|error| error.problem().reply(request))
}

/// `POST /auth/internal/refund`, same body: never more than was spent today.
pub async fn refund<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let refunded = async {
        let (session, service, amount) = admitted(request, app).await?;
        let spending = Spending { user: &session.user_id, service, day: Day::of(request.now), amount };
        let spent = app.store.refund(spending).await?;
        Ok::<_, AuthError>(counted(app.settings.daily_limits.of(service), spent))
    };
    refunded.await.unwrap_or_else(|error| error.problem().reply(request))
}

/// The service by its key, the user by the session, then what is asked: in this order, so that a stranger
/// learns nothing.
async fn admitted<S: Store>(
    request: &Request,
    app: &App<'_, S>,
) -> Result<(LiveSession, Service, i64), AuthError> {
    let key = &app.settings.service_key;
    if !key.is_set() {
        return Err(Problem::not_configured("service_key").into());
    }
    let mut given = request.headers.get_all("x-service-key").iter();
    match (given.next(), given.next()) {
        (Some(given), None) if key.is(given.as_bytes()) => {}
        _ => return Err(AuthError::WrongServiceKey),
    }
    let session = access::required(request, app).await?;
    let (service, amount) = asked(request)?;
    Ok((session, service, amount))
}

fn asked(request: &Request) -> Result<(Service, i64), AuthError> {
    if request.content_type().as_deref() != Some("application/json") {
        let text = Text::new("Envoyez du JSON (application/json).", "Send JSON (application/json).");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text).into());
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(&request.body) else {
        let text = Text::new("Le corps n’est pas un objet JSON.", "The body is no JSON object.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_body", text).into());
    };
    let service = body.get("service").and_then(Value::as_str).and_then(Service::parse);
    let amount =
        body.get("amount").and_then(Value::as_i64).filter(|amount| (1..=AMOUNT_MAX).contains(amount));
    match (service, amount) {
        (Some(service), Some(amount)) => Ok((service, amount)),
        (service, amount) => {
            let bad_service =
                service.is_none().then(|| ("service", Text::new("« llm » ou « ocr ».", "“llm” or “ocr”.")));
            let bad_amount = amount.is_none().then(|| {
                let range = format!("1 à {AMOUNT_MAX}.");
                ("amount", Text::owned(range, format!("1 to {AMOUNT_MAX}.")))
            });
            Err(AuthError::Invalid(bad_service.into_iter().chain(bad_amount).collect()))
        }
    }
}

fn counted(limit: i64, spent: i64) -> Reply {
    Reply::json(StatusCode::OK, &json!({ "left": (limit - spent).max(0), "limit": limit }))
}
