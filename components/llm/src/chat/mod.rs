//! An OpenAI-compatible chat API (`/v1/chat/completions`), as Ollama, llama.cpp, vLLM, Mistral and OpenAI serve it
//! ([why](../../../docs/adr/0031-a-second-provider.md)). [`ChatApi::request`] builds the request, [`event::interpret`] and
//! [`refusal`] interpret what comes back; [`ask()`] calls it and passes the text on while it arrives.

mod ask;
pub mod event;
mod limits;
mod refusal;
mod request;
mod thoughts;

pub(crate) use ask::{Call, ask};
pub use limits::TOTAL_MAX;
pub use refusal::refusal;
pub use request::ChatApi;
pub use thoughts::Thoughts;
