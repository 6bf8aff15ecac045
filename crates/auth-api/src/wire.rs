//! The JSON bodies, paths, headers, limits and error codes that both sides use. No I/O.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{IdempotencyKey, User};

/// `GET`: 204 with [`USER_ID_HEADER`] and [`USER_NAME_HEADER`], or 401.
pub const VERIFY_PATH: &str = "/auth/verify";
/// `GET`: 200 with the user of the session and the [`Quotas`]. The start page, for a program.
pub const QUOTAS_PATH: &str = "/home";
/// `POST` a [`Reserve`]: 201 with a [`Reserved`], or 200 with a [`Replayed`].
pub const RESERVATIONS_PATH: &str = "/auth/internal/reservations";
/// `POST` a [`Lookup`]: 200 with a [`Replayed`], or 404 with [`NO_STORED_RESPONSE`].
pub const LOOKUP_PATH: &str = "/auth/internal/reservations/lookup";

/// The shared secret of auth and the tools.
pub const SERVICE_KEY_HEADER: &str = "x-service-key";
/// The user's id: stable, opaque, safe in a log.
pub const USER_ID_HEADER: &str = "x-user-id";
/// The user's name: UTF-8, percent-encoded.
pub const USER_NAME_HEADER: &str = "x-user-name";

/// The largest amount of one reservation or extension. Far above any page limit, far below any overflow.
pub const AMOUNT_MAX: u32 = 10_000;
/// The longest body of a [`crate::Settlement`], in bytes. A longer response is not stored.
pub const SETTLEMENT_BYTES_MAX: usize = 256 * 1024;

/// 424: the service's circuit breaker is open; `Retry-After` says for how long. Nothing was reserved.
pub const BREAKER_OPEN: &str = "breaker_open";
/// 409: an earlier request under the same idempotency key has no outcome yet.
pub const STILL_RUNNING: &str = "still_running";
/// 422: the idempotency key was used for another request.
pub const KEY_REUSED: &str = "idempotency_key_reused";
/// 404: there is no stored response, and no request under way, for this idempotency key.
pub const NO_STORED_RESPONSE: &str = "no_stored_response";
/// 404: no such reservation, or it was settled before, or its time is over.
pub const RESERVATION_UNKNOWN: &str = "reservation_unknown";
/// 429: the daily quota does not cover the amount; `left` and `limit` are in the body. Nothing was reserved.
pub const QUOTA_EXHAUSTED: &str = "quota_exhausted";
/// 429: all users together have reached the operator's ceiling of the day. Nothing was reserved.
pub const CEILING_REACHED: &str = "daily_ceiling_reached";

/// A tool with a daily quota: llm counts questions, ocr counts pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Llm,
    Ocr,
}

impl Service {
    /// As in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Ocr => "ocr",
        }
    }

    /// A reservation that is not settled after this many seconds is void: its tool must have stopped. Longer than the
    /// tool's own time limits: a question takes 180 s at most, a conversion 15 min with its upload.
    #[must_use]
    pub const fn reservation_seconds_max(self) -> u32 {
        match self {
            Self::Llm => 200,
            Self::Ocr => 20 * 60,
        }
    }
}

/// Names one reservation: 128 random bits, in JSON and in paths as 32 hexadecimal digits. It cannot be guessed, so
/// whoever names it with the service key may extend and settle it without the user's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReservationId(#[serde(with = "hex::serde")] [u8; 16]);

impl ReservationId {
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads the 32 digits of a path; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// `POST` an [`Extend`]: 200 with a [`Quota`].
    #[must_use]
    pub fn extend_path(&self) -> String {
        format!("{RESERVATIONS_PATH}/{self}/extend")
    }

    /// `POST` a [`crate::Settlement`]: 204, or 200 with a [`crate::NotRefunded`].
    #[must_use]
    pub fn settle_path(&self) -> String {
        format!("{RESERVATIONS_PATH}/{self}/settle")
    }
}

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// What is left of a user's quota for today (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub left: u32,
    pub limit: u32,
}

/// A user, and what is left of all of the user's quotas.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quotas {
    pub user: User,
    pub quotas: ServiceQuotas,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ServiceQuotas {
    pub llm: Quota,
    pub ocr: Quota,
}

/// Asks for `amount` of the user's quota, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    pub service: Service,
    /// 1 to [`AMOUNT_MAX`].
    pub amount: u32,
    /// Absent: every request is a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// The reply to [`Reserve`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reservation {
    Reserved(Reserved),
    Replayed(Replayed),
}

/// The amount was taken from the quota. The reservation must be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    pub reservation_id: ReservationId,
    #[serde(flatten)]
    pub quota: Quota,
}

/// The same request was served before. Nothing was taken; this is its stored response.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// As it was given to [`crate::Settlement::Delivered`].
    pub response: String,
    #[serde(flatten)]
    pub quota: Quota,
}

/// Without the response, which is personal.
impl fmt::Debug for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayed").field("quota", &self.quota).finish_non_exhaustive()
    }
}

/// Asks for the stored response of a request that was sent before. Reserves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    pub service: Service,
    pub idempotency_key: IdempotencyKey,
}

/// Reserves more under the same id, all or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extend {
    pub service: Service,
    /// 1 to [`AMOUNT_MAX`].
    pub amount: u32,
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    const QUOTA: Quota = Quota { left: 4, limit: 50 };

    fn check<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T, expected: Value) {
        assert_eq!(serde_json::to_value(value).unwrap(), expected);
        assert_eq!(&serde_json::from_value::<T>(expected).unwrap(), value);
    }

    #[test]
    fn every_body_has_the_json_of_the_openapi_description() {
        let id = ReservationId::from_random([0xab; 16]);
        let key = IdempotencyKey::new("key", "request");
        check(
            &Reserve { service: Service::Llm, amount: 1, idempotency_key: None },
            json!({"service": "llm", "amount": 1}),
        );
        let lookup = serde_json::to_value(Lookup { service: Service::Ocr, idempotency_key: key }).unwrap();
        assert_eq!(lookup["idempotency_key"]["key_hash"].as_str().unwrap().len(), 64);
        check(
            &Reservation::Reserved(Reserved { reservation_id: id, quota: QUOTA }),
            json!({"state": "reserved", "reservation_id": "ab".repeat(16), "left": 4, "limit": 50}),
        );
        check(
            &Reservation::Replayed(Replayed { response: "é\n".to_owned(), quota: QUOTA }),
            json!({"state": "replayed", "response": "é\n", "left": 4, "limit": 50}),
        );
        check(&Extend { service: Service::Ocr, amount: 3 }, json!({"service": "ocr", "amount": 3}));
    }

    #[test]
    fn a_reservation_id_is_read_as_it_was_written_and_nothing_else_is() {
        let id = ReservationId::from_random([0xab; 16]);
        assert_eq!(ReservationId::parse(&id.to_string()), Some(id));
        assert_eq!(id.settle_path(), format!("/auth/internal/reservations/{}/settle", "ab".repeat(16)));
        for bad in ["", "ab", &"ab".repeat(17), &"zz".repeat(16), &"é".repeat(16)] {
            assert_eq!(ReservationId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn debug_output_shows_no_response() {
        let replayed = Replayed { response: "secret".to_owned(), quota: QUOTA };
        assert!(!format!("{replayed:?}").contains("secret"));
    }
}
