//! The requests that auth understands and what its replies mean. No I/O.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use web::outbound::SendError;

use crate::{Begun, Denied, Known, Once, Quota, REPORT_BYTES_MAX, Service, Spent, Ticket, Undelivered, User};

pub(crate) fn verify_request(auth_url: &str, headers: &HeaderMap) -> Result<Request<Bytes>, Denied> {
    build(Method::GET, auth_url, "/auth/verify", headers, None, Bytes::new())
}

pub(crate) fn verified(response: &Response<Bytes>) -> Result<User, Denied> {
    match response.status() {
        StatusCode::NO_CONTENT => {
            let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            match (text("x-user-id"), text("x-user-name")) {
                (Some(id), Some(name)) if !id.is_empty() => {
                    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
                    Ok(User { id: id.to_owned(), name })
                }
                _ => Err(Denied::Unavailable("verify answered 204 without a user".to_owned())),
            }
        }
        StatusCode::UNAUTHORIZED => Err(Denied::SignedOut),
        status => Err(Denied::Unavailable(format!("verify answered {status}"))),
    }
}

pub(crate) fn amount(service: Service, amount: u32) -> Value {
    json!({ "service": service.name(), "amount": amount })
}

pub(crate) fn amount_once(service: Service, amount: u32, once: &Once) -> Value {
    json!({
        "service": service.name(), "amount": amount,
        "key_hash": once.key, "request_hash": once.request,
    })
}

pub(crate) fn same_as(service: Service, once: &Once) -> Value {
    json!({ "service": service.name(), "key_hash": once.key, "request_hash": once.request })
}

pub(crate) fn undelivered(service: Service, amount: u32, why: Undelivered<'_>) -> Value {
    match why.ticket {
        None => self::amount(service, amount),
        Some(Ticket(ticket)) => json!({
            "service": service.name(), "amount": amount,
            "ticket": ticket, "upstream_failed": why.upstream_failed,
        }),
    }
}

/// An answer that would make the report too long stays out of it.
pub(crate) fn delivered(service: Service, Ticket(ticket): &Ticket, answer: Option<&str>) -> Value {
    let bare = json!({ "service": service.name(), "ticket": ticket });
    let Some(answer) = answer else { return bare };
    let whole = json!({ "service": service.name(), "ticket": ticket, "answer": answer });
    if whole.to_string().len() > REPORT_BYTES_MAX { bare } else { whole }
}

/// A POST to `/auth/internal/{verb}`.
pub(crate) fn internal_request(
    auth_url: &str,
    headers: &HeaderMap,
    (verb, service_key): (&str, &str),
    body: &Value,
) -> Result<Request<Bytes>, Denied> {
    let path = format!("/auth/internal/{verb}");
    build(Method::POST, auth_url, &path, headers, Some(service_key), body.to_string().into())
}

pub(crate) fn spent(response: &Response<Bytes>) -> Result<Spent, Denied> {
    let quota = counted(response)?;
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let ticket = body.get("ticket").and_then(Value::as_str).map(|ticket| Ticket(ticket.to_owned()));
    Ok(Spent { quota, ticket })
}

pub(crate) fn begun(response: &Response<Bytes>) -> Result<Begun, Denied> {
    let spent = spent(response)?;
    Ok(match answer(response) {
        Some(answer) => Begun::Known(Known { answer, quota: spent.quota }),
        None => Begun::Taken(spent),
    })
}

pub(crate) fn recalled(response: &Response<Bytes>) -> Result<Option<Known>, Denied> {
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let quota = counted(response)?;
    let missing = || Denied::Unavailable("recall answered 200 without an answer".to_owned());
    answer(response).map(|answer| Some(Known { answer, quota })).ok_or_else(missing)
}

fn answer(response: &Response<Bytes>) -> Option<String> {
    match serde_json::from_slice(response.body()) {
        Ok(Value::Object(mut body)) => match body.remove("answer") {
            Some(Value::String(answer)) => Some(answer),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn counted(response: &Response<Bytes>) -> Result<Quota, Denied> {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let number =
        |name: &str| body.get(name).and_then(Value::as_u64).and_then(|value| u32::try_from(value).ok());
    let retry_after =
        || -> Option<u32> { response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok() };
    let code = body.get("code").and_then(Value::as_str);
    match response.status() {
        StatusCode::OK => match (number("left"), number("limit")) {
            (Some(left), Some(limit)) => Ok(Quota { left, limit }),
            _ => Err(Denied::Unavailable("the quota answered 200 without numbers".to_owned())),
        },
        StatusCode::TOO_MANY_REQUESTS => Err(Denied::Exhausted {
            left: number("left").unwrap_or(0),
            retry_after_seconds: retry_after().unwrap_or(3600),
        }),
        StatusCode::FAILED_DEPENDENCY => {
            Err(Denied::Paused { retry_after_seconds: retry_after().unwrap_or(30) })
        }
        StatusCode::CONFLICT => Err(Denied::StillRunning),
        StatusCode::UNPROCESSABLE_ENTITY if code == Some("idempotency_key_reused") => Err(Denied::KeyReused),
        status => Err(refused(status)),
    }
}

pub(crate) fn noted(response: &Response<Bytes>) -> Result<(), Denied> {
    match response.status() {
        StatusCode::NO_CONTENT => Ok(()),
        status => Err(refused(status)),
    }
}

fn refused(status: StatusCode) -> Denied {
    match status {
        StatusCode::UNAUTHORIZED => Denied::SignedOut,
        // 403 means that the two sides have different keys: the operator's to mend, not the user's.
        status => Denied::Unavailable(format!("auth answered {status}")),
    }
}

pub(crate) fn unavailable(error: SendError) -> Denied {
    Denied::Unavailable(format!("auth: {}", error.cause()))
}

fn build(
    method: Method,
    auth_url: &str,
    path: &str,
    headers: &HeaderMap,
    service_key: Option<&str>,
    body: Bytes,
) -> Result<Request<Bytes>, Denied> {
    let mut request =
        Request::builder().method(method).uri(format!("{}{path}", auth_url.trim_end_matches('/')));
    // Only what auth needs to know the session and to find the request in both logs.
    for name in ["cookie", "x-request-id"] {
        for value in headers.get_all(name) {
            request = request.header(name, value);
        }
    }
    request = request.header(header::ACCEPT, "application/json");
    if let Some(key) = service_key {
        request = request.header("x-service-key", key).header(header::CONTENT_TYPE, "application/json");
    }
    request.body(body).map_err(|error| Denied::Unavailable(format!("auth_url: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response<Bytes> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Bytes::from(body)).unwrap()
    }

    #[test]
    fn only_a_204_with_a_user_lets_somebody_in() {
        let check = |response, expected| assert_eq!(verified(&response), expected);
        let user = [("x-user-id", "42"), ("x-user-name", "L%C3%A9a")];
        check(response(204, &user, ""), Ok(User { id: "42".into(), name: "Léa".into() }));
        check(response(401, &user, ""), Err(Denied::SignedOut));
        check(response(200, &user, ""), Err(Denied::Unavailable("verify answered 200 OK".into())));
        check(response(204, &[], ""), Err(Denied::Unavailable("verify answered 204 without a user".into())));
        assert!(matches!(verified(&response(503, &[], "")), Err(Denied::Unavailable(_))));
    }

    #[test]
    fn a_quota_reply_is_read_strictly() {
        assert_eq!(
            counted(&response(200, &[], r#"{"left":4,"limit":50}"#)),
            Ok(Quota { left: 4, limit: 50 })
        );
        assert!(matches!(counted(&response(200, &[], "{}")), Err(Denied::Unavailable(_))));
        assert_eq!(counted(&response(401, &[], "{}")), Err(Denied::SignedOut));
        assert_eq!(
            counted(&response(424, &[("retry-after", "30")], "{}")),
            Err(Denied::Paused { retry_after_seconds: 30 })
        );
        assert!(matches!(counted(&response(403, &[], "{}")), Err(Denied::Unavailable(_))));
        assert_eq!(
            counted(&response(429, &[("retry-after", "77")], r#"{"left":2}"#)),
            Err(Denied::Exhausted { left: 2, retry_after_seconds: 77 })
        );
    }

    #[test]
    fn only_the_cookie_and_the_request_id_are_passed_on() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "session=abc".parse().unwrap());
        headers.insert("authorization", "secret".parse().unwrap());
        headers.insert("host", "evil.example".parse().unwrap());
        let request = verify_request("http://auth.spin.internal/", &headers).unwrap();
        assert_eq!(request.uri(), "http://auth.spin.internal/auth/verify");
        assert_eq!(request.headers()["cookie"], "session=abc");
        assert!(!request.headers().contains_key("authorization") && !request.headers().contains_key("host"));
        assert!(!request.headers().contains_key("x-service-key"));
    }

    #[test]
    fn a_spend_names_service_amount_and_key() {
        let body = amount(Service::Ocr, 3);
        let request = internal_request("http://auth", &HeaderMap::new(), ("spend", "k"), &body).unwrap();
        assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/auth/internal/spend"));
        assert_eq!(request.headers()["x-service-key"], "k");
        assert_eq!(
            serde_json::from_slice::<Value>(request.body()).unwrap(),
            json!({"service": "ocr", "amount": 3})
        );
    }

    #[test]
    fn a_request_that_is_sent_again_gets_its_answer_or_is_told_to_wait() {
        let quota = Quota { left: 4, limit: 50 };
        let known = Known { answer: "x".into(), quota };
        let answered = response(200, &[], r#"{"left":4,"limit":50,"answer":"x"}"#);
        assert_eq!(begun(&answered), Ok(Begun::Known(known.clone())));
        assert_eq!(recalled(&answered), Ok(Some(known)));
        let taken = response(200, &[], r#"{"left":4,"limit":50,"ticket":"ab"}"#);
        assert_eq!(begun(&taken), Ok(Begun::Taken(Spent { quota, ticket: Some(Ticket("ab".into())) })));
        assert!(matches!(recalled(&taken), Err(Denied::Unavailable(_))));
        assert_eq!(recalled(&response(404, &[], r#"{"code":"nothing_kept"}"#)), Ok(None));
        let reused = r#"{"code":"idempotency_key_reused"}"#;
        for read in [|reply| begun(&reply).err(), |reply| recalled(&reply).err()] {
            assert_eq!(read(response(409, &[], "{}")), Some(Denied::StillRunning));
            assert_eq!(read(response(422, &[], reused)), Some(Denied::KeyReused));
            assert!(matches!(read(response(422, &[], "{}")), Some(Denied::Unavailable(_))));
        }
        let once = Once::new("k", "q");
        let body = amount_once(Service::Llm, 1, &once);
        assert_eq!((&body["key_hash"], &body["request_hash"]), (&json!(once.key), &json!(once.request)));
        assert_eq!(same_as(Service::Llm, &once)["request_hash"], once.request);
    }

    #[test]
    fn an_outcome_is_reported_under_the_ticket_of_its_spending() {
        let taken = spent(&response(200, &[], r#"{"left":4,"limit":50,"ticket":"ab"}"#)).unwrap();
        let ticket = taken.ticket.unwrap();
        assert_eq!(delivered(Service::Llm, &ticket, None), json!({"service": "llm", "ticket": "ab"}));
        let kept = json!({"service": "llm", "ticket": "ab", "answer": "é\n"});
        assert_eq!(delivered(Service::Llm, &ticket, Some("é\n")), kept);
        // Escaped, this one is longer than what auth takes.
        let long = "\n".repeat(REPORT_BYTES_MAX / 2);
        assert_eq!(delivered(Service::Llm, &ticket, Some(&long)), json!({"service": "llm", "ticket": "ab"}));
        let why = Undelivered { ticket: Some(&ticket), upstream_failed: true };
        let expected = json!({"service": "llm", "amount": 1, "ticket": "ab", "upstream_failed": true});
        assert_eq!(undelivered(Service::Llm, 1, why), expected);
        assert_eq!(noted(&response(204, &[], "")), Ok(()));
        assert!(matches!(noted(&response(404, &[], "")), Err(Denied::Unavailable(_))));
        // An auth of the version before knows no tickets.
        assert_eq!(spent(&response(200, &[], r#"{"left":4,"limit":50}"#)).unwrap().ticket, None);
        let why = Undelivered { ticket: None, upstream_failed: true };
        assert_eq!(undelivered(Service::Llm, 1, why), json!({"service": "llm", "amount": 1}));
    }
}
