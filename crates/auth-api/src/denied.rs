//! Why auth refused, and the reply that the tool gives.

use http::{StatusCode, header};
use web::{Problem, Reply, Request, Text, duration};

use crate::wire;

/// Auth refused, or did not reply clearly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// No session, or one that has ended.
    SignedOut,
    /// The daily quota does not cover it.
    QuotaExhausted { left: u32, retry_after_seconds: u32 },
    /// All users together have reached the operator's ceiling of the day.
    CeilingReached { retry_after_seconds: u32 },
    /// The service's circuit breaker is open: its upstream is not called for a while.
    CircuitOpen { retry_after_seconds: u32 },
    /// The same request was sent before and has no outcome yet.
    InProgress,
    /// The idempotency key was used for another request.
    KeyReused,
    /// This variable is empty; the operator has to set it.
    NotConfigured(&'static str),
    /// Auth did not reply clearly; the cause is for the log.
    Unavailable(String),
}

impl Denied {
    /// A browser that opens a page without a session is redirected to the sign-in form, which leads back; every other
    /// request gets a problem.
    #[must_use]
    pub fn reply(&self, request: &Request) -> Reply {
        if *self == Self::SignedOut && request.is_get() && !request.prefers_json() {
            let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            let next = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
            return Reply::see_other(&format!("/auth?next={next}"));
        }
        let reply = self.problem().reply(request);
        match self {
            Self::SignedOut => {
                // RFC 9110 §11.6.1 requires a challenge with every 401; here it stands for the sign-in form.
                reply.with(
                    header::WWW_AUTHENTICATE,
                    http::HeaderValue::from_static("Session realm=\"atelier\""),
                )
            }
            _ => reply,
        }
    }

    /// The refusal as a problem.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::SignedOut => Problem::new(
                StatusCode::UNAUTHORIZED,
                "signed_out",
                Text::new(
                    "Votre session a pris fin. Reconnectez-vous, puis recommencez.",
                    "Your session has ended. Sign in again, then try once more.",
                ),
            ),
            Self::QuotaExhausted { left, retry_after_seconds } => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                wire::QUOTA_EXHAUSTED,
                quota_exhausted(*left, &duration(*retry_after_seconds)),
            )
            .retry_after(*retry_after_seconds)
            .with("left", *left),
            Self::CeilingReached { retry_after_seconds } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                wire::CEILING_REACHED,
                Text::owned(
                    format!(
                        "Ce service a atteint sa limite du jour pour l’ensemble des utilisateurs. Revenez dans {} : votre quota reste intact.",
                        duration(*retry_after_seconds)
                    ),
                    format!(
                        "This service has reached today’s limit for all users together. Come back in {}: your own quota is untouched.",
                        duration(*retry_after_seconds)
                    ),
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::CircuitOpen { retry_after_seconds } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                wire::BREAKER_OPEN,
                Text::owned(
                    format!("Le service est en panne. Nouvel essai possible dans {}. Cette demande n’est pas décomptée de votre quota.", duration(*retry_after_seconds)),
                    format!("The service is down. You can try again in {}. This request does not count against your quota.", duration(*retry_after_seconds)),
                ),
            )
            .retry_after(*retry_after_seconds),
            Self::InProgress => Problem::new(
                StatusCode::CONFLICT,
                wire::STILL_RUNNING,
                Text::new(
                    "Cette demande est déjà en cours. Renvoyez-la dans quelques secondes pour lire sa réponse : elle ne sera pas comptée deux fois.",
                    "This request is already in progress. Send it again in a few seconds to read its answer: it will not be counted twice.",
                ),
            )
            .retry_after(5),
            Self::KeyReused => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                wire::KEY_REUSED,
                Text::new(
                    "Cette clé d’idempotence a déjà servi à une autre demande. Prenez-en une nouvelle.",
                    "This idempotency key was already used for another request. Use a new one.",
                ),
            ),
            Self::NotConfigured(variable) => Problem::not_configured(variable),
            Self::Unavailable(cause) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "auth_unavailable",
                Text::new(
                    "Le service des comptes ne répond pas. Réessayez dans une minute.",
                    "The account service is not answering. Try again in a minute.",
                ),
            )
            .retry_after(30)
            .because(cause.clone()),
        }
    }
}

fn quota_exhausted(left: u32, wait: &str) -> Text {
    match left {
        0 => Text::owned(
            format!("Votre quota du jour est épuisé. Il sera renouvelé dans {wait}."),
            format!("You have used up your quota for today. It will be renewed in {wait}."),
        ),
        left => Text::owned(
            format!("Votre quota du jour ne suffit pas (il en reste {left}). Il sera renouvelé dans {wait}."),
            format!("Your quota for today is not enough ({left} left). It will be renewed in {wait}."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_redirects_to_sign_in_and_json_gets_401() {
        let page = Denied::SignedOut.reply(&Request::test("GET", "/llm?a=1").with("accept", "text/html"));
        assert_eq!(
            (page.status, page.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/auth?next=%2Fllm%3Fa%3D1")
        );
        let json = Denied::SignedOut.reply(&Request::test("GET", "/llm").with("accept", "application/json"));
        assert_eq!(json.status, StatusCode::UNAUTHORIZED);
        assert!(json.headers.contains_key("www-authenticate"));
        let post = Denied::SignedOut.reply(&Request::test("POST", "/send").with("accept", "text/html"));
        assert_eq!(post.status, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn each_refusal_has_its_status() {
        let check = |denied: Denied, status| assert_eq!(denied.problem().status(), status, "{denied:?}");
        check(Denied::QuotaExhausted { left: 0, retry_after_seconds: 9 }, StatusCode::TOO_MANY_REQUESTS);
        check(Denied::CeilingReached { retry_after_seconds: 9 }, StatusCode::SERVICE_UNAVAILABLE);
        check(Denied::CircuitOpen { retry_after_seconds: 9 }, StatusCode::SERVICE_UNAVAILABLE);
        check(Denied::InProgress, StatusCode::CONFLICT);
        check(Denied::KeyReused, StatusCode::UNPROCESSABLE_ENTITY);
        check(Denied::NotConfigured("service_key"), StatusCode::SERVICE_UNAVAILABLE);
        check(Denied::Unavailable("refused".into()), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn an_open_circuit_is_said_in_words_that_fit_each_tool() {
        let problem = Denied::CircuitOpen { retry_after_seconds: 9 }.problem();
        for (lang, seconds) in [(web::Lang::Fr, "9\u{a0}s"), (web::Lang::En, "9\u{a0}s")] {
            let sentence = problem.detail(lang).to_lowercase();
            assert!(sentence.contains(seconds), "{sentence}");
            for word in ["question", "assistant", "page", "conversion"] {
                assert!(!sentence.contains(word), "{sentence}");
            }
        }
    }

    #[test]
    fn a_used_up_quota_says_when_it_is_renewed() {
        for (seconds, expected) in
            [(45, "45\u{a0}s"), (61, "2\u{a0}min"), (7200, "2\u{a0}h."), (12_000, "3\u{a0}h 20\u{a0}min")]
        {
            let problem = Denied::QuotaExhausted { left: 0, retry_after_seconds: seconds }.problem();
            for lang in [web::Lang::Fr, web::Lang::En] {
                assert!(problem.detail(lang).contains(expected), "{}", problem.detail(lang));
            }
        }
    }
}
