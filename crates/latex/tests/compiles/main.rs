//! What is delivered compiles, by a real TeX: clean answers as they came, and defective ones after their repair.

mod answers;
mod characters;
mod clean;
mod closing;
mod corpus;
mod packages;
mod repairs;
mod tex;
