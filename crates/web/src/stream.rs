//! Replies whose body is sent while it is made.
//!
//! The work that makes the chunks runs beside the reply and is never cut off: when the client disconnects, sending a
//! chunk fails, and the work ends in its own way (gives a quota back, deletes what it stored). How it ended is known
//! only then, so the edge writes the request's log line at the end of the work, and not with the head of the reply.

use std::{
    cell::Cell,
    fmt,
    future::{Future, poll_fn, ready},
    pin::Pin,
    time::Duration,
};

use bytes::Bytes;
use futures_channel::mpsc::{Receiver, Sender, channel};
use futures_util::{
    FutureExt as _, Stream, StreamExt as _,
    future::{Either, select},
    lock::Mutex,
    stream::unfold,
};

use crate::{Clock, Outcome, Reply, ReplyBody, within};

/// Chunks that wait for a slow client; the work waits for room.
const CHUNKS_WAITING: usize = 16;

/// The client has gone: nothing that is sent arrives any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientDisconnected;

/// Sends the chunks of a body.
#[derive(Debug)]
pub struct ChunkSender {
    // One sender for all chunks: each clone of it would be granted a place of its own in the channel.
    sender: Mutex<Sender<Bytes>>,
    sent: Cell<bool>,
}

impl ChunkSender {
    /// Sends one chunk, as soon as there is room.
    ///
    /// # Errors
    /// [`ClientDisconnected`].
    pub async fn send(&self, chunk: Bytes) -> Result<(), ClientDisconnected> {
        self.sent.set(true);
        let mut sender = self.sender.lock().await;
        poll_fn(|context| sender.poll_ready(context)).await.map_err(|_| ClientDisconnected)?;
        sender.start_send(chunk).map_err(|_| ClientDisconnected)
    }
}

/// How the work behind a stream ended.
#[derive(Debug)]
pub enum Ending {
    /// Well, with this last chunk.
    Done(Bytes),
    /// Not well. Before the first chunk `reply` is the whole answer, with its status; after it the status has been
    /// sent, `last` ends the stream, and `reply` says in the log what became of the request.
    Failed { reply: Box<Reply>, last: Bytes },
}

/// What is sent while the work is silent, so that no proxy takes the connection for dead and a client that has gone
/// is noticed.
#[derive(Debug, Clone, Copy)]
pub struct KeepAlive {
    pub every: Duration,
    pub chunk: &'static [u8],
}

/// A body that is being made: see [`StreamedBody::start`].
pub struct StreamedBody {
    first: Bytes,
    chunks: Receiver<Bytes>,
    keep_alive: KeepAlive,
    work: Work,
}

/// `Err` when the work failed before its first chunk: then this is the whole reply.
type Work = Pin<Box<dyn Future<Output = Result<Outcome, Reply>>>>;

impl StreamedBody {
    /// The body's chunks, and the work that makes them. The two must be polled side by side, and the work also after
    /// the chunks were dropped.
    pub fn start<C: Clock>(self, clock: C) -> (impl Stream<Item = Bytes>, impl Future<Output = Outcome>) {
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
        (chunks, work.map(|ended| ended.unwrap_or_else(|reply| reply.outcome())))
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StreamedBody").finish_non_exhaustive()
    }
}

/// Runs `work` until its first chunk, which decides what the reply is: `head` with a streamed body, or, when the work
/// failed before it had sent anything, the reply of that failure.
pub async fn reply<W>(head: Reply, keep_alive: KeepAlive, work: W) -> Reply
where
    W: AsyncFnOnce(&ChunkSender) -> Ending + 'static,
{
    let (sender, mut chunks) = channel(CHUNKS_WAITING);
    let sender = ChunkSender { sender: Mutex::new(sender), sent: Cell::new(false) };
    let done = Outcome { status: head.status, cause: None, user: head.user.clone() };
    let work: Work = Box::pin(async move {
        match work(&sender).await {
            Ending::Done(last) => {
                let cause = sender.send(last).await.err().map(|_| "client disconnected".to_owned());
                Ok(Outcome { cause, ..done })
            }
            Ending::Failed { reply, .. } if !sender.sent.get() => Err(*reply),
            Ending::Failed { reply, last } => {
                // The outcome is the failure, whether or not the client still reads of it.
                let _ = sender.send(last).await;
                Ok(reply.outcome())
            }
        }
    });
    let (first, work) = match select(work, chunks.next()).await {
        // The channel is open as long as the work runs.
        Either::Right((first, work)) => (first.unwrap_or_default(), work),
        Either::Left((Ok(outcome), first)) => {
            (first.await.unwrap_or_default(), Box::pin(ready(Ok(outcome))) as Work)
        }
        Either::Left((Err(reply), _)) => return reply,
    };
    Reply { body: ReplyBody::Stream(StreamedBody { first, chunks, keep_alive, work }), ..head }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use http::StatusCode;

    use super::*;
    use crate::testing::{FakeClock, run};

    const KEEP_ALIVE: KeepAlive = KeepAlive { every: Duration::from_secs(10), chunk: b"~" };

    /// No time passes, so nothing is sent but what the work sends.
    struct StoppedClock;

    impl Clock for StoppedClock {
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }

        async fn sleep(&self, _: Duration) {
            std::future::pending::<()>().await;
        }
    }

    fn head() -> Reply {
        Reply::new(StatusCode::OK, "text/event-stream", Bytes::new())
    }

    fn failed(last: &'static str) -> Ending {
        let reply = Reply::new(StatusCode::BAD_GATEWAY, "text/plain", "whole").because("upstream");
        Ending::Failed { reply: Box::new(reply), last: last.into() }
    }

    fn started(reply: Reply) -> (impl Stream<Item = Bytes>, impl Future<Output = Outcome>) {
        match reply.body {
            ReplyBody::Stream(body) => body.start(StoppedClock),
            ReplyBody::Whole(bytes) => panic!("a whole reply: {bytes:?}"),
        }
    }

    /// The body as the client reads it, and what the log says of it.
    fn read(reply: Reply) -> (String, Outcome) {
        let (chunks, work) = started(reply);
        let (chunks, outcome) = run(join(chunks.collect::<Vec<_>>(), work));
        (String::from_utf8(chunks.concat()).unwrap(), outcome)
    }

    #[test]
    fn chunks_are_sent_in_order_and_the_outcome_is_known_at_the_end() {
        let reply = run(reply(head(), KEEP_ALIVE, async |chunks: &ChunkSender| {
            for number in 0..100 {
                chunks.send(format!("{number} ").into()).await.unwrap();
            }
            Ending::Done("end".into())
        }));
        let (body, outcome) = read(reply);
        assert!(body.starts_with("0 1 2 ") && body.ends_with(" 98 99 end"), "{body}");
        assert_eq!(outcome, Outcome { status: StatusCode::OK, cause: None, user: None });
    }

    #[test]
    fn a_failure_before_the_first_chunk_is_a_whole_reply_with_its_status() {
        let reply = run(reply(head(), KEEP_ALIVE, async |_: &ChunkSender| failed("last")));
        assert_eq!(reply.status, StatusCode::BAD_GATEWAY);
        assert_eq!(reply.body.whole().unwrap(), "whole");
    }

    #[test]
    fn a_failure_after_the_first_chunk_ends_the_stream_and_is_the_outcome_in_the_log() {
        let reply = run(reply(head(), KEEP_ALIVE, async |chunks: &ChunkSender| {
            chunks.send("first ".into()).await.unwrap();
            failed("last")
        }));
        assert_eq!(reply.status, StatusCode::OK);
        let (body, outcome) = read(reply);
        assert_eq!(body, "first last");
        assert_eq!((outcome.status, outcome.cause.as_deref()), (StatusCode::BAD_GATEWAY, Some("upstream")));
    }

    #[test]
    fn work_that_ends_well_without_a_chunk_of_its_own_is_a_stream_of_the_last() {
        let reply = run(reply(head(), KEEP_ALIVE, async |_: &ChunkSender| Ending::Done("last".into())));
        assert_eq!(read(reply).0, "last");
    }

    #[test]
    fn silence_is_filled_at_the_given_pace() {
        let reply = run(reply(head(), KEEP_ALIVE, async |chunks: &ChunkSender| {
            chunks.send("first".into()).await.unwrap();
            std::future::pending().await
        }));
        let ReplyBody::Stream(body) = reply.body else { panic!("not a stream") };
        let clock = FakeClock::default();
        let (chunks, _work) = body.start(clock.clone());
        assert_eq!(run(chunks.take(4).collect::<Vec<_>>()), ["first", "~", "~", "~"]);
        assert_eq!(clock.elapsed(), Duration::from_secs(30));
    }

    #[test]
    fn a_slow_client_makes_the_work_wait() {
        let sent = std::rc::Rc::new(Cell::new(0));
        let count = sent.clone();
        let reply = run(reply(head(), KEEP_ALIVE, async move |chunks: &ChunkSender| {
            loop {
                chunks.send("x".into()).await.unwrap();
                count.set(count.get() + 1);
            }
        }));
        let (_chunks, work) = started(reply);
        assert!(work.now_or_never().is_none());
        // One chunk was taken as the first, and a sender has a place of its own beside those of the channel.
        assert_eq!(sent.get(), CHUNKS_WAITING + 2);
    }

    #[test]
    fn the_work_learns_that_the_client_disconnected_and_ends_in_its_own_way() {
        let cleaned_up = std::rc::Rc::new(Cell::new(false));
        let flag = cleaned_up.clone();
        let reply = run(reply(head(), KEEP_ALIVE, async move |chunks: &ChunkSender| {
            while chunks.send("x".into()).await.is_ok() {}
            flag.set(true);
            failed("last")
        }));
        let (chunks, work) = started(reply);
        drop(chunks);
        assert_eq!(run(work).status, StatusCode::BAD_GATEWAY);
        assert!(cleaned_up.get());
    }

    #[test]
    fn a_last_chunk_that_could_not_be_sent_is_noted_in_the_log() {
        let reply = run(reply(head(), KEEP_ALIVE, async |chunks: &ChunkSender| {
            while chunks.send("x".into()).await.is_ok() {}
            Ending::Done("last".into())
        }));
        let (chunks, work) = started(reply);
        drop(chunks);
        assert_eq!(run(work).cause.as_deref(), Some("client disconnected"));
    }
}
