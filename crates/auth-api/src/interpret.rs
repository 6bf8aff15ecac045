//! What auth's replies mean. No I/O. A reply that is not understood is a refusal.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    Denied, NotRefunded, Quota, Replayed, Reservation, Service, User,
    wire::{CEILING_REACHED, KEY_REUSED, NO_STORED_RESPONSE, Quotas, USER_ID_HEADER, USER_NAME_HEADER},
};

/// What became of the amount of a settled reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refund {
    /// Charged or given back, as the settlement asked.
    AsAsked,
    /// Not given back: the user has had the refunds of the day.
    Refused,
}

/// The part of auth's `application/problem+json` that a tool acts on.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
    #[serde(default)]
    left: u32,
}

pub(crate) fn verified(response: &Response<Bytes>) -> Result<User, Denied> {
    if response.status() != StatusCode::NO_CONTENT {
        return Err(refused(response));
    }
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    match (text(USER_ID_HEADER), text(USER_NAME_HEADER)) {
        (Some(id), Some(name)) if !id.is_empty() => {
            let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
            Ok(User { id: id.to_owned(), name })
        }
        _ => Err(Denied::Unavailable("verify answered 204 without a user".to_owned())),
    }
}

pub(crate) fn reserved(response: &Response<Bytes>) -> Result<Reservation, Denied> {
    match response.status() {
        StatusCode::OK | StatusCode::CREATED => body(response),
        _ => Err(refused(response)),
    }
}

pub(crate) fn looked_up(response: &Response<Bytes>) -> Result<Option<Replayed>, Denied> {
    match response.status() {
        StatusCode::OK => body(response).map(Some),
        StatusCode::NOT_FOUND if refusal(response).code == NO_STORED_RESPONSE => Ok(None),
        _ => Err(refused(response)),
    }
}

pub(crate) fn user_and_quota(response: &Response<Bytes>, service: Service) -> Result<(User, Quota), Denied> {
    match response.status() {
        StatusCode::OK => match (body(response)?, service) {
            (Quotas { user, .. }, _) if user.id.is_empty() => {
                Err(Denied::Unavailable("the quotas came without a user".to_owned()))
            }
            (Quotas { user, quotas }, Service::Llm) => Ok((user, quotas.llm)),
            (Quotas { user, quotas }, Service::Ocr) => Ok((user, quotas.ocr)),
        },
        _ => Err(refused(response)),
    }
}

pub(crate) fn extended(response: &Response<Bytes>) -> Result<Quota, Denied> {
    match response.status() {
        StatusCode::OK => body(response),
        _ => Err(refused(response)),
    }
}

pub(crate) fn settled(response: &Response<Bytes>) -> Result<Refund, Denied> {
    match response.status() {
        StatusCode::NO_CONTENT => Ok(Refund::AsAsked),
        StatusCode::OK => body(response).map(|NotRefunded { .. }| Refund::Refused),
        _ => Err(refused(response)),
    }
}

fn body<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, Denied> {
    serde_json::from_slice(response.body())
        .map_err(|error| Denied::Unavailable(format!("auth answered {}: {error}", response.status())))
}

fn refusal(response: &Response<Bytes>) -> Refusal {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

fn refused(response: &Response<Bytes>) -> Denied {
    let retry_after_seconds = |default| {
        let value = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        value.and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let refusal = refusal(response);
    match response.status() {
        StatusCode::UNAUTHORIZED => Denied::SignedOut,
        StatusCode::TOO_MANY_REQUESTS if refusal.code == CEILING_REACHED => {
            Denied::CeilingReached { retry_after_seconds: retry_after_seconds(3600) }
        }
        StatusCode::TOO_MANY_REQUESTS => {
            Denied::QuotaExhausted { left: refusal.left, retry_after_seconds: retry_after_seconds(3600) }
        }
        StatusCode::FAILED_DEPENDENCY => Denied::CircuitOpen { retry_after_seconds: retry_after_seconds(30) },
        StatusCode::CONFLICT => Denied::InProgress,
        StatusCode::UNPROCESSABLE_ENTITY if refusal.code == KEY_REUSED => Denied::KeyReused,
        // Among them 403: the two sides have different service keys, which only the operator can correct.
        status => Denied::Unavailable(format!("auth answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ReservationId, Reserved};

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    #[test]
    fn only_a_204_with_a_user_is_a_signed_in_user() {
        let check = |response, expected| assert_eq!(verified(&response), expected);
        let user = [(USER_ID_HEADER, "42"), (USER_NAME_HEADER, "L%C3%A9a")];
        check(response(204, &user, ""), Ok(User { id: "42".into(), name: "Léa".into() }));
        check(response(401, &user, ""), Err(Denied::SignedOut));
        check(response(200, &user, ""), Err(Denied::Unavailable("auth answered 200 OK".into())));
        check(response(204, &[], ""), Err(Denied::Unavailable("verify answered 204 without a user".into())));
        assert!(matches!(verified(&response(503, &[], "")), Err(Denied::Unavailable(_))));
    }

    #[test]
    fn a_reservation_is_read_strictly() {
        let quota = Quota { left: 4, limit: 50 };
        let id = "ab".repeat(16);
        let taken = format!(r#"{{"state":"reserved","reservation_id":"{id}","left":4,"limit":50}}"#);
        let reserved_id = ReservationId::parse(&id).unwrap();
        assert_eq!(
            reserved(&response(201, &[], &taken)),
            Ok(Reservation::Reserved(Reserved { reservation_id: reserved_id, quota }))
        );
        let replay = r#"{"state":"replayed","response":"x","left":4,"limit":50}"#;
        let replayed = Replayed { response: "x".into(), quota };
        assert_eq!(reserved(&response(200, &[], replay)), Ok(Reservation::Replayed(replayed.clone())));
        assert_eq!(looked_up(&response(200, &[], replay)), Ok(Some(replayed)));
        assert_eq!(extended(&response(200, &[], r#"{"left":4,"limit":50}"#)), Ok(quota));
        for bad in ["", "{}", r#"{"state":"reserved","left":4,"limit":50}"#, r#"{"state":"other"}"#] {
            assert!(matches!(reserved(&response(201, &[], bad)), Err(Denied::Unavailable(_))), "{bad}");
        }
    }

    #[test]
    fn every_refusal_has_its_meaning() {
        let retry = |seconds| [("retry-after", seconds)];
        let reused = r#"{"code":"idempotency_key_reused"}"#;
        let check = |response: Response<Bytes>, expected: Denied| {
            assert_eq!(reserved(&response), Err(expected.clone()));
            assert_eq!(looked_up(&response), Err(expected.clone()));
            assert_eq!(settled(&response), Err(expected));
        };
        check(response(401, &[], "{}"), Denied::SignedOut);
        check(response(424, &retry("30"), "{}"), Denied::CircuitOpen { retry_after_seconds: 30 });
        check(
            response(429, &retry("77"), r#"{"left":2}"#),
            Denied::QuotaExhausted { left: 2, retry_after_seconds: 77 },
        );
        check(
            response(429, &retry("77"), r#"{"code":"daily_ceiling_reached"}"#),
            Denied::CeilingReached { retry_after_seconds: 77 },
        );
        check(response(409, &[], "{}"), Denied::InProgress);
        check(response(422, &[], reused), Denied::KeyReused);
        for (status, name) in
            [(403, "403 Forbidden"), (422, "422 Unprocessable Entity"), (404, "404 Not Found")]
        {
            check(response(status, &[], "{}"), Denied::Unavailable(format!("auth answered {name}")));
        }
    }

    #[test]
    fn a_missing_stored_response_is_no_error_but_a_missing_route_is() {
        assert_eq!(looked_up(&response(404, &[], r#"{"code":"no_stored_response"}"#)), Ok(None));
        assert!(looked_up(&response(404, &[], r#"{"code":"not_found"}"#)).is_err());
    }

    #[test]
    fn a_settlement_says_whether_the_amount_was_given_back() {
        assert_eq!(settled(&response(204, &[], "")), Ok(Refund::AsAsked));
        assert_eq!(settled(&response(200, &[], r#"{"refunded":false}"#)), Ok(Refund::Refused));
        assert!(settled(&response(200, &[], "")).is_err());
    }
}
