//! The use case with fakes: what happens, each failure, and that nothing is kept or charged that should not be.

mod convert;
mod fakes;
mod open;
mod storage;
