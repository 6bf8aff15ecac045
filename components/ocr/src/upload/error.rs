//! Why an upload is refused before it reaches a model, and what the user reads.

use http::StatusCode;
use web::{BodyError, Problem, Text, verbatim};

use super::{FileName, Malformed};
use crate::pdf::PAGES_MAX;
use crate::picture::PICTURES_MAX;

/// The limit of one upload, as the user reads it.
pub const UPLOAD_MAX_FR: &str = "50 Mo";
pub const UPLOAD_MAX_EN: &str = "50 MB";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// Not a `multipart/form-data` body with `file`s.
    Malformed(Malformed),
    /// The upload broke off; the cause, for the log.
    Interrupted(String),
    TooSlow,
    TooLarge,
    /// Neither a PDF nor a picture.
    NotUsable(FileName),
    /// This PDF came with other files.
    PdfNotAlone(FileName),
    TooManyPictures,
    /// The picture is damaged, cut or animated; the cause, for the log.
    BrokenPicture {
        name: FileName,
        cause: &'static str,
    },
    /// The PDF is encrypted.
    Protected,
    /// The PDF is damaged; the cause, for the log.
    Unreadable(&'static str),
    TooManyPages(u32),
    /// Not like `2-4, 7`.
    PageRange,
    PageRangeOfPictures,
    /// The PDF has fewer pages than are named: only so many.
    PageRangeBeyond(u32),
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
            Self::NotUsable(name) => about(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_a_pdf",
                name,
                "n’est ni un PDF ni une photo JPEG, PNG, WebP ou HEIC. Choisissez un autre fichier.",
                "is neither a PDF nor a JPEG, PNG, WebP or HEIC photo. Choose another file.",
            ),
            Self::PdfNotAlone(name) => about(
                StatusCode::UNPROCESSABLE_ENTITY,
                "pdf_not_alone",
                name,
                "est un PDF et doit être converti seul, sans autre fichier.",
                "is a PDF and has to be converted alone, without any other file.",
            ),
            Self::TooManyPictures => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many_pictures",
                Text::owned(
                    format!(
                        "Il y a trop de photos : {PICTURES_MAX} au maximum. Envoyez-les en plusieurs fois."
                    ),
                    format!(
                        "There are too many photos: the limit is {PICTURES_MAX}. Send them in several parts."
                    ),
                ),
            ),
            Self::BrokenPicture { name, cause } => about(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unreadable_pdf",
                name,
                "est illisible : l’image est endommagée, incomplète ou animée. Choisissez une autre photo.",
                "cannot be read: the picture is damaged, incomplete or animated. Choose another photo.",
            )
            .because(*cause),
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
            Self::PageRange => page_range(Text::new(
                "Les pages à convertir s’écrivent comme « 2-4, 7 ». Corrigez-les, ou laissez le champ vide pour tout convertir.",
                "Write the pages to convert like “2-4, 7”. Correct them, or leave the field empty to convert all.",
            )),
            Self::PageRangeOfPictures => page_range(Text::new(
                "Le choix des pages vaut pour un PDF. Pour des photos, n’envoyez que celles à convertir.",
                "Pages can be chosen in a PDF. Of photos, send only those to convert.",
            )),
            Self::PageRangeBeyond(pages) => page_range(Text::owned(
                format!("Ce PDF s’arrête à la page {pages} : choisissez d’autres pages."),
                format!("This PDF ends at page {pages}: choose other pages."),
            )),
        }
    }
}

fn page_range(text: Text) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "page_range", text)
}

/// What is wrong with the file of this name.
fn about(
    status: StatusCode,
    code: &'static str,
    name: &FileName,
    french: &'static str,
    english: &'static str,
) -> Problem {
    let name = verbatim(name.as_str());
    let text = Text::owned(format!("« {name} » {french}"), format!("“{name}” {english}"));
    Problem::new(status, code, text)
}

fn malformed(why: Malformed) -> Problem {
    match why {
        Malformed::NoFile => Problem::new(
            StatusCode::BAD_REQUEST,
            "no_file",
            Text::new(
                "Aucun fichier sélectionné. Choisissez un PDF ou des photos, puis recommencez.",
                "No file selected. Choose a PDF or photos, then try again.",
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

/// Also for what the model cannot open.
pub(crate) fn unreadable(cause: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unreadable_pdf",
        Text::new(
            "Ce document est illisible : il est endommagé, incomplet ou protégé. Ouvrez-le, enregistrez-le de nouveau, puis recommencez.",
            "This document cannot be read: it is damaged, incomplete or protected. Open it, save it again, then try again.",
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
