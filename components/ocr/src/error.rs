//! Everything that makes a conversion fail, and how it reads: one enum, one mapping to HTTP.

use http::StatusCode;
use session::Denied;
use web::{Problem, Text};

use crate::gemini::failure::Failure as Upstream;
use crate::gemini::request::BadSetting;
use crate::pdf::PAGES_MAX;
use crate::ports::{BodyError, Gone};
use crate::upload::Malformed;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Denied(Denied),
    NotConfigured(&'static str),
    /// Not a `multipart/form-data` body with one `file`.
    Malformed(Malformed),
    /// The upload broke off.
    Interrupted(String),
    /// The upload took too long.
    TooSlow,
    TooLarge,
    NotPdf,
    Protected,
    Unreadable(String),
    TooManyPages(u32),
    /// A filter of Google's refused the document.
    Blocked(String),
    /// Google refuses us: the key, the project, the model names.
    Refused(String),
    /// Google is overloaded, or our minute or day there is used up.
    Busy {
        retry_after_seconds: u32,
        cause: String,
    },
    TimedOut,
    /// No connection, or an answer that makes no sense.
    Upstream(String),
    /// The user has left; nobody reads this.
    Gone,
}

/// Limit of one upload, as it reads.
pub const UPLOAD_MAX_FR: &str = "50\u{a0}Mo";
pub const UPLOAD_MAX_EN: &str = "50\u{a0}MB";
/// When Google is busy, this is when another try makes sense, in seconds.
const BUSY_SECONDS: u32 = 60;
/// Google renews the day's requests at midnight in California; an hour is soon enough to look again.
const DAY_QUOTA_SECONDS: u32 = 3600;

impl Failure {
    #[must_use]
    pub fn problem(&self) -> Problem {
        let bad = StatusCode::BAD_REQUEST;
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::Denied(denied) => denied.problem(),
            Self::NotConfigured(variable) => Problem::not_configured(variable),
            Self::Malformed(Malformed::NoFile) => {
                Problem::new(bad, "no_file", Text::new("Aucun fichier sélectionné. Choisissez un PDF et recommencez.", "No file selected. Choose a PDF and try again."))
            }
            Self::Malformed(Malformed::NotMultipart) => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_multipart",
                Text::new(
                    "L’envoi doit être un formulaire multipart/form-data avec un champ « file ».",
                    "The upload must be a multipart/form-data form with a field “file”.",
                ),
            ),
            Self::Malformed(why) => Problem::new(
                bad,
                "malformed_upload",
                Text::new(
                    "L’envoi est mal formé : un seul champ « file » est attendu, en entier. Recommencez depuis la page.",
                    "The upload is malformed: one field “file” is expected, complete. Try again from the page.",
                ),
            )
            .because(format!("{why:?}")),
            Self::Interrupted(cause) => Problem::new(
                bad,
                "body_cut_short",
                Text::new(
                    "L’envoi a été interrompu. Vérifiez votre connexion et recommencez.",
                    "The upload broke off. Check your connection and try again.",
                ),
            )
            .because(cause.clone()),
            Self::TooSlow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "upload_too_slow",
                Text::new(
                    "L’envoi a pris trop de temps. Essayez avec une meilleure connexion ou un fichier plus léger.",
                    "The upload took too long. Try a better connection or a smaller file.",
                ),
            ),
            Self::TooLarge => Problem::too_large(UPLOAD_MAX_FR, UPLOAD_MAX_EN),
            Self::NotPdf => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_a_pdf",
                Text::new("Ce fichier n’est pas un PDF. Choisissez un fichier PDF.", "This file is not a PDF. Choose a PDF file."),
            ),
            Self::Protected => Problem::new(
                unprocessable,
                "protected_pdf",
                Text::new(
                    "PDF protégé : enregistrez-en une copie sans mot de passe ni restriction, puis recommencez.",
                    "Protected PDF: save a copy without password or restrictions, then try again.",
                ),
            ),
            Self::Unreadable(cause) => Problem::new(
                unprocessable,
                "unreadable_pdf",
                Text::new(
                    "PDF illisible : le fichier est endommagé, incomplet ou protégé. Ouvrez-le, enregistrez-le à nouveau et recommencez.",
                    "Unreadable PDF: the file is damaged, incomplete or protected. Open it, save it again and try again.",
                ),
            )
            .because(cause.clone()),
            Self::TooManyPages(pages) => Problem::new(
                unprocessable,
                "too_many_pages",
                Text::owned(
                    format!("Ce PDF a {pages} pages ; {PAGES_MAX} au maximum. Envoyez-le en plusieurs parties."),
                    format!("This PDF has {pages} pages; {PAGES_MAX} at most. Send it in parts."),
                ),
            )
            .with("pages", *pages),
            Self::Blocked(reason) => Problem::new(
                unprocessable,
                "refused_by_model",
                Text::new(
                    "Le modèle refuse de transcrire ce document (filtre de contenu de Google). Essayez sans les pages en cause.",
                    "The model refuses to transcribe this document (Google’s content filter). Try without the pages in question.",
                ),
            )
            .because(reason.clone()),
            Self::Refused(cause) => Problem::new(
                StatusCode::BAD_GATEWAY,
                "upstream_refused",
                Text::new(
                    "Google refuse notre demande : la configuration du service est à revoir. Prévenez l’administrateur.",
                    "Google refuses our request: the service’s configuration needs attention. Tell the administrator.",
                ),
            )
            .because(cause.clone()),
            Self::Busy { retry_after_seconds, cause } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "upstream_busy",
                Text::new(
                    "Le service de transcription est saturé. Vos pages n’ont pas été décomptées ; réessayez plus tard.",
                    "The transcription service is overloaded. Your pages were not counted; try again later.",
                ),
            )
            .retry_after(*retry_after_seconds)
            .because(cause.clone()),
            Self::TimedOut => Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "upstream_timeout",
                Text::new(
                    "La transcription a pris trop de temps. Vos pages n’ont pas été décomptées ; réessayez avec moins de pages.",
                    "The transcription took too long. Your pages were not counted; try again with fewer pages.",
                ),
            ),
            Self::Upstream(cause) => Problem::new(
                StatusCode::BAD_GATEWAY,
                "upstream_failed",
                Text::new(
                    "Le service de transcription a mal répondu. Vos pages n’ont pas été décomptées ; réessayez dans un moment.",
                    "The transcription service gave no usable answer. Your pages were not counted; try again in a moment.",
                ),
            )
            .because(cause.clone()),
            // 499 is not a standard status; nobody sees this one.
            Self::Gone => Problem::new(bad, "client_gone", Text::new("Demande annulée.", "Request cancelled.")),
        }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Broken(cause) => Self::Interrupted(cause),
            BodyError::TooSlow => Self::TooSlow,
        }
    }
}

impl From<BadSetting> for Failure {
    fn from(bad: BadSetting) -> Self {
        Self::Refused(bad.0)
    }
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Upstream> for Failure {
    fn from(upstream: Upstream) -> Self {
        match upstream {
            Upstream::Refused(cause) | Upstream::ModelGone(cause) => Self::Refused(cause),
            Upstream::Document(cause) => Self::Unreadable(cause),
            Upstream::MinuteQuota(delay) => {
                let seconds = delay.map_or(u64::from(BUSY_SECONDS), |delay| delay.as_secs() + 1);
                Self::Busy {
                    retry_after_seconds: u32::try_from(seconds).unwrap_or(DAY_QUOTA_SECONDS),
                    cause: "requests per minute".to_owned(),
                }
            }
            Upstream::DayQuota => {
                Self::Busy { retry_after_seconds: DAY_QUOTA_SECONDS, cause: "requests per day".to_owned() }
            }
            Upstream::Overloaded(cause) => Self::Busy { retry_after_seconds: BUSY_SECONDS, cause },
            Upstream::TimedOut => Self::TimedOut,
            Upstream::Unreachable(cause) | Upstream::Cut(cause) | Upstream::Garbage(cause) => {
                Self::Upstream(cause)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;

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
        check(Failure::Malformed(Malformed::NoFile), 400, "no_file");
        check(Failure::Malformed(Malformed::Unfinished), 400, "malformed_upload");
        check(Failure::Malformed(Malformed::NotMultipart), 415, "not_multipart");
        check(Failure::Interrupted(text()), 400, "body_cut_short");
        check(Failure::TooSlow, 408, "upload_too_slow");
        check(Failure::TooLarge, 413, "payload_too_large");
        check(Failure::NotPdf, 415, "not_a_pdf");
        check(Failure::Protected, 422, "protected_pdf");
        check(Failure::Unreadable(text()), 422, "unreadable_pdf");
        check(Failure::TooManyPages(301), 422, "too_many_pages");
        check(Failure::Blocked(text()), 422, "refused_by_model");
        check(Failure::Refused(text()), 502, "upstream_refused");
        check(Failure::Busy { retry_after_seconds: 1, cause: text() }, 503, "upstream_busy");
        check(Failure::TimedOut, 504, "upstream_timeout");
        check(Failure::Upstream(text()), 502, "upstream_failed");
    }

    #[test]
    fn each_upstream_failure_becomes_one_of_ours() {
        let check = |upstream: Upstream, status: u16| {
            assert_eq!(Failure::from(upstream.clone()).problem().status().as_u16(), status, "{upstream:?}");
        };
        let text = String::new;
        check(Upstream::Refused(text()), 502);
        check(Upstream::Document(text()), 422);
        check(Upstream::ModelGone(text()), 502);
        check(Upstream::MinuteQuota(None), 503);
        check(Upstream::DayQuota, 503);
        check(Upstream::Overloaded(text()), 503);
        check(Upstream::Unreachable(text()), 502);
        check(Upstream::TimedOut, 504);
        check(Upstream::Cut(text()), 502);
        check(Upstream::Garbage(text()), 502);
    }
}
