//! The requests that auth understands and what its replies mean. No I/O.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use web::outbound::SendError;

use crate::{Denied, Quota, Service, User};

/// One change of a quota.
pub(crate) struct Count<'a> {
    pub(crate) verb: &'a str,
    pub(crate) service: Service,
    pub(crate) amount: u32,
    pub(crate) service_key: &'a str,
}

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

pub(crate) fn count_request(
    auth_url: &str,
    headers: &HeaderMap,
    count: &Count<'_>,
) -> Result<Request<Bytes>, Denied> {
    let path = format!("/auth/internal/{}", count.verb);
    let body = json!({ "service": count.service.name(), "amount": count.amount }).to_string();
    build(Method::POST, auth_url, &path, headers, Some(count.service_key), body.into())
}

pub(crate) fn counted(response: &Response<Bytes>) -> Result<Quota, Denied> {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let number =
        |name: &str| body.get(name).and_then(Value::as_u64).and_then(|value| u32::try_from(value).ok());
    match response.status() {
        StatusCode::OK => match (number("left"), number("limit")) {
            (Some(left), Some(limit)) => Ok(Quota { left, limit }),
            _ => Err(Denied::Unavailable("spend answered 200 without numbers".to_owned())),
        },
        StatusCode::UNAUTHORIZED => Err(Denied::SignedOut),
        StatusCode::TOO_MANY_REQUESTS => {
            let retry_after =
                response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            Err(Denied::Exhausted {
                left: number("left").unwrap_or(0),
                retry_after_seconds: retry_after.and_then(|value| value.parse().ok()).unwrap_or(3600),
            })
        }
        // 403 means that the two sides have different keys: the operator's to mend, not the user's.
        status => Err(Denied::Unavailable(format!("spend answered {status}"))),
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
        let count = Count { verb: "spend", service: Service::Ocr, amount: 3, service_key: "k" };
        let request = count_request("http://auth", &HeaderMap::new(), &count).unwrap();
        assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/auth/internal/spend"));
        assert_eq!(request.headers()["x-service-key"], "k");
        assert_eq!(
            serde_json::from_slice::<Value>(request.body()).unwrap(),
            json!({"service": "ocr", "amount": 3})
        );
    }
}
