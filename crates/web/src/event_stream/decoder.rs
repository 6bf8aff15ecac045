//! `text/event-stream`, read as it arrives: bytes in, the `data` of each event out.
//!
//! Follows the WHATWG rules as far as data goes (CR, LF and CRLF line ends, comments, several data lines);
//! other fields are ignored. `error` is read like `data`: llama.cpp reported failures in such a field until 2025.

/// An event is longer than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Reads one stream. No `Debug`: the data is a user's.
#[expect(missing_debug_implementations, reason = "the data is a user's")]
pub struct SseDecoder {
    /// The longest event, in bytes.
    event_bytes_max: usize,
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_return: bool,
}

impl SseDecoder {
    #[must_use]
    pub const fn new(event_bytes_max: usize) -> Self {
        Self { event_bytes_max, line: Vec::new(), data: Vec::new(), has_data: false, after_return: false }
    }

    /// Takes a chunk and returns the data of the events that it completes.
    ///
    /// # Errors
    /// [`TooLong`]; nothing more can be read then.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        for byte in chunk {
            let skip = *byte == b'\n' && self.after_return;
            self.after_return = *byte == b'\r';
            match byte {
                _ if skip => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ if self.line.len() + self.data.len() >= self.event_bytes_max => return Err(TooLong),
                byte => self.line.push(*byte),
            }
        }
        Ok(events)
    }

    /// The data of a last event that lacks its empty line: some servers close right after it.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        let by_line = self.end_line();
        by_line.or_else(|| self.dispatch())
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.dispatch();
        }
        if let Some(value) = line.strip_prefix(b"data").or_else(|| line.strip_prefix(b"error")) {
            let value = match value {
                [b':', b' ', rest @ ..] | [b':', rest @ ..] => rest,
                [] => value,
                _ => return None,
            };
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data.extend_from_slice(value);
        }
        None
    }

    fn dispatch(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then(|| String::from_utf8_lossy(&data).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static_assertions::assert_not_impl_any!(SseDecoder: std::fmt::Debug);

    const EVENT_BYTES_MAX: usize = 1024;

    fn decode(bytes: &[u8], size: usize) -> Vec<String> {
        let mut decoder = SseDecoder::new(EVENT_BYTES_MAX);
        let mut events: Vec<String> =
            bytes.chunks(size).flat_map(|chunk| decoder.push(chunk).unwrap()).collect();
        events.extend(decoder.finish());
        events
    }

    #[test]
    fn reads_events_however_their_lines_end() {
        let check = |stream: &str, expected: &[&str]| {
            assert_eq!(decode(stream.as_bytes(), 9999), expected, "{stream:?}");
        };
        check("data: a\n\ndata: b\n\n", &["a", "b"]);
        check("data: a\r\n\r\ndata:b\r\n\r\n", &["a", "b"]);
        check("data: a\r\rdata: b\r\r", &["a", "b"]);
        check("data: a\ndata: b\n\n", &["a\nb"]);
        check(": comment\nevent: x\nid: 1\ndata: a\n\n", &["a"]);
        check("data: unfinished", &["unfinished"]);
        check("data: a\n\nerror: {}\n\ndata: [DONE]\n\n", &["a", "{}", "[DONE]"]);
        check("data\n\n", &[""]);
        check("database: x\n\n", &[]);
        check("\n\n\n", &[]);
        check("", &[]);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut decoder = SseDecoder::new(EVENT_BYTES_MAX);
        assert_eq!(decoder.push(&vec![b'x'; EVENT_BYTES_MAX + 1]), Err(TooLong));
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(stream in "(data: [aé€\r\n]{0,6}|:|\r|\n|\r\n|id: 3){0,20}", size in 1usize..7) {
            prop_assert_eq!(decode(stream.as_bytes(), usize::MAX), decode(stream.as_bytes(), size));
        }
    }
}
