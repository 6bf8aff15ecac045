//! Make.com, an OpenAI-compatible chat API and Google Gemini as small real servers on loopback.
//!
//! `cargo xtask up` starts them where no key is set, and the tests script their faults. Every reply carries
//! [`SIMULATED`]. They keep the statuses, headers, bodies and stream shapes of the real services, as far as
//! Atelier's components depend on them.
//!
//! ```
//! use mocks::{MakeMock, make};
//!
//! let make = MakeMock::start()?;
//! make.next(make::Fault::QueueFull);
//! assert!(make.webhook_url().starts_with(&make.origin()));
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
pub mod gemini;
pub mod make;
mod mock;
pub mod openai;
mod request_log;
pub mod sample;
mod script;
mod server;
mod text_layer;
pub mod wire;

pub use answer::SIMULATED;
pub use gemini::GeminiMock;
pub use make::MakeMock;
pub use mock::Mock;
pub use openai::OpenAiMock;
pub use request_log::Recorded;
