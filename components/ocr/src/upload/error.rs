//! Why an upload is refused before it reaches a model.

use web::BodyError;

use super::Malformed;

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
