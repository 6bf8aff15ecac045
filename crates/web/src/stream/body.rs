//! The body of a streamed reply, and the sender of its chunks.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    time::Duration,
};

use bytes::Bytes;
use futures_channel::mpsc::{Receiver, Sender, channel};
use futures_util::{Stream, StreamExt as _, stream::unfold};

use crate::{Clock, log::Outcome, within};

/// Chunks that wait for a slow client; the work waits for room.
pub(super) const CHUNKS_WAITING: usize = 16;

/// How often waiting work looks whether its client is still there.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The client has disconnected: nothing that is sent arrives any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientDisconnected;

/// Sends the chunks of a body, one after the other.
#[derive(Debug)]
pub struct ChunkSender {
    // One sender for all chunks: the channel gives each clone of it a place of its own.
    sender: RefCell<Sender<Bytes>>,
    has_sent: Cell<bool>,
}

impl ChunkSender {
    pub(super) fn new() -> (Self, Receiver<Bytes>) {
        let (sender, receiver) = channel(CHUNKS_WAITING);
        (Self { sender: RefCell::new(sender), has_sent: Cell::new(false) }, receiver)
    }

    pub(super) const fn has_sent(&self) -> bool {
        self.has_sent.get()
    }

    /// The result of work that may wait for long, such as for an upstream. A client that disconnects meanwhile ends it:
    /// within a second of the moment at which the host notices, for which something must be sent ([`KeepAlive`]).
    ///
    /// # Errors
    /// [`ClientDisconnected`]; the work is dropped.
    pub async fn while_connected<T>(
        &self,
        clock: &impl Clock,
        work: impl Future<Output = T>,
    ) -> Result<T, ClientDisconnected> {
        let mut work = pin!(work);
        loop {
            match within(clock, LOOK_EVERY, work.as_mut()).await {
                Some(result) => return Ok(result),
                None if self.sender.borrow().is_closed() => return Err(ClientDisconnected),
                None => {}
            }
        }
    }

    /// Sends one chunk, as soon as there is room.
    ///
    /// # Errors
    /// [`ClientDisconnected`].
    pub async fn send(&self, chunk: Bytes) -> Result<(), ClientDisconnected> {
        self.has_sent.set(true);
        let room = poll_fn(|context| self.sender.borrow_mut().poll_ready(context)).await;
        room.and_then(|()| self.sender.borrow_mut().start_send(chunk)).map_err(|_| ClientDisconnected)
    }
}

/// What is sent while the work is silent, so that no proxy closes the connection and a client that has disconnected is
/// noticed.
#[derive(Debug, Clone, Copy)]
pub struct KeepAlive {
    pub every: Duration,
    pub chunk: &'static [u8],
}

/// A body that is being made: see [`super::reply()`].
pub struct StreamedBody {
    pub(super) first: Bytes,
    pub(super) chunks: Receiver<Bytes>,
    pub(super) keep_alive: KeepAlive,
    pub(super) work: Work,
}

pub(super) type Work = Pin<Box<dyn Future<Output = Outcome>>>;

impl StreamedBody {
    /// The body's chunks, and the work that makes them. Both must be polled, and the work also after the chunks were
    /// dropped.
    pub fn start<C: Clock>(self, clock: C) -> (impl Stream<Item = Bytes>, Work) {
        let Self { first, chunks, keep_alive, work } = self;
        let chunks = unfold((Some(first), chunks, clock), move |(first, mut chunks, clock)| async move {
            let next = match first {
                Some(first) => Some(first),
                None => match within(&clock, keep_alive.every, chunks.next()).await {
                    Some(next) => next,
                    None => Some(Bytes::from_static(keep_alive.chunk)),
                },
            };
            Some((next?, (None, chunks, clock)))
        });
        (chunks, work)
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StreamedBody").finish_non_exhaustive()
    }
}
