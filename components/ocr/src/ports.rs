//! What a conversion needs from outside, as one port. Two implementors: [`LivePorts`] over the network and the clock
//! of the edge, and the fake of the tests.

use std::time::Duration;

use auth_api::{AuthClient, Denied, Quota, Refund, Reservation, ReservationId, Settlement};
use bytes::Bytes;
use http::{HeaderMap, Request};
use web::Clock;
use web::outbound::{Limits, Outbound, SendError, StreamingOutbound, StreamingResponse, collect};
use web::stream::{ChunkSender, ClientDisconnected};

use crate::app::AppContext;
use crate::events::Event;
use crate::gemini::error::UpstreamError;
use crate::gemini::payload::Payload;

/// A connection to Gemini must be established within this.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Between two chunks of an answer.
pub const BETWEEN_BYTES_TIME: Duration = Duration::from_secs(30);
/// A response that is read whole, in bytes.
const WHOLE_BYTES_MAX: usize = 256 * 1024;

#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait ConversionPorts: Clock {
    type Response: StreamingResponse;
    /// Reserves pages of the user's quota, all or none.
    ///
    /// # Errors
    /// See [`Denied`].
    async fn reserve(&self, pages: u32) -> Result<ReservationId, Denied>;
    /// Reserves more pages under the same id, all or none.
    ///
    /// # Errors
    /// See [`Denied`].
    async fn extend(&self, id: &ReservationId, pages: u32) -> Result<Quota, Denied>;
    /// Reports the outcome of a reservation.
    ///
    /// # Errors
    /// See [`Denied`]; for the log.
    async fn settle(&self, id: &ReservationId, settlement: &Settlement) -> Result<Refund, Denied>;
    /// Sends to Gemini and waits for the head of the response, at most `limit`.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn send(&self, request: Request<Payload>, limit: Duration) -> Result<Self::Response, SendError>;
    /// Sends an event to the client; does nothing where the reply is whole.
    ///
    /// # Errors
    /// [`ClientDisconnected`].
    async fn emit(&self, event: Event) -> Result<(), ClientDisconnected>;
    /// From 0 to 255; spreads retries.
    fn jitter(&self) -> u8;
}

/// The ports of one request.
pub(crate) struct LivePorts<'a, N, C> {
    pub(crate) app: &'a AppContext<N, C>,
    /// Of the request: they carry the user's session.
    pub(crate) headers: &'a HeaderMap,
    /// Where the reply is a stream.
    pub(crate) events: Option<&'a ChunkSender>,
}

impl<N, C> LivePorts<'_, N, C> {
    const fn auth(&self) -> &AuthClient<N> {
        &self.app.auth
    }
}

impl<N, C: Clock> Clock for LivePorts<'_, N, C> {
    fn elapsed(&self) -> Duration {
        self.app.ports.clock.elapsed()
    }

    async fn sleep(&self, wait: Duration) {
        self.app.ports.clock.sleep(wait).await;
    }

    async fn give_way(&self, computed: Duration) {
        self.app.ports.clock.give_way(computed).await;
    }
}

impl<N: Outbound + StreamingOutbound, C: Clock> ConversionPorts for LivePorts<'_, N, C> {
    type Response = N::Response;

    async fn reserve(&self, pages: u32) -> Result<ReservationId, Denied> {
        match self.auth().reserve(self.headers, pages, None).await? {
            Reservation::Reserved(reserved) => Ok(reserved.reservation_id),
            Reservation::Replayed(_) => {
                Err(Denied::Unavailable("auth replayed a request without an idempotency key".to_owned()))
            }
        }
    }

    async fn extend(&self, id: &ReservationId, pages: u32) -> Result<Quota, Denied> {
        self.auth().extend(self.headers, id, pages).await
    }

    async fn settle(&self, id: &ReservationId, settlement: &Settlement) -> Result<Refund, Denied> {
        self.auth().settle(self.headers, id, settlement).await
    }

    async fn send(&self, request: Request<Payload>, limit: Duration) -> Result<N::Response, SendError> {
        let limits = Limits {
            connect: CONNECT_TIME,
            first_byte: limit,
            between_bytes: BETWEEN_BYTES_TIME,
            total: limit,
            reply_bytes_max: 0,
        };
        self.app.ports.network.send_streaming(request, limits).await
    }

    async fn emit(&self, event: Event) -> Result<(), ClientDisconnected> {
        match self.events {
            Some(events) => events.send(event.encode()).await,
            None => Ok(()),
        }
    }

    fn jitter(&self) -> u8 {
        self.app.jitter
    }
}

/// The whole body of a short response: an error, or an answer of the Files API.
///
/// # Errors
/// See [`UpstreamError`]; more than [`WHOLE_BYTES_MAX`] is [`UpstreamError::InvalidAnswer`].
pub(crate) async fn whole(response: &mut impl StreamingResponse) -> Result<Bytes, UpstreamError> {
    Ok(collect(async || response.chunk(BETWEEN_BYTES_TIME).await, WHOLE_BYTES_MAX).await?)
}
