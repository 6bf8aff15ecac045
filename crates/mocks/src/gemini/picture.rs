//! Pictures in a request: the types that Gemini documents, and whether the bytes are what their type says.

use super::api_error::ApiError;

/// What one takes at the default resolution, and at the medium one.
pub(super) const TOKENS: usize = 1120;
pub(super) const TOKENS_MEDIUM: usize = 560;

pub(super) fn is_picture(mime_type: &str) -> bool {
    matches!(mime_type, "image/png" | "image/jpeg" | "image/webp" | "image/heic" | "image/heif")
}

/// The text of a page that is a picture: the mock cannot read it, but says which one it was sent.
pub(super) fn text(mime_type: &str, bytes: &[u8]) -> Result<String, ApiError> {
    let matches = matches!(
        (mime_type, bytes),
        ("image/png", [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..])
            | ("image/jpeg", [0xff, 0xd8, 0xff, ..])
            | ("image/webp", [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..])
            | ("image/heic" | "image/heif", [_, _, _, _, b'f', b't', b'y', b'p', ..])
    );
    if !matches {
        return Err(ApiError::invalid("Unable to process input image. Please retry or report."));
    }
    let length = bytes.len();
    Ok(format!(
        "Photo de type {mime_type}, {length} octets. La doublure locale ne lit pas les images ; le vrai service la \
         transcrirait."
    ))
}
