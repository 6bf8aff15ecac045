//! Bindings generated from spin-sdk's WIT; see build.rs.

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

pub use spin::postgres::postgres;
pub use spin::variables::variables;
