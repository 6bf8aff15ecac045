//! Why an upload is refused before it reaches a model, and what the user reads.

use http::StatusCode;
use web::{BodyError, Problem, Text};

use super::Malformed;
use crate::pdf::PAGES_MAX;

/// The limit of one upload, as the user reads it.
pub const UPLOAD_MAX_FR: &str = "50 Mo";
pub const UPLOAD_MAX_EN: &str = "50 MB";

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
                    "L’envoi a été interrompu. Vérifiez votre connexion, puis recommencez.",
                    "The upload was interrupted. Check your connection, then try again.",
                ),
            )
            .because(cause.clone()),
            Self::TooSlow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "upload_too_slow",
                Text::new(
                    "L’envoi a pris trop de temps. Essayez avec une meilleure connexion ou un fichier plus léger.",
                    "The upload took too long. Try with a better connection or a smaller file.",
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
                    "Ce PDF est protégé. Enregistrez-en une copie sans mot de passe ni restriction, puis recommencez.",
                    "This PDF is protected. Save a copy without password or restrictions, then try again.",
                ),
            ),
            Self::Unreadable(cause) => unreadable(cause),
            Self::TooManyPages(pages) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many_pages",
                Text::owned(
                    format!("Ce PDF a {pages} pages, {PAGES_MAX} au maximum. Envoyez-le en plusieurs fois."),
                    format!(
                        "This PDF has {pages} pages; the limit is {PAGES_MAX}. Send it in several parts."
                    ),
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
                "Aucun fichier sélectionné. Choisissez un PDF, puis recommencez.",
                "No file selected. Choose a PDF, then try again.",
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
                "Le fichier est arrivé incomplet ou mal formé. Recommencez depuis la page.",
                "The file arrived incomplete or malformed. Try again from the page.",
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
            "Ce PDF est illisible : il est endommagé, incomplet ou protégé. Ouvrez-le, enregistrez-le de nouveau, puis recommencez.",
            "This PDF cannot be read: it is damaged, incomplete or protected. Open it, save it again, then try again.",
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
