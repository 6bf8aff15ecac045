//! `text/event-stream`, read as it arrives: bytes in, the `data` of each event out.
//!
//! Follows the WHATWG rules as far as data goes (CR, LF and CRLF line ends, comments, several data lines);
//! other fields are ignored.

/// One event of the API has a few KB; a longer one than this is refused.
pub const EVENT_BYTES_MAX: usize = 2 * 1024 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

#[derive(Default)]
pub struct SseDecoder {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_return: bool,
}

impl SseDecoder {
    /// Takes a chunk and returns the data of the events that it completes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        for byte in chunk {
            let skip = *byte == b'\n' && self.after_return;
            self.after_return = *byte == b'\r';
            match byte {
                _ if skip => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ if self.line.len() + self.data.len() >= EVENT_BYTES_MAX => return Err(TooLong),
                byte => self.line.push(*byte),
            }
        }
        Ok(events)
    }

    /// The data of a last event that lacks its empty line: some servers close right after it.
    pub fn finish(mut self) -> Option<String> {
        let by_line = self.end_line();
        by_line.or_else(|| self.dispatch())
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.dispatch();
        }
        if let Some(value) = line.strip_prefix(b"data") {
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

    fn decode(bytes: &[u8], size: usize) -> Vec<String> {
        let mut decoder = SseDecoder::default();
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
        check("data\n\n", &[""]);
        check("database: x\n\n", &[]);
        check("\n\n\n", &[]);
        check("", &[]);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut decoder = SseDecoder::default();
        assert_eq!(decoder.push(&vec![b'x'; EVENT_BYTES_MAX + 1]), Err(TooLong));
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(stream in "(data: [aé€\r\n]{0,6}|:|\r|\n|\r\n|id: 3){0,20}", size in 1usize..7) {
            prop_assert_eq!(decode(stream.as_bytes(), usize::MAX), decode(stream.as_bytes(), size));
        }
    }
}
