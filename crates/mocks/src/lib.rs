//! Make.com and Google Gemini as small real servers on loopback.
//!
//! `cargo xtask up` starts them where no key is set, and the tests script their faults. Every reply
//! carries [`SIMULATED`]. They keep the statuses, headers, bodies and stream shapes of the real
//! services; they know nothing of Atelier's components.
//!
//! ```
//! use mocks::{make, MakeMock};
//!
//! let make = MakeMock::start()?;
//! make.next(make::Fault::QueueFull);
//! assert!(make.webhook_url().starts_with(&make.origin()));
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
pub mod gemini;
mod latex;
pub mod make;
mod pdf;
mod record;
mod repair;
pub mod sample;
mod script;
mod server;
pub mod wire;

pub use answer::SIMULATED;
pub use gemini::GeminiMock;
pub use make::MakeMock;
pub use pdf::PAGES_MAX;
pub use record::{BODY_KEPT_BYTES, Recorded, hex_sha256};
pub use server::REQUEST_BYTES_MAX;
