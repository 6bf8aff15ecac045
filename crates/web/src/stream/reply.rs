//! The reply that streams.

use std::future::ready;

use bytes::Bytes;
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select},
};

use super::body::{ChunkSender, KeepAlive, StreamedBody, Work};
use crate::{Reply, ReplyBody, log::Outcome};

/// How the work behind a stream ended.
#[derive(Debug)]
pub enum Ending {
    /// Well, with this last chunk. `cause` is for the log, when something failed that does not concern the client.
    Done { last: Bytes, cause: Option<String> },
    /// Not well. Before the first chunk `reply` is the whole answer, with its status; after it the status has been
    /// sent, `last` ends the stream, and `reply` says in the log what became of the request.
    Failed { reply: Box<Reply>, last: Bytes },
}

/// Runs `work` until its first chunk, which decides what the reply is: `head` with a streamed body, or, when the work
/// failed before it had sent anything, the reply of that failure.
pub async fn reply<W>(head: Reply, keep_alive: KeepAlive, work: W) -> Reply
where
    W: AsyncFnOnce(&ChunkSender) -> Ending + 'static,
{
    let (sender, mut chunks) = ChunkSender::new();
    let done = head.outcome();
    let work = Box::pin(async move {
        match work(&sender).await {
            Ending::Done { last, cause } => {
                let disconnected = sender.send(last).await.err().map(|_| "client disconnected".to_owned());
                Ok(Outcome { cause: cause.or(disconnected), ..done })
            }
            Ending::Failed { reply, .. } if !sender.has_sent() => Err(reply),
            Ending::Failed { reply, last } => {
                // The outcome is the failure, whether or not the client still reads of it.
                let _ = sender.send(last).await;
                Ok(reply.outcome())
            }
        }
    });
    let (first, work): (_, Work) = match select(work, chunks.next()).await {
        // The channel is open as long as the work runs.
        Either::Right((first, work)) => {
            let outcome = work.map(|ended| ended.unwrap_or_else(|reply| reply.outcome()));
            (first.unwrap_or_default(), Box::pin(outcome))
        }
        Either::Left((Ok(outcome), first)) => (first.await.unwrap_or_default(), Box::pin(ready(outcome))),
        Either::Left((Err(reply), _)) => return *reply,
    };
    Reply { body: ReplyBody::Stream(StreamedBody { first, chunks, keep_alive, work }), ..head }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, task::Poll, time::Duration};

    use futures_util::{FutureExt as _, Stream, StreamExt as _, future::join};
    use http::StatusCode;

    use super::{
        super::body::{CHUNKS_WAITING, ClientDisconnected},
        *,
    };
    use crate::{
        Clock,
        testing::{FakeClock, StoppedClock, run},
    };

    const KEEP_ALIVE: KeepAlive = KeepAlive { every: Duration::from_secs(10), chunk: b"~" };

    fn head() -> Reply {
        Reply::new(StatusCode::OK, "text/event-stream", Bytes::new())
    }

    fn done(last: &'static str) -> Ending {
        Ending::Done { last: last.into(), cause: None }
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
            done("end")
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
        let reply = run(reply(head(), KEEP_ALIVE, async |_: &ChunkSender| done("last")));
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
    fn work_that_waits_ends_when_the_client_disconnects_and_not_before() {
        /// Time passes only when everything else has had its turn.
        struct PatientClock;
        impl Clock for PatientClock {
            fn elapsed(&self) -> Duration {
                Duration::ZERO
            }

            async fn sleep(&self, _: Duration) {
                let mut passed = false;
                std::future::poll_fn(|context| {
                    context.waker().wake_by_ref();
                    if std::mem::replace(&mut passed, true) { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
            }

            async fn give_way(&self, _: Duration) {}
        }
        let ended = std::rc::Rc::new(Cell::new(None));
        let flag = ended.clone();
        let reply = run(reply(head(), KEEP_ALIVE, async move |chunks: &ChunkSender| {
            let answer = async {
                for _ in 0..5 {
                    PatientClock.sleep(Duration::ZERO).await;
                }
                7
            };
            assert_eq!(chunks.while_connected(&PatientClock, answer).await, Ok(7));
            chunks.send("x".into()).await.unwrap();
            flag.set(Some(chunks.while_connected(&PatientClock, std::future::pending::<()>()).await));
            failed("last")
        }));
        let (chunks, work) = started(reply);
        assert_eq!(ended.get(), None);
        drop(chunks);
        run(work);
        assert_eq!(ended.get(), Some(Err(ClientDisconnected)));
    }

    #[test]
    fn a_last_chunk_that_could_not_be_sent_is_noted_in_the_log() {
        let reply = run(reply(head(), KEEP_ALIVE, async |chunks: &ChunkSender| {
            while chunks.send("x".into()).await.is_ok() {}
            done("last")
        }));
        let (chunks, work) = started(reply);
        drop(chunks);
        assert_eq!(run(work).cause.as_deref(), Some("client disconnected"));
    }
}
