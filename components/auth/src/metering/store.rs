//! The port of metering. Every verb is atomic.

use std::fmt;

use auth_api::{
    ReservationId, Settlement,
    wire::{Extend, Lookup, Reserve},
};
use web::UnixTime;

use crate::{metering::quota::Limits, store_error::StoreError, user::UserId};

/// A reservation to be made.
pub struct NewReservation<'a> {
    pub id: ReservationId,
    pub user: &'a UserId,
    pub request: &'a Reserve,
    /// The daily limits of the service.
    pub limits: Limits,
}

/// The result of [`MeteringStore::reserve`]. `spent` is the user's sum of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReserveOutcome {
    Reserved {
        spent: i64,
    },
    Earlier(EarlierRequest),
    CircuitOpen {
        retry_after_seconds: u32,
    },
    QuotaExhausted {
        spent: i64,
    },
    /// All users together have reached the ceiling of the day.
    CeilingReached,
}

/// An earlier request with the same idempotency key.
#[derive(Clone, PartialEq, Eq)]
pub enum EarlierRequest {
    /// It has no outcome yet.
    InProgress,
    /// It asked for something else.
    Different,
    /// It was served.
    Delivered { response: String, spent: i64 },
}

/// Without the response, which is personal.
impl fmt::Debug for EarlierRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProgress => f.write_str("InProgress"),
            Self::Different => f.write_str("Different"),
            Self::Delivered { spent, .. } => {
                f.debug_struct("Delivered").field("spent", spent).finish_non_exhaustive()
            }
        }
    }
}

/// The result of [`MeteringStore::extend`]. `spent` is the user's sum of the reservation's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendOutcome {
    Extended { spent: i64 },
    QuotaExhausted { spent: i64 },
    CeilingReached,
    Unknown,
}

/// The result of [`MeteringStore::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleOutcome {
    /// Charged or given back as the settlement says.
    Settled,
    /// Nothing was delivered and nothing was given back: the user has had the [`REFUNDS_PER_DAY`].
    ///
    /// [`REFUNDS_PER_DAY`]: crate::metering::quota::REFUNDS_PER_DAY
    NotRefunded,
    /// Unknown, expired or already settled; nothing changed.
    Unknown,
}

/// What a user spent in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    pub llm: i64,
    pub ocr: i64,
}

/// Reservations, daily quotas and circuit breakers.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait MeteringStore {
    /// Adds the amount to what the user spent and creates the reservation, unless an earlier request has the key, the
    /// circuit is open, or a limit would be exceeded.
    async fn reserve(&self, new: &NewReservation<'_>, now: UnixTime) -> Result<ReserveOutcome, StoreError>;
    /// The earlier request with this key.
    async fn lookup(
        &self,
        user: &UserId,
        lookup: &Lookup,
        now: UnixTime,
    ) -> Result<Option<EarlierRequest>, StoreError>;
    /// Adds to a reservation of the service and to the spending of its day, unless that exceeds a limit.
    async fn extend(
        &self,
        id: &ReservationId,
        extend: Extend,
        limits: Limits,
        now: UnixTime,
    ) -> Result<ExtendOutcome, StoreError>;
    /// Stores the response or frees the key, gives the amount back when nothing was delivered, and reports to the
    /// circuit breaker.
    async fn settle(
        &self,
        id: &ReservationId,
        settlement: &Settlement,
        now: UnixTime,
    ) -> Result<SettleOutcome, StoreError>;
    /// Deletes expired reservations with their responses.
    async fn purge_reservations(&self, now: UnixTime) -> Result<(), StoreError>;
}
