//! ocr
#![allow(dead_code, reason = "being built")]
mod gemini;
mod pdf;
mod upload;
