//! Why an upload is refused before it reaches a model, and what the user reads.

use http::StatusCode;
use web::{BodyError, Problem, Text};

use super::Malformed;
use crate::pdf::PAGES_MAX;

/// The limit of one upload, as the user reads it.
pub const UPLOAD_MAX_FR: &str = "50\u{a0}Mo";
pub const UPLOAD_MAX_EN: &str = "50\u{a0}MB";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// Not a `multipart/form-data` body with one `file`.
    Malformed(Malformed),
    /// The upload broke off; the cause, for the log.
    Interrupted(String),
    TooSlow,
    TooLarge,
    NotPdf,
    /// The PDF is encrypted.
    Protected,
    /// The PDF is damaged; the cause, for the log.
    Unreadable(&'static str),
    TooManyPages(u32),
}

impl UploadError {
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Malformed(why) => malformed(*why),
            Self::Interrupted(cause) => Problem::new(
                StatusCode::BAD_REQUEST,
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
                Text::new(
                    "Ce fichier n’est pas un PDF. Choisissez un fichier PDF.",
                    "This file is not a PDF. Choose a PDF file.",
                ),
            ),
            Self::Protected => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "protected_pdf",
                Text::new(
                    "PDF protégé : enregistrez-en une copie sans mot de passe ni restriction, puis recommencez.",
                    "Protected PDF: save a copy without password or restrictions, then try again.",
                ),
            ),
            Self::Unreadable(cause) => unreadable(cause),
            Self::TooManyPages(pages) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many_pages",
                Text::owned(
                    format!(
                        "Ce PDF a {pages} pages ; {PAGES_MAX} au maximum. Envoyez-le en plusieurs parties."
                    ),
                    format!("This PDF has {pages} pages; {PAGES_MAX} at most. Send it in parts."),
                ),
            )
            .with("pages", *pages),
        }
    }
}

fn malformed(why: Malformed) -> Problem {
    match why {
        Malformed::NoFile => Problem::new(
            StatusCode::BAD_REQUEST,
            "no_file",
            Text::new(
                "Aucun fichier sélectionné. Choisissez un PDF et recommencez.",
                "No file selected. Choose a PDF and try again.",
            ),
        ),
        Malformed::NotMultipart => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_multipart",
            Text::new(
                "L’envoi doit être un formulaire multipart/form-data avec un champ « file ».",
                "The upload must be a multipart/form-data form with a field “file”.",
            ),
        ),
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            "malformed_upload",
            Text::new(
                "L’envoi est mal formé : un seul champ « file » est attendu, en entier. Recommencez depuis la page.",
                "The upload is malformed: one field “file” is expected, complete. Try again from the page.",
            ),
        )
        .because(format!("{why:?}")),
    }
}

/// Also for a PDF that the model cannot open.
pub(crate) fn unreadable(cause: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unreadable_pdf",
        Text::new(
            "PDF illisible : le fichier est endommagé, incomplet ou protégé. Ouvrez-le, enregistrez-le à nouveau et recommencez.",
            "Unreadable PDF: the file is damaged, incomplete or protected. Open it, save it again and try again.",
        ),
    )
    .because(cause)
}

impl From<Malformed> for UploadError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<BodyError> for UploadError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Broken(cause) => Self::Interrupted(cause),
            BodyError::TooSlow => Self::TooSlow,
        }
    }
}
