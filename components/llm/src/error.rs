//! Why a question got no answer: one enum, one mapping to HTTP.

use auth_api::{Denied, Refund};
use http::StatusCode;
use web::outbound::SendError;
use web::{Lang, Problem, Text, duration, grouped};

use crate::idempotency::{KEY_CHARS_MAX, KeyInvalid};
use crate::mode::ModeInvalid;
use crate::question::{QUESTION_CHARS_MAX, QuestionError};
use crate::settings::Misconfigured;
use crate::upstream::UpstreamError;

/// Why a request to a known route failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Denied(Denied),
    /// The body is neither a form nor JSON.
    Body(Problem),
    Question(QuestionError),
    Key(KeyInvalid),
    Mode(ModeInvalid),
    /// The same submission was sent before and failed.
    FirstFailed,
    Misconfigured(Misconfigured),
    /// The provider gave no answer.
    Upstream {
        error: UpstreamError,
        /// Whether the question was given back to the user's quota; if that is not known, the cause, for the log.
        settled: Result<Refund, String>,
    },
}

impl Failure {
    /// What the user reads, and the cause for the log.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Denied(denied @ Denied::CircuitOpen { retry_after_seconds }) => {
                denied.problem().reworded(circuit_open(*retry_after_seconds))
            }
            Self::Denied(denied) => denied.problem(),
            Self::Body(problem) => problem.clone(),
            Self::Question(error) => question(*error),
            Self::Key(KeyInvalid) => key_invalid(),
            Self::Mode(ModeInvalid) => mode_invalid(),
            Self::FirstFailed => first_failed(),
            Self::Misconfigured(Misconfigured::Missing(variable)) => Problem::not_configured(variable),
            Self::Misconfigured(Misconfigured::Unusable(variable)) => unusable(variable),
            Self::Upstream { error, settled } => {
                let cause = match settled {
                    Ok(Refund::AsAsked) => error.cause(),
                    Ok(Refund::Refused) => format!("{}; not refunded", error.cause()),
                    Err(cause) => format!("{}; settlement failed: {cause}", error.cause()),
                };
                upstream(error, settled.as_ref().ok().copied()).because(cause)
            }
        }
    }
}

fn circuit_open(seconds: u32) -> Text {
    let wait = duration(seconds);
    Text::owned(
        format!(
            "L’assistant est en panne. Nouvel essai possible dans {wait}. Cette question n’est pas décomptée de votre quota."
        ),
        format!(
            "The assistant is down. You can try again in {wait}. This question does not count against your quota."
        ),
    )
}

fn question(error: QuestionError) -> Problem {
    let (status, code, text) = match error {
        QuestionError::Missing => (
            StatusCode::BAD_REQUEST,
            "message_missing",
            Text::new(
                "Aucun message fourni. Écrivez votre question.",
                "No message given. Write your question.",
            ),
        ),
        QuestionError::TooLong(chars) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "message_too_long", too_long(chars))
        }
        QuestionError::Nul => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "message_invalid",
            Text::new(
                "Votre question contient un caractère nul (U+0000). Retirez-le, puis renvoyez-la.",
                "Your question contains a null character (U+0000). Remove it, then send it again.",
            ),
        ),
    };
    // What the original's clients read stays in `error`; the page says it beside the field.
    let beside = match error {
        QuestionError::Missing => {
            Text::new("Écrivez votre question, puis envoyez-la.", "Write your question, then send it.")
        }
        _ => text.clone(),
    };
    Problem::new(status, code, text).field("message", beside)
}

fn too_long(chars: usize) -> Text {
    let written = |lang| [chars, QUESTION_CHARS_MAX].map(|number| grouped(number, lang));
    let ([fr, fr_max], [en, en_max]) = (written(Lang::Fr), written(Lang::En));
    Text::owned(
        format!(
            "Votre question est trop longue : {fr} caractères, {fr_max} au maximum. Raccourcissez-la, puis renvoyez-la."
        ),
        format!(
            "Your question is too long: {en} characters, {en_max} at most. Shorten it, then send it again."
        ),
    )
}

fn key_invalid() -> Problem {
    let text = Text::owned(
        format!(
            "L’en-tête Idempotency-Key est illisible : un seul, de 1 à {KEY_CHARS_MAX} caractères ASCII visibles. Rechargez la page, ou envoyez une autre clé."
        ),
        format!(
            "The Idempotency-Key header cannot be read: one only, of 1 to {KEY_CHARS_MAX} visible ASCII characters. Reload the page, or send another key."
        ),
    );
    Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid", text)
}

fn mode_invalid() -> Problem {
    let text = Text::new(
        "Ce mode de réponse n’existe pas ou n’est plus proposé. Choisissez-en un autre, puis renvoyez votre question.",
        "There is no such mode, or it is no longer offered. Choose another one, then send your question again.",
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "mode_invalid", text)
}

fn first_failed() -> Problem {
    let text = Text::new(
        "Le premier envoi de cette question n’a pas abouti. Renvoyez-la.",
        "This question was sent before and got no answer. Send it again.",
    );
    Problem::new(StatusCode::CONFLICT, "first_attempt_failed", text)
}

fn unusable(variable: &str) -> Problem {
    let text = Text::owned(
        format!(
            "Ce service est mal configuré : la valeur de la variable « {variable} » ne convient pas. Prévenez l’administrateur."
        ),
        format!(
            "This service is misconfigured: the value of the variable “{variable}” cannot be used. Tell the administrator."
        ),
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_configured", text)
}

/// `refund`: `None` when auth did not say.
fn upstream(error: &UpstreamError, refund: Option<Refund>) -> Problem {
    let (status, code, fr, en) = match error {
        UpstreamError::Send(SendError::TimedOut(_)) | UpstreamError::TimedOut(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            "L’assistant n’a pas répondu à temps. Réessayez dans une minute, ou posez une question plus courte.",
            "The assistant did not answer in time. Try again in a minute, or ask a shorter question.",
        ),
        UpstreamError::Busy { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "upstream_busy",
            "L’assistant est très sollicité en ce moment. Réessayez dans une minute.",
            "The assistant is very busy at the moment. Try again in a minute.",
        ),
        UpstreamError::Unavailable | UpstreamError::Send(SendError::NotSent(_)) => (
            StatusCode::BAD_GATEWAY,
            "upstream_unavailable",
            "L’assistant est injoignable. Réessayez dans une minute.",
            "The assistant cannot be reached. Try again in a minute.",
        ),
        UpstreamError::OnlyAccepted
        | UpstreamError::NotFound(_)
        | UpstreamError::KeyRefused(_)
        | UpstreamError::Redirected(_)
        | UpstreamError::Send(SendError::Denied(_)) => (
            StatusCode::BAD_GATEWAY,
            "upstream_not_answering",
            "L’assistant est indisponible. Prévenez l’administrateur.",
            "The assistant is unavailable. Tell the administrator.",
        ),
        UpstreamError::Empty
        | UpstreamError::Unreadable(_)
        | UpstreamError::Send(SendError::TooLarge | SendError::Cut(_)) => (
            StatusCode::BAD_GATEWAY,
            "upstream_unreadable",
            "La réponse de l’assistant est illisible. Reformulez votre question, puis renvoyez-la.",
            "The assistant’s answer cannot be read. Rephrase your question, then send it again.",
        ),
        UpstreamError::ContextExceeded => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "context_exceeded",
            "Votre question et sa conversation sont trop longues pour ce modèle. Raccourcissez-la, ou commencez une nouvelle conversation.",
            "Your question and its conversation are too long for this model. Shorten it, or start a new conversation.",
        ),
        UpstreamError::Filtered => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "upstream_refused",
            "Le filtre du fournisseur d’IA a bloqué cette réponse. Reformulez votre question, puis renvoyez-la.",
            "The AI provider’s filter blocked this answer. Rephrase your question, then send it again.",
        ),
        // Nobody reads it; it is in the log.
        UpstreamError::Abandoned => {
            (StatusCode::BAD_REQUEST, "client_disconnected", "Question annulée.", "Question cancelled.")
        }
        UpstreamError::ScenarioFailed
        | UpstreamError::ProviderError
        | UpstreamError::Reported(_)
        | UpstreamError::Status(_) => (
            StatusCode::BAD_GATEWAY,
            "upstream_failed",
            "L’assistant a rencontré une erreur. Réessayez dans une minute.",
            "The assistant ran into an error. Try again in a minute.",
        ),
    };
    let text = match refund {
        Some(Refund::AsAsked) => Text::owned(
            format!("{fr} Cette question n’est pas décomptée de votre quota."),
            format!("{en} This question does not count against your quota."),
        ),
        Some(Refund::Refused) => Text::owned(
            format!(
                "{fr} Cette question est décomptée : trop de vos questions sont restées sans réponse aujourd’hui."
            ),
            format!(
                "{en} This question counts against your quota: too many of yours have had no answer today."
            ),
        ),
        None => Text::new(fr, en),
    };
    let problem = Problem::new(status, code, text).with("refunded", refund == Some(Refund::AsAsked));
    match error {
        UpstreamError::Busy { retry_after_seconds } => {
            problem.retry_after(retry_after_seconds.unwrap_or(60).clamp(1, 3600))
        }
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use web::Request;

    use super::*;
    use crate::upstream::UpstreamError as E;

    fn sent(error: SendError) -> E {
        E::Send(error)
    }

    #[test]
    fn every_failure_has_its_status_and_code() {
        let upstream = |error| Failure::Upstream { error, settled: Ok(Refund::AsAsked) };
        let text = String::new;
        for (failure, status, code) in [
            (Failure::Denied(Denied::SignedOut), 401, "signed_out"),
            (
                Failure::Denied(Denied::QuotaExhausted { left: 0, retry_after_seconds: 5 }),
                429,
                "quota_exhausted",
            ),
            (
                Failure::Denied(Denied::CeilingReached { retry_after_seconds: 5 }),
                503,
                "daily_ceiling_reached",
            ),
            (Failure::Denied(Denied::CircuitOpen { retry_after_seconds: 5 }), 503, "breaker_open"),
            (Failure::Denied(Denied::NotConfigured("service_key")), 503, "not_configured"),
            (Failure::Denied(Denied::Unavailable(text())), 503, "auth_unavailable"),
            (Failure::Body(Problem::not_found()), 404, "not_found"),
            (Failure::Question(QuestionError::Missing), 400, "message_missing"),
            (Failure::Question(QuestionError::TooLong(9_000)), 422, "message_too_long"),
            (Failure::Question(QuestionError::Nul), 422, "message_invalid"),
            (Failure::Denied(Denied::InProgress), 409, "still_running"),
            (Failure::Denied(Denied::KeyReused), 422, "idempotency_key_reused"),
            (Failure::Key(KeyInvalid), 400, "idempotency_key_invalid"),
            (Failure::Mode(ModeInvalid), 422, "mode_invalid"),
            (Failure::FirstFailed, 409, "first_attempt_failed"),
            (Failure::Misconfigured(Misconfigured::Missing("webhook_url")), 503, "not_configured"),
            (Failure::Misconfigured(Misconfigured::Unusable("webhook_url")), 503, "not_configured"),
            (upstream(sent(SendError::TimedOut(text()))), 504, "upstream_timeout"),
            (upstream(sent(SendError::NotSent(text()))), 502, "upstream_unavailable"),
            (upstream(sent(SendError::Denied(text()))), 502, "upstream_not_answering"),
            (upstream(sent(SendError::Cut(text()))), 502, "upstream_unreadable"),
            (upstream(sent(SendError::TooLarge)), 502, "upstream_unreadable"),
            (upstream(E::OnlyAccepted), 502, "upstream_not_answering"),
            (upstream(E::Busy { retry_after_seconds: Some(9) }), 503, "upstream_busy"),
            (upstream(E::Unavailable), 502, "upstream_unavailable"),
            (upstream(E::ScenarioFailed), 502, "upstream_failed"),
            (upstream(E::TimedOut(524)), 504, "upstream_timeout"),
            (upstream(E::KeyRefused(401)), 502, "upstream_not_answering"),
            (upstream(E::NotFound(410)), 502, "upstream_not_answering"),
            (upstream(E::Redirected(302)), 502, "upstream_not_answering"),
            (upstream(E::Status(500)), 502, "upstream_failed"),
            (upstream(E::Empty), 502, "upstream_unreadable"),
            (upstream(E::ProviderError), 502, "upstream_failed"),
            (upstream(E::Unreadable("compressed")), 502, "upstream_unreadable"),
            (upstream(E::Reported(text())), 502, "upstream_failed"),
            (upstream(E::ContextExceeded), 422, "context_exceeded"),
            (upstream(E::Filtered), 422, "upstream_refused"),
            (upstream(E::Abandoned), 400, "client_disconnected"),
        ] {
            let problem = failure.problem();
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code), "{failure:?}");
        }
    }

    #[test]
    fn a_misconfiguration_names_the_variable() {
        for misconfigured in [Misconfigured::Missing("webhook_url"), Misconfigured::Unusable("webhook_url")] {
            let problem = Failure::Misconfigured(misconfigured).problem();
            assert!(
                problem.detail(Lang::Fr).contains("webhook_url")
                    && problem.detail(Lang::En).contains("webhook_url")
            );
        }
    }

    #[test]
    fn a_refund_is_only_named_when_it_happened_and_the_cause_is_only_in_the_log() {
        let request = Request::test("POST", "/send").with("accept", "application/json");
        let read = |settled: Result<Refund, String>| {
            let reply = Failure::Upstream { error: E::NotFound(410), settled }.problem().reply(&request);
            let body: serde_json::Value = serde_json::from_slice(reply.body.whole().unwrap()).unwrap();
            (body, reply.cause.unwrap())
        };
        let (body, cause) = read(Ok(Refund::AsAsked));
        assert_eq!((&body["refunded"], cause.as_str()), (&true.into(), "upstream: NotFound(410)"));
        assert!(body["error"].as_str().unwrap().contains("n’est pas décomptée"));
        let (body, cause) = read(Ok(Refund::Refused));
        assert_eq!(
            (&body["refunded"], cause.as_str()),
            (&false.into(), "upstream: NotFound(410); not refunded")
        );
        assert!(body["error"].as_str().unwrap().contains("est décomptée"));
        let (body, cause) = read(Err("no reply".to_owned()));
        assert_eq!(
            (&body["refunded"], cause.as_str()),
            (&false.into(), "upstream: NotFound(410); settlement failed: no reply")
        );
        assert!(!body.to_string().contains("décomptée") && !body.to_string().contains("410"));
    }
}
