//! The upload: from the bytes of a request body to a PDF that may be sent on.

mod disposition;
mod filename;
mod multipart;

pub use filename::FileName;
pub use multipart::{BOUNDARY_BYTES_MAX, Malformed, PART_HEADER_BYTES_MAX};
pub(crate) use multipart::{Event, Scanner};
