//! Bindings generated from spin-sdk's WIT; see build.rs.

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

pub(crate) use spin::postgres::postgres;
pub(crate) use spin::variables::variables;
