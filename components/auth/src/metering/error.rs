//! The refusals of metering, and their one mapping to a status and a sentence.

use auth_api::{Quota, wire};
use http::StatusCode;
use web::{Problem, Text, UnixTime, duration};

use crate::{
    error::AuthError,
    metering::{day::Day, quota::remaining},
};

/// One variant per outcome that a tool acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MeteringError {
    /// 403: the service key is missing or wrong.
    WrongServiceKey,
    /// 429.
    QuotaExhausted { quota: Quota, retry_after_seconds: u32 },
    /// 429: all users together have reached the ceiling of the day.
    CeilingReached { retry_after_seconds: u32 },
    /// 424.
    CircuitOpen { retry_after_seconds: u32 },
    /// 409: the earlier request with this key has no outcome yet.
    InProgress,
    /// 422: the key was used for another request.
    KeyReused,
    /// 404: no response is stored under this key.
    NoStoredResponse,
    /// 404: no such reservation, or it has expired or was settled before.
    ReservationUnknown,
    /// Any other error of auth.
    Auth(AuthError),
}

impl MeteringError {
    pub(crate) fn quota_exhausted(limit: u32, spent: i64, now: UnixTime) -> Self {
        Self::QuotaExhausted { quota: remaining(limit, spent), retry_after_seconds: Day::seconds_left(now) }
    }

    pub(crate) fn ceiling_reached(now: UnixTime) -> Self {
        Self::CeilingReached { retry_after_seconds: Day::seconds_left(now) }
    }

    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::WrongServiceKey => Problem::new(
                StatusCode::FORBIDDEN,
                "wrong_service_key",
                Text::new(
                    "Cette adresse est réservée aux services d’Atelier.",
                    "This address is for Atelier’s own services.",
                ),
            ),
            Self::QuotaExhausted { quota: Quota { left, limit }, retry_after_seconds } => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                wire::QUOTA_EXHAUSTED,
                Text::owned(
                    format!("Quota du jour insuffisant : il en reste {left} sur {limit}. Il se renouvelle à minuit (UTC)."),
                    format!("Not enough of today’s quota: {left} of {limit} left. It is renewed at midnight (UTC)."),
                ),
            )
            .retry_after(*retry_after_seconds)
            .with("left", *left)
            .with("limit", *limit),
            Self::CeilingReached { retry_after_seconds } => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                wire::CEILING_REACHED,
                Text::new(
                    "La limite du jour pour l’ensemble des utilisateurs est atteinte. Elle se renouvelle à minuit (UTC).",
                    "Today’s limit for all users together has been reached. It is renewed at midnight (UTC).",
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::CircuitOpen { retry_after_seconds } => Problem::new(
                StatusCode::FAILED_DEPENDENCY,
                wire::BREAKER_OPEN,
                Text::owned(
                    format!("Le service extérieur a échoué plusieurs fois de suite et n’est plus appelé pour le moment. Réessayez dans {}.", duration(*retry_after_seconds)),
                    format!("The external service has failed several times in a row and is not being called for now. Try again in {}.", duration(*retry_after_seconds)),
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::InProgress => Problem::new(
                StatusCode::CONFLICT,
                wire::STILL_RUNNING,
                Text::new(
                    "La même demande est encore en cours. Réessayez dans une seconde.",
                    "The same request is still under way. Try again in a second.",
                ),
            )
            .retry_after(1),
            Self::KeyReused => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                wire::KEY_REUSED,
                Text::new(
                    "Cette clé a déjà servi à une autre demande. Prenez-en une nouvelle.",
                    "This key was already used for another request. Take a new one.",
                ),
            ),
            Self::NoStoredResponse => Problem::new(
                StatusCode::NOT_FOUND,
                wire::NO_STORED_RESPONSE,
                Text::new(
                    "Aucune réponse n’est gardée sous cette clé. Envoyez la demande.",
                    "No answer is kept under this key. Send the request.",
                ),
            ),
            Self::ReservationUnknown => Problem::new(
                StatusCode::NOT_FOUND,
                wire::RESERVATION_UNKNOWN,
                Text::new(
                    "Cette réservation n’existe pas, ou plus.",
                    "This reservation does not exist, or no longer.",
                ),
            ),
            Self::Auth(error) => error.problem(),
        }
    }
}

impl<E: Into<AuthError>> From<E> for MeteringError {
    fn from(error: E) -> Self {
        Self::Auth(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store_error::StoreError;
    use web::Lang;

    #[test]
    fn each_refusal_has_its_status_and_code() {
        let check = |error: MeteringError, status: u16, code: &str| {
            let problem = error.problem();
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code), "{error:?}");
            assert!(!problem.detail(Lang::Fr).is_empty() && !problem.detail(Lang::En).is_empty());
        };
        check(MeteringError::WrongServiceKey, 403, "wrong_service_key");
        check(MeteringError::quota_exhausted(50, 49, UnixTime(0)), 429, "quota_exhausted");
        check(MeteringError::ceiling_reached(UnixTime(0)), 429, "daily_ceiling_reached");
        check(MeteringError::CircuitOpen { retry_after_seconds: 30 }, 424, "breaker_open");
        check(MeteringError::InProgress, 409, "still_running");
        check(MeteringError::KeyReused, 422, "idempotency_key_reused");
        check(MeteringError::NoStoredResponse, 404, "no_stored_response");
        check(MeteringError::ReservationUnknown, 404, "reservation_unknown");
        check(StoreError::Unreachable("x".to_owned()).into(), 503, "database_unreachable");
    }
}
