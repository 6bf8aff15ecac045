//! The use case with fakes: what happens, each failure, and that nothing is kept or charged that should not be.

mod convert;
pub(crate) mod fakes;
mod handle;
mod stored_file;
