//! The contract between auth and the tools (llm, ocr), in one place: paths, headers, JSON bodies, limits, error codes,
//! and the client that the tools use. Auth uses the types of [`wire`] only.
//!
//! | request | means | file |
//! |---|---|---|
//! | `GET /auth/verify` | which user does this session belong to? | [`client`] |
//! | `POST /auth/internal/reservations` | reserve an amount of the user's daily quota | [`wire::Reserve`] |
//! | `POST /auth/internal/reservations/lookup` | the stored response of an idempotency key | [`wire::Lookup`] |
//! | `POST /auth/internal/reservations/{id}/extend` | reserve more under the same id | [`wire::Extend`] |
//! | `POST /auth/internal/reservations/{id}/settle` | the outcome, once | [`wire::Settlement`] |
//!
//! Everything but the first needs the service key in `x-service-key`; the first three need the user's session too.
//! Access is denied unless auth confirms it: any reply that is not understood is a [`Denied`].
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::todo,
        clippy::dbg_macro
    )
)]

mod client;
mod denied;
mod idempotency;
mod interpret;
mod settlement;
mod user;
pub mod wire;

pub use client::AuthClient;
pub use denied::Denied;
pub use idempotency::IdempotencyKey;
pub use interpret::Refund;
pub use settlement::{NotRefunded, Reason, Settlement};
pub use user::User;
pub use wire::{Quota, Replayed, Reservation, ReservationId, Reserved, Service};
