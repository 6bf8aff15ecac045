//! The errors of auth, and their one mapping to a status and a sentence.

use http::StatusCode;
use web::{Lang, Problem, Text, duration};

use crate::{password_hash::HashError, store_error::StoreError};

/// One variant per outcome that a client acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthError {
    /// The request cannot be read.
    Request(Problem),
    /// 422, with what is wrong in each field.
    Invalid(Vec<(&'static str, Text)>),
    /// 401 for a wrong password and for an unknown name; only the cause, in the log, tells which.
    WrongCredentials { cause: &'static str },
    /// 401: no session, or one that has ended.
    SignedOut,
    /// 409.
    UsernameTaken,
    /// 429: too many attempts.
    TooManyTries { retry_after_seconds: u32 },
    /// 503: too many passwords are being verified.
    TooBusy { retry_after_seconds: u32 },
    /// 503: too many accounts were created today, by all together.
    RegistrationsClosed { retry_after_seconds: u32 },
    /// 503 or 500: the store failed.
    Store(StoreError),
    /// 500.
    Hash(HashError),
}

impl AuthError {
    /// The status, code and sentence of this error.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Request(problem) => problem.clone(),
            Self::Invalid(fields) => fields.iter().fold(
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", summary(fields)),
                |problem, (field, text)| problem.field(field, text.clone()),
            ),
            Self::WrongCredentials { cause } => Problem::new(
                StatusCode::UNAUTHORIZED,
                "wrong_credentials",
                Text::new("Nom d’utilisateur ou mot de passe incorrect.", "Wrong username or password."),
            )
            .because(*cause),
            Self::SignedOut => Problem::new(
                StatusCode::UNAUTHORIZED,
                "signed_out",
                Text::new(
                    "Votre session a pris fin, ou aucune n’est ouverte. Connectez-vous pour continuer.",
                    "Your session has ended, or you have not signed in yet. Sign in to continue.",
                ),
            ),
            Self::UsernameTaken => Problem::new(StatusCode::CONFLICT, "username_taken", USERNAME_TAKEN)
                .field("username", USERNAME_TAKEN),
            Self::TooManyTries { retry_after_seconds } => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_tries",
                Text::owned(
                    format!("Trop de tentatives. Réessayez dans {}.", duration(*retry_after_seconds)),
                    format!("Too many attempts. Try again in {}.", duration(*retry_after_seconds)),
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::TooBusy { retry_after_seconds } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_busy",
                Text::new(
                    "Beaucoup de personnes se connectent en ce moment. Réessayez dans quelques secondes.",
                    "Many people are signing in right now. Try again in a few seconds.",
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::RegistrationsClosed { retry_after_seconds } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "registrations_closed",
                Text::new(
                    "Trop de comptes ont été créés aujourd’hui. Réessayez plus tard, ou demain.",
                    "Too many accounts have been created today. Try again later, or tomorrow.",
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::Store(error) => store_problem(error),
            Self::Hash(HashError(cause)) => internal(cause),
        }
    }
}

const USERNAME_TAKEN: Text = Text::new(
    "Ce nom d’utilisateur est déjà pris. Choisissez-en un autre.",
    "This username is taken. Choose another one.",
);

fn store_problem(error: &StoreError) -> Problem {
    let unavailable = |code, detail: Text, cause: &str| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(10).because(cause)
    };
    match error {
        StoreError::NotConfigured(variable) => Problem::not_configured(variable),
        StoreError::Unreachable(cause) => unavailable(
            "database_unreachable",
            Text::new(
                "La base de données ne répond pas. Réessayez dans un instant.",
                "The database does not answer. Try again in a moment.",
            ),
            cause,
        ),
        StoreError::SchemaBehind(cause) => unavailable(
            "migrations_behind",
            Text::new(
                "La base de données n’est pas à jour. Prévenez l’administrateur.",
                "The database is not up to date. Tell the administrator.",
            ),
            cause,
        ),
        StoreError::Unexpected(cause) => internal(cause),
    }
}

fn internal(cause: &str) -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        Text::new(
            "Une erreur est survenue de notre côté. Réessayez ; si elle se répète, donnez le numéro de la requête à l’administrateur.",
            "Something went wrong on our side. Try again; if it keeps happening, give the request number to the administrator.",
        ),
    )
    .because(cause)
}

/// For clients that read only `error`: the problem of the one field, or that there are several.
fn summary(fields: &[(&'static str, Text)]) -> Text {
    match fields {
        [(_, text)] => text.clone(),
        _ => Text::new(
            "Corrigez les champs signalés, puis renvoyez le formulaire.",
            "Correct the marked fields, then send the form again.",
        ),
    }
}

/// What `problem` says about `field`, shown beside the field.
#[must_use]
pub fn field_error(problem: Option<&Problem>, field: &str, lang: Lang) -> Option<String> {
    problem?.fields().iter().find(|entry| entry.field == field).map(|entry| entry.text.get(lang))
}

/// The sentence above a form: a problem that is not shown beside a field.
#[must_use]
pub fn notice(problem: Option<&Problem>, lang: Lang) -> Option<String> {
    problem.filter(|problem| problem.fields().is_empty()).map(|problem| problem.detail(lang))
}

impl From<Problem> for AuthError {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
    }
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<HashError> for AuthError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use web::Request;

    #[test]
    fn each_error_has_its_status_and_code() {
        let check = |error: AuthError, status: u16, code: &str| {
            let problem = error.problem();
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code), "{error:?}");
            assert!(!problem.detail(Lang::Fr).is_empty() && !problem.detail(Lang::En).is_empty());
        };
        check(AuthError::Invalid(vec![]), 422, "invalid_fields");
        check(AuthError::WrongCredentials { cause: "unknown account" }, 401, "wrong_credentials");
        check(AuthError::SignedOut, 401, "signed_out");
        check(AuthError::UsernameTaken, 409, "username_taken");
        check(AuthError::TooManyTries { retry_after_seconds: 30 }, 429, "too_many_tries");
        check(AuthError::TooBusy { retry_after_seconds: 5 }, 503, "too_busy");
        check(AuthError::RegistrationsClosed { retry_after_seconds: 43 }, 503, "registrations_closed");
        check(AuthError::Store(StoreError::NotConfigured("db_name")), 503, "not_configured");
        check(AuthError::Store(StoreError::Unreachable("x".to_owned())), 503, "database_unreachable");
        check(AuthError::Store(StoreError::SchemaBehind("x".to_owned())), 503, "migrations_behind");
        check(AuthError::Store(StoreError::Unexpected("x".to_owned())), 500, "internal");
        check(AuthError::Hash(HashError("x".to_owned())), 500, "internal");
    }

    #[test]
    fn causes_are_for_the_log_and_not_for_the_reply() {
        let error = AuthError::Store(StoreError::Unreachable("connection to 10.0.0.7 refused".to_owned()));
        let reply = error.problem().reply(&Request::test("GET", "/home"));
        assert!(!String::from_utf8_lossy(reply.body.whole().unwrap()).contains("10.0.0.7"));
        assert_eq!(reply.cause.as_deref(), Some("connection to 10.0.0.7 refused"));
    }
}
