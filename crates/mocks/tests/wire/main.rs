//! The mocks over HTTP: each row of what the real services answer, seen by a client.

mod binary;
mod gemini;
mod make;
mod openai;
