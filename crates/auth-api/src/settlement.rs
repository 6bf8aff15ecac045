//! The outcome of a reservation, as a tool reports it to auth.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::SETTLEMENT_BYTES_MAX;

/// The outcome of a reservation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Settlement {
    /// The user has what was paid for, and the upstream works.
    Delivered {
        /// To be stored for ten minutes, for a repetition of the same request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<String>,
        /// What it really took, when that is less than was reserved; the difference is given back. More is never
        /// charged: what it may take is reserved and extended before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<u32>,
    },
    /// The user got nothing and the idempotency key is free again. The amount goes back to the quota, unless the
    /// upstream was called and the user has had the refunds of the day.
    NotDelivered {
        reason: Reason,
        /// The upstream may have done paid work. An older tool does not say, which counts as yes.
        #[serde(default = "yes")]
        upstream_called: bool,
    },
}

const fn yes() -> bool {
    true
}

/// Nothing was delivered and the amount stays spent, because the user has had the refunds of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRefunded {
    /// Always false.
    pub refunded: bool,
}

/// Why nothing was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The upstream failed in a way that other users would see too. The circuit breaker counts it.
    UpstreamFailed,
    /// Anything else: unusable input, a client that disconnected, a refusal. The circuit breaker does not count it.
    Other,
}

impl Settlement {
    /// The request body. A response that would exceed [`SETTLEMENT_BYTES_MAX`] is left out, so that it is not stored.
    #[must_use]
    pub fn to_body(&self) -> String {
        let body = |settlement: &Self| serde_json::to_string(settlement).unwrap_or_default();
        let whole = body(self);
        match self {
            Self::Delivered { response: Some(_), amount } if whole.len() > SETTLEMENT_BYTES_MAX => {
                body(&Self::Delivered { response: None, amount: *amount })
            }
            _ => whole,
        }
    }
}

/// Without the response, which is personal.
impl fmt::Debug for Settlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { response, amount } => f
                .debug_struct("Delivered")
                .field("stored", &response.is_some())
                .field("amount", amount)
                .finish_non_exhaustive(),
            Self::NotDelivered { reason, upstream_called } => f
                .debug_struct("NotDelivered")
                .field("reason", reason)
                .field("upstream_called", upstream_called)
                .finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(settlement: &Settlement, expected: Value) {
        assert_eq!(serde_json::to_value(settlement).unwrap(), expected);
        assert_eq!(&serde_json::from_value::<Settlement>(expected).unwrap(), settlement);
    }

    #[test]
    fn every_settlement_has_the_json_of_the_openapi_description() {
        check(&Settlement::Delivered { response: None, amount: None }, json!({"outcome": "delivered"}));
        check(
            &Settlement::Delivered { response: None, amount: Some(2) },
            json!({"outcome": "delivered", "amount": 2}),
        );
        check(
            &Settlement::NotDelivered { reason: Reason::UpstreamFailed, upstream_called: false },
            json!({"outcome": "not_delivered", "reason": "upstream_failed", "upstream_called": false}),
        );
        let not_refunded = serde_json::to_value(NotRefunded { refunded: false }).unwrap();
        assert_eq!(not_refunded, json!({"refunded": false}));
    }

    #[test]
    fn an_older_tool_that_does_not_say_whether_it_called_has_called() {
        let older = json!({"outcome": "not_delivered", "reason": "other"});
        let expected = Settlement::NotDelivered { reason: Reason::Other, upstream_called: true };
        assert_eq!(serde_json::from_value::<Settlement>(older).unwrap(), expected);
    }

    #[test]
    fn a_response_that_makes_the_body_too_long_is_left_out() {
        let delivered =
            |response: String| Settlement::Delivered { response: Some(response), amount: None }.to_body();
        assert!(delivered("é\n".to_owned()).contains("response"));
        // Each line end takes two bytes in JSON.
        assert_eq!(delivered("\n".repeat(SETTLEMENT_BYTES_MAX / 2)), r#"{"outcome":"delivered"}"#);
    }

    #[test]
    fn debug_output_shows_no_response() {
        let settlement = Settlement::Delivered { response: Some("secret".to_owned()), amount: None };
        assert!(!format!("{settlement:?}").contains("secret"));
    }
}
