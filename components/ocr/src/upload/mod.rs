//! The upload: from the bytes of a request body to a PDF that may be sent on.

pub mod disposition;
pub mod filename;
pub mod multipart;
pub mod receive;

pub use filename::FileName;
pub use multipart::{Event, Malformed, Scanner};
pub use receive::{Received, UPLOAD_BYTES_MAX, Upload, WINDOW_BYTES, receive};
