//! The body of a request while it arrives: read whole or chunk by chunk, within limits of bytes and of time; and what
//! is done with the rest of one that is refused.
//!
//! Spin's server and ours (both hyper) close the connection as soon as a guest answers and leaves a body unread. A
//! client that is still writing then sees a broken pipe, and the reset may discard the answer before it is read
//! (RFC 9112 §9.6). So the rest of a refused body is read and dropped before the answer is sent, within the limits
//! below; a client that sends more is disconnected.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};

use crate::{Clock, Problem, Request, Text, within};

/// For a body that is read whole (2 MiB at most, at `/ocr/check`); Apache's `mod_reqtimeout` allows as much.
const BODY_TIME_MAX: Duration = Duration::from_secs(20);
/// The most that is read of a refused body: ocr takes 50 MB, and a client with a somewhat larger file should
/// receive the refusal.
const DRAIN_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest that a refused body is read (nginx's `lingering_time`).
const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);
/// The longest pause within it (nginx's `lingering_timeout`).
const DRAIN_PAUSE_MAX: Duration = Duration::from_secs(5);

/// The body of a request from the host, as a port.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait IncomingBody {
    /// The next chunk, however long it takes; `None` at the end.
    ///
    /// # Errors
    /// Why the body broke off, for the log.
    async fn chunk(&mut self) -> Result<Option<Bytes>, String>;
}

/// Why a body could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It broke off.
    Broken(String),
    /// Nothing arrived in time.
    TooSlow,
}

/// Reads one body. A handler that refuses a request before it has read the body calls [`BodyReader::drain`].
#[expect(missing_debug_implementations, reason = "a host's body has none")]
pub struct BodyReader<B, C> {
    body: B,
    clock: C,
    content_length: Option<u64>,
    expects_continue: bool,
    bytes_read: u64,
    ended: bool,
}

impl<B: IncomingBody, C: Clock> BodyReader<B, C> {
    /// `body` is that of `request`. One of no length is not asked for, nor that of a GET or HEAD which announces none: it
    /// would mean nothing (RFC 9110 §9.3.1).
    #[must_use]
    pub fn new(body: B, clock: C, request: &Request) -> Self {
        let headers = &request.headers;
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let content_length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let is_announced =
            headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
        Self {
            body,
            clock,
            content_length,
            expects_continue: text(header::EXPECT)
                .is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue")),
            bytes_read: 0,
            ended: content_length == Some(0) || request.is_get() && !is_announced,
        }
    }

    /// The length that the request announces.
    #[must_use]
    pub const fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// The next chunk, waited for at most `limit`; `None` at the end.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, BodyError> {
        if self.ended {
            return Ok(None);
        }
        let chunk = within(&self.clock, limit, self.body.chunk()).await.ok_or(BodyError::TooSlow)?;
        self.ended = !matches!(chunk, Ok(Some(_)));
        let chunk = chunk.map_err(BodyError::Broken)?;
        self.bytes_read += chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(chunk)
    }

    /// The whole body. What is refused is drained.
    ///
    /// # Errors
    /// 413 for more than `bytes_max`, 408 after [`BODY_TIME_MAX`], 400 when it breaks off.
    pub async fn whole(mut self, bytes_max: usize) -> Result<Bytes, Problem> {
        let collected = self.collect(bytes_max).await;
        if collected.is_err() {
            self.drain().await;
        }
        collected
    }

    async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, Problem> {
        if self.content_length.is_some_and(|length| length > bytes_max as u64) {
            return Err(too_large(bytes_max));
        }
        let deadline = self.clock.elapsed() + BODY_TIME_MAX;
        let mut bytes = BytesMut::new();
        loop {
            match self.chunk(self.until(deadline)).await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > bytes_max => return Err(too_large(bytes_max)),
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes.freeze()),
                Err(BodyError::TooSlow) => return Err(too_slow()),
                Err(BodyError::Broken(cause)) => return Err(cut_short().because(cause)),
            }
        }
    }

    /// Reads and discards the rest, so that a client that writes its whole request first receives the answer.
    pub async fn drain(&mut self) {
        let last = self.bytes_read.saturating_add(self.drain_allowance());
        let deadline = self.clock.elapsed() + DRAIN_TIME_MAX;
        while self.bytes_read < last && !self.until(deadline).is_zero() {
            let limit = DRAIN_PAUSE_MAX.min(self.until(deadline));
            let Ok(Some(_)) = self.chunk(limit).await else { return };
        }
    }

    /// How much more to read of a refused body; 0 when reading serves no purpose: the client waits for our answer
    /// before it sends anything (`Expect: 100-continue`), or it announces more than is ever drained.
    fn drain_allowance(&self) -> u64 {
        let to_come = self.content_length.map(|length| length.saturating_sub(self.bytes_read));
        let waits = self.expects_continue && self.bytes_read == 0;
        if waits || to_come.is_some_and(|bytes| bytes > DRAIN_BYTES_MAX) { 0 } else { DRAIN_BYTES_MAX }
    }

    fn until(&self, deadline: Duration) -> Duration {
        deadline.saturating_sub(self.clock.elapsed())
    }
}

fn too_large(bytes_max: usize) -> Problem {
    let kilobytes = bytes_max / 1024;
    Problem::too_large(&format!("{kilobytes} Kio"), &format!("{kilobytes} KiB"))
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        Text::new(
            "L’envoi a pris trop de temps. Vérifiez votre connexion et recommencez.",
            "The upload took too long. Check your connection and try again.",
        ),
    )
}

fn cut_short() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_cut_short",
        Text::new(
            "L’envoi a été interrompu. Vérifiez votre connexion et recommencez.",
            "The upload broke off. Check your connection and try again.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Request,
        testing::{Arrival, FakeBody, FakeClock, run},
    };

    type FakeReader = BodyReader<FakeBody, FakeClock>;

    fn reader(body: &FakeBody, headers: &[(&'static str, &str)]) -> FakeReader {
        let request = Request::test("POST", "/send");
        let request = headers.iter().fold(request, |request, (name, value)| request.with(name, value));
        BodyReader::new(body.clone(), FakeClock::default(), &request)
    }

    fn chunk(bytes: &'static [u8]) -> Arrival {
        Arrival::Chunk(Bytes::from_static(bytes))
    }

    #[test]
    fn only_a_body_that_may_be_there_is_asked_for() {
        let read = |method, headers: &[(&'static str, &str)]| {
            let body = FakeBody::new([Arrival::Chunk(Bytes::from_static(b"x"))]);
            let request = Request::test(method, "/");
            let request = headers.iter().fold(request, |request, (name, value)| request.with(name, value));
            run(BodyReader::new(body, FakeClock::default(), &request).whole(9)).unwrap()
        };
        for (method, headers) in [
            ("GET", [].as_slice()),
            ("HEAD", &[]),
            ("GET", &[("content-length", "0")]),
            ("POST", &[("content-length", "0")]),
        ] {
            assert!(read(method, headers).is_empty(), "{method} {headers:?}");
        }
        for (method, headers) in [
            ("GET", [("content-length", "1")].as_slice()),
            ("GET", &[("transfer-encoding", "chunked")]),
            ("POST", &[]),
            ("DELETE", &[]),
        ] {
            assert_eq!(read(method, headers), "x", "{method} {headers:?}");
        }
    }

    #[test]
    fn a_body_within_its_limit_is_read_whole() {
        let body = FakeBody::chunks(&b"0123456789"[..], 3);
        assert_eq!(run(reader(&body, &[]).whole(10)).unwrap(), "0123456789");
    }

    #[test]
    fn a_body_that_is_too_large_too_slow_or_broken_has_its_status_and_is_drained() {
        let check = |body: FakeBody, headers: &[(&'static str, &str)], status: u16| {
            let problem = run(reader(&body, headers).whole(4)).unwrap_err();
            assert_eq!((problem.status().as_u16(), body.left()), (status, 0), "{headers:?}");
        };
        check(FakeBody::new([chunk(b"12345")]), &[("content-length", "5")], 413);
        check(FakeBody::chunks(&b"1234567"[..], 2), &[], 413);
        check(FakeBody::new([chunk(b"1"), Arrival::Silence, chunk(b"2")]), &[], 408);
        check(FakeBody::new([chunk(b"1"), Arrival::Error("reset")]), &[], 400);
    }

    #[test]
    fn a_chunk_is_waited_for_within_its_limit_and_a_broken_body_has_ended() {
        let mut silent = reader(&FakeBody::new([Arrival::Silence, chunk(b"late")]), &[]);
        assert_eq!(run(silent.chunk(Duration::from_secs(30))), Err(BodyError::TooSlow));
        assert_eq!(silent.clock.elapsed(), Duration::from_secs(30));
        assert_eq!(run(silent.chunk(Duration::from_secs(30))), Ok(Some(Bytes::from_static(b"late"))));

        let mut broken = reader(&FakeBody::new([Arrival::Error("reset"), chunk(b"x")]), &[]);
        assert_eq!(run(broken.chunk(Duration::MAX)), Err(BodyError::Broken("reset".to_owned())));
        assert_eq!(run(broken.chunk(Duration::MAX)), Ok(None));
    }

    #[test]
    fn the_rest_of_a_refused_body_is_read_until_it_pauses() {
        let body = FakeBody::new([chunk(b"1"), chunk(b"2"), Arrival::Silence, chunk(b"3")]);
        let mut reader = reader(&body, &[]);
        run(reader.drain());
        assert_eq!((body.left(), reader.clock.elapsed()), (1, DRAIN_PAUSE_MAX));
    }

    #[test]
    fn the_rest_of_a_refused_body_is_read_up_to_a_limit_of_bytes_and_of_time() {
        let block = Bytes::from(vec![0; 1024 * 1024]);
        let large = FakeBody::new((0..66).map(|_| Arrival::Chunk(block.clone())));
        run(reader(&large, &[]).drain());
        assert_eq!(large.left(), 2, "64 MiB are read");

        /// Each chunk takes four seconds.
        struct Slow(FakeClock);
        impl IncomingBody for Slow {
            async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
                self.0.advance(Duration::from_secs(4));
                Ok(Some(Bytes::from_static(b"x")))
            }
        }
        let clock = FakeClock::default();
        let mut slow = BodyReader::new(Slow(clock.clone()), clock, &Request::test("POST", "/"));
        run(slow.drain());
        assert_eq!(slow.bytes_read, 8, "30 seconds are over after the eighth chunk");
    }

    #[test]
    fn a_body_that_announces_more_than_the_limit_is_not_drained_at_all() {
        let drained = |headers: &[(&'static str, &str)], read: usize| {
            let body = FakeBody::chunks(&b"12345"[..], 1);
            let mut reader = reader(&body, headers);
            for _ in 0..read {
                run(reader.chunk(Duration::MAX)).unwrap();
            }
            run(reader.drain());
            body.left() == 0
        };
        let length = (DRAIN_BYTES_MAX + 1).to_string();
        assert!(drained(&[], 0));
        assert!(drained(&[("content-length", "60000000")], 0));
        assert!(drained(&[("content-length", "nonsense")], 0));
        assert!(!drained(&[("content-length", &length)], 0));
        assert!(drained(&[("content-length", &length)], 1), "one byte of it is there already");
        assert!(!drained(&[("expect", "100-Continue")], 0), "it waits for the answer");
        assert!(drained(&[("expect", "100-continue")], 1), "it has had its 100 and sends");
    }
}
