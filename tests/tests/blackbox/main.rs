//! Atelier from outside: the built `.wasm` under a runtime, PostgreSQL, the stand-ins, and HTTP.
//!
//! One file per story. A file shares one application where its tests do not disturb each other.

mod rig;
