//! The upload: from the bytes of a request body to those of a PDF or of pictures that may be sent on. Knows no Gemini.

pub mod disposition;
pub mod error;
pub mod filename;
pub mod multipart;
pub mod reader;

pub use error::UploadError;
pub use filename::FileName;
pub use multipart::Malformed;
pub use reader::{Form, UPLOAD_BYTES_MAX, Upload, UploadReader, UploadedFile};
