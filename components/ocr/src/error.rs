//! Why a conversion failed: one enum, one mapping to HTTP, one to the reason of a settlement.

use auth_api::{Denied, Reason};
use http::StatusCode;
use web::TooLong;
use web::stream::ClientDisconnected;
use web::{Problem, Text};

use crate::gemini::error::UpstreamError;
use crate::upload::UploadError;
use crate::upload::error::unreadable;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Denied(Denied),
    NotConfigured(&'static str),
    Upload(UploadError),
    /// A form that cannot be read.
    Body(Problem),
    /// The model could not open the document; the cause, for the log.
    Unreadable(String),
    /// A filter of Google's refused the document.
    Blocked(String),
    /// Google refuses every request: the key, the project, the model names.
    Refused(String),
    /// The quota of the API key is used up, for this minute or for this day.
    Busy {
        retry_after_seconds: u32,
        cause: String,
    },
    /// Google is overloaded or has an internal error.
    Overloaded(String),
    TimedOut,
    /// No connection, or an answer that cannot be understood.
    Upstream(String),
    /// The model answered without any text.
    NoText(String),
    /// The models answered, but with no document: a refusal in prose, a web page.
    NoDocument,
    /// The client has disconnected and reads no answer.
    ClientDisconnected,
    /// Any of the others, after which the reserved pages stay spent.
    Charged(Box<Self>),
}

/// `Retry-After` when Google is busy and gives no delay, in seconds.
const BUSY_SECONDS: u32 = 60;
/// `Retry-After` when the day's requests are used up. Google renews them at midnight in California.
const DAY_QUOTA_SECONDS: u32 = 3600;

impl Failure {
    /// What the user reads, and the cause for the log.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Charged(failure) => failure.without_price().continued(&Text::new(
                "Ces pages restent décomptées de votre quota.",
                "These pages still count against your quota.",
            )),
            Self::Busy { .. }
            | Self::Overloaded(_)
            | Self::TimedOut
            | Self::Upstream(_)
            | Self::NoText(_)
            | Self::NoDocument => self
                .without_price()
                .continued(&Text::new("Vos pages n’ont pas été décomptées.", "Your pages were not counted.")),
            _ => self.without_price(),
        }
    }

    fn without_price(&self) -> Problem {
        match self {
            Self::Charged(failure) => failure.without_price(),
            Self::Denied(denied) => denied.problem(),
            Self::NotConfigured(variable) => Problem::not_configured(variable),
            Self::Upload(error) => error.problem(),
            Self::Body(problem) => problem.clone(),
            Self::Unreadable(cause) => unreadable(cause),
            Self::Blocked(reason) => refused_by_model().because(reason.clone()),
            Self::Refused(cause) => upstream_refused().because(cause.clone()),
            Self::Busy { retry_after_seconds, cause } => busy(*retry_after_seconds, cause),
            Self::Overloaded(cause) => busy(BUSY_SECONDS, cause),
            Self::TimedOut => upstream_timeout(),
            Self::NoDocument => no_document(),
            Self::Upstream(cause) | Self::NoText(cause) => upstream_failed().because(cause.clone()),
            // 499 is not a standard status; this one is only in the log.
            Self::ClientDisconnected => Problem::new(
                StatusCode::BAD_REQUEST,
                "client_disconnected",
                Text::new("Demande annulée.", "Request cancelled."),
            ),
        }
    }

    /// The reason of the settlement.
    #[must_use]
    pub fn reason(&self) -> Reason {
        if self.counts_as_failure() { Reason::UpstreamFailed } else { Reason::Other }
    }

    /// Whether another user's document would fail too, so that the circuit breaker counts it. A used-up quota is not
    /// counted: Google gives a delay. An answer without text may be the document's fault.
    fn counts_as_failure(&self) -> bool {
        match self {
            Self::Charged(failure) => failure.counts_as_failure(),
            Self::Refused(_) | Self::Overloaded(_) | Self::TimedOut | Self::Upstream(_) => true,
            Self::Denied(_)
            | Self::NotConfigured(_)
            | Self::Upload(_)
            | Self::Body(_)
            | Self::Unreadable(_)
            | Self::Blocked(_)
            | Self::Busy { .. }
            | Self::NoText(_)
            | Self::NoDocument
            | Self::ClientDisconnected => false,
        }
    }
}

fn refused_by_model() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "refused_by_model",
        Text::new(
            "Google refuse de transcrire ce document (filtre de contenu). Réessayez sans les pages en cause.",
            "Google refuses to transcribe this document (content filter). Try again without the pages in question.",
        ),
    )
}

fn upstream_refused() -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "upstream_refused",
        Text::new(
            "La conversion est indisponible : Google refuse les demandes d’Atelier. Prévenez l’administrateur.",
            "Conversion is unavailable: Google refuses Atelier’s requests. Tell the administrator.",
        ),
    )
}

fn upstream_timeout() -> Problem {
    Problem::new(
        StatusCode::GATEWAY_TIMEOUT,
        "upstream_timeout",
        Text::new(
            "La transcription a pris trop de temps. Réessayez avec moins de pages.",
            "The transcription took too long. Try again with fewer pages.",
        ),
    )
}

fn upstream_failed() -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "upstream_failed",
        Text::new(
            "La transcription a échoué. Réessayez dans quelques minutes.",
            "The transcription failed. Try again in a few minutes.",
        ),
    )
}

fn no_document() -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "no_document",
        Text::new(
            "Le modèle n’a pas transcrit ce document : il a répondu autre chose. Vérifiez que le PDF est lisible, puis réessayez.",
            "The model did not transcribe this document: it answered something else. Check that the PDF can be read, then try again.",
        ),
    )
}

fn busy(retry_after_seconds: u32, cause: &str) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "upstream_busy",
        Text::new(
            "Google est très sollicité en ce moment. Réessayez dans quelques minutes.",
            "Google is very busy at the moment. Try again in a few minutes.",
        ),
    )
    .retry_after(retry_after_seconds)
    .because(cause)
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl From<TooLong> for Failure {
    fn from(_: TooLong) -> Self {
        Self::Body(
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_busy",
                Text::new(
                    "Le serveur vérifie trop de documents, ou celui-ci est trop complexe. Réessayez dans quelques secondes.",
                    "The server is checking too many documents, or this one is too complex. Try again in a few seconds.",
                ),
            )
            .retry_after(10),
        )
    }
}

impl From<ClientDisconnected> for Failure {
    fn from(_: ClientDisconnected) -> Self {
        Self::ClientDisconnected
    }
}

impl From<UpstreamError> for Failure {
    fn from(upstream: UpstreamError) -> Self {
        match upstream {
            UpstreamError::Refused(cause) | UpstreamError::ModelNotFound(cause) => Self::Refused(cause),
            UpstreamError::Document(cause) => Self::Unreadable(cause),
            UpstreamError::MinuteQuota(delay) => {
                let seconds = delay.map_or(u64::from(BUSY_SECONDS), |delay| delay.as_secs() + 1);
                Self::Busy {
                    retry_after_seconds: u32::try_from(seconds).unwrap_or(DAY_QUOTA_SECONDS),
                    cause: "requests per minute".to_owned(),
                }
            }
            UpstreamError::DayQuota => {
                Self::Busy { retry_after_seconds: DAY_QUOTA_SECONDS, cause: "requests per day".to_owned() }
            }
            UpstreamError::Overloaded(cause) => Self::Overloaded(cause),
            UpstreamError::NoText(cause) => Self::NoText(cause),
            UpstreamError::TimedOut => Self::TimedOut,
            UpstreamError::Unreachable(cause)
            | UpstreamError::Cut(cause)
            | UpstreamError::InvalidAnswer(cause) => Self::Upstream(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;
    use crate::upload::{FileName, Malformed};

    #[test]
    fn each_failure_has_its_status_and_both_languages() {
        let text = String::new;
        let check = |failure: Failure, status: u16, code: &str| {
            let problem = failure.problem();
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code), "{failure:?}");
            assert_ne!(problem.detail(Lang::Fr), problem.detail(Lang::En), "{failure:?}");
        };
        check(Failure::Denied(Denied::SignedOut), 401, "signed_out");
        check(Failure::NotConfigured("gemini_ai_api_key"), 503, "not_configured");
        check(Failure::Upload(UploadError::Malformed(Malformed::NoFile)), 400, "no_file");
        check(Failure::Upload(UploadError::Malformed(Malformed::Unfinished)), 400, "malformed_upload");
        check(Failure::Upload(UploadError::Malformed(Malformed::NotMultipart)), 415, "not_multipart");
        check(Failure::Upload(UploadError::Interrupted(text())), 400, "body_cut_short");
        check(Failure::Upload(UploadError::TooSlow), 408, "upload_too_slow");
        check(Failure::Upload(UploadError::TooLarge), 413, "payload_too_large");
        let name = || FileName::parse("a");
        check(Failure::Upload(UploadError::NotUsable(name())), 415, "not_a_pdf");
        check(Failure::Upload(UploadError::PdfNotAlone(name())), 422, "pdf_not_alone");
        check(Failure::Upload(UploadError::TooManyPictures), 422, "too_many_pictures");
        check(Failure::Upload(UploadError::BrokenPicture { name: name(), cause: "" }), 422, "unreadable_pdf");
        check(Failure::Upload(UploadError::Protected), 422, "protected_pdf");
        check(Failure::Upload(UploadError::Unreadable("")), 422, "unreadable_pdf");
        check(Failure::Unreadable(text()), 422, "unreadable_pdf");
        check(Failure::Upload(UploadError::TooManyPages(301)), 422, "too_many_pages");
        check(Failure::Blocked(text()), 422, "refused_by_model");
        check(Failure::Refused(text()), 502, "upstream_refused");
        check(Failure::Busy { retry_after_seconds: 1, cause: text() }, 503, "upstream_busy");
        check(Failure::Overloaded(text()), 503, "upstream_busy");
        check(Failure::NoText(text()), 502, "upstream_failed");
        check(Failure::NoDocument, 502, "no_document");
        check(Failure::TimedOut, 504, "upstream_timeout");
        check(Failure::Upstream(text()), 502, "upstream_failed");
    }

    #[test]
    fn only_what_would_fail_for_other_users_too_counts_for_the_circuit_breaker() {
        let text = String::new;
        for failure in [
            Failure::Refused(text()),
            Failure::Overloaded(text()),
            Failure::TimedOut,
            Failure::Upstream(text()),
        ] {
            assert_eq!(failure.reason(), Reason::UpstreamFailed, "{failure:?}");
        }
        for failure in [
            Failure::Denied(Denied::SignedOut),
            Failure::NotConfigured("gemini_ai_api_key"),
            Failure::Upload(UploadError::TooManyPictures),
            Failure::Unreadable(text()),
            Failure::Blocked(text()),
            Failure::Busy { retry_after_seconds: 1, cause: text() },
            Failure::NoText(text()),
            Failure::NoDocument,
            Failure::ClientDisconnected,
        ] {
            assert_eq!(failure.reason(), Reason::Other, "{failure:?}");
        }
    }

    #[test]
    fn each_failure_of_the_upstream_has_its_status() {
        let check = |upstream: UpstreamError, status: u16| {
            assert_eq!(Failure::from(upstream.clone()).problem().status().as_u16(), status, "{upstream:?}");
        };
        let text = String::new;
        check(UpstreamError::Refused(text()), 502);
        check(UpstreamError::Document(text()), 422);
        check(UpstreamError::ModelNotFound(text()), 502);
        check(UpstreamError::MinuteQuota(None), 503);
        check(UpstreamError::DayQuota, 503);
        check(UpstreamError::Overloaded(text()), 503);
        check(UpstreamError::Unreachable(text()), 502);
        check(UpstreamError::TimedOut, 504);
        check(UpstreamError::Cut(text()), 502);
        check(UpstreamError::InvalidAnswer(text()), 502);
        check(UpstreamError::NoText(text()), 502);
    }
}
