//! What a conversion needs from outside: the bytes of the upload, the network, the clock, the quota, somebody to
//! tell. Two implementors each: the Spin edge, and the fakes of the tests.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use session::Denied;
pub use web::BodyError;
use web::outbound::SendError;

use crate::events::Event;
use crate::gemini::payload::Payload;

/// The bytes of the upload, in whatever pieces they come.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Body {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// See [`BodyError`].
    async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError>;
}

/// Lent, so that whoever owns the body can see to its rest.
impl<B: Body> Body for &mut B {
    async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        (**self).chunk().await
    }
}

/// A reply whose body is still arriving.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Answer {
    fn status(&self) -> StatusCode;
    fn headers(&self) -> &HeaderMap;
    /// The next piece of the body, waited for at most `limit`; `None` at the end.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, SendError>;
}

/// The user has left: nobody reads the events any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Edge {
    type Answer: Answer;
    /// Takes pages from the user's quota, all or none.
    ///
    /// # Errors
    /// See [`Denied`].
    async fn spend(&self, pages: u32) -> Result<(), Denied>;
    /// Gives pages back. A failure is the edge's to log: the user can do nothing about it.
    async fn refund(&self, pages: u32);
    /// Sends to Gemini and waits for the status line at most `limit`.
    ///
    /// # Errors
    /// See [`SendError`].
    async fn send(&self, request: Request<Payload>, limit: Duration) -> Result<Self::Answer, SendError>;
    /// Tells the user how far it is; does nothing where the reply is one piece.
    ///
    /// # Errors
    /// [`Gone`] when nobody listens any more.
    async fn tell(&self, event: Event) -> Result<(), Gone>;
    async fn sleep(&self, wait: Duration);
    /// Since some fixed moment.
    fn elapsed(&self) -> Duration;
    /// From 0 to 255, for spreading retries.
    fn jitter(&self) -> u8;
}
