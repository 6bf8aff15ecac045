//! `multipart/form-data` (RFC 7578), read as it arrives.
//!
//! Owns the framing of exactly one part called `file`: anything else in the body is refused, so every limit is
//! one number. Holds at most one chunk and one delimiter's length of it. Own code rather than `multer`: that
//! one wants `Send` streams, has no limits unless told, and brings the 300 KB tables of `encoding_rs`.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

use super::disposition::{Disposition, parse};

/// RFC 2046 §5.1.1.
pub const BOUNDARY_BYTES_MAX: usize = 70;
/// All header lines of the part together.
pub const PART_HEADER_BYTES_MAX: usize = 8 * 1024;
/// What may stand before the first boundary; browsers put nothing there.
const PREAMBLE_BYTES_MAX: usize = 1024;
/// After the last boundary, RFC 2046 lets an epilogue follow; it is read past up to here.
const EPILOGUE_BYTES_MAX: usize = 1024;

/// Why a body is not an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    NotMultipart,
    Boundary,
    Preamble,
    Headers,
    /// No part called `file`, or one without a file name: nothing was chosen in the form.
    NoFile,
    /// A second part, or one of another name.
    UnexpectedPart,
    /// The body ends before its last boundary.
    Unfinished,
    Epilogue,
    /// Something follows the file that `Content-Length` did not let foresee.
    Length,
}

/// No `Debug`: the data is the user's document.
#[derive(PartialEq, Eq)]
pub enum Event {
    /// The part called `file` begins; its name as the client sent it.
    File {
        name: String,
    },
    Data(Bytes),
    /// The last boundary was seen.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    AfterBoundary,
    Headers,
    Data,
    Epilogue,
}

pub struct Scanner {
    /// `CRLF "--" boundary`.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
    file_seen: bool,
    epilogue: usize,
}

impl Scanner {
    /// Reads the boundary from the request's `Content-Type`.
    pub fn new(content_type: &str) -> Result<Self, Malformed> {
        let (essence, parameters) = content_type.split_once(';').ok_or(Malformed::NotMultipart)?;
        if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Err(Malformed::NotMultipart);
        }
        let boundary = super::disposition::parameters(parameters)
            .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
            .map(|(_, value)| value)
            .ok_or(Malformed::Boundary)?;
        let fits = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len());
        if !fits || boundary.ends_with(' ') || !boundary.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Malformed::Boundary);
        }
        Ok(Self {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            // The first delimiter may lack its line end; giving it one leaves one rule for all.
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
            file_seen: false,
            epilogue: 0,
        })
    }

    /// How much of the file is still to come when the body goes on for `bytes_to_come`: exact when nothing but the
    /// closing delimiter and its line end follows the file, as browsers and curl do it.
    pub fn file_bytes_left(&self, bytes_to_come: u64) -> Option<u64> {
        match self.state {
            State::Preamble | State::Headers => None,
            State::Data => {
                let closing = self.delimiter.len() as u64 + 4;
                (self.buffer.len() as u64).saturating_add(bytes_to_come).checked_sub(closing)
            }
            State::AfterBoundary | State::Epilogue => Some(0),
        }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Bytes received and not yet given out.
    #[cfg(test)]
    fn held(&self) -> usize {
        self.buffer.len()
    }

    /// The next event in what was pushed; `None`: push more.
    pub fn next_event(&mut self) -> Result<Option<Event>, Malformed> {
        loop {
            match self.state {
                State::Preamble => {
                    let Some(at) = memmem::find(&self.buffer, &self.delimiter) else {
                        let short = self.buffer.len() <= PREAMBLE_BYTES_MAX + self.delimiter.len();
                        return if short { Ok(None) } else { Err(Malformed::Preamble) };
                    };
                    if at > PREAMBLE_BYTES_MAX {
                        return Err(Malformed::Preamble);
                    }
                    let _ = self.buffer.split_to(at + self.delimiter.len());
                    self.state = State::AfterBoundary;
                }
                State::AfterBoundary => match self.after_boundary()? {
                    None => return Ok(None),
                    Some(State::Epilogue) => {
                        self.state = State::Epilogue;
                        return if self.file_seen { Ok(Some(Event::End)) } else { Err(Malformed::NoFile) };
                    }
                    Some(_) if self.file_seen => return Err(Malformed::UnexpectedPart),
                    Some(state) => self.state = state,
                },
                State::Headers => {
                    let Some(name) = self.headers()? else { return Ok(None) };
                    self.file_seen = true;
                    self.state = State::Data;
                    return Ok(Some(Event::File { name }));
                }
                State::Data => return Ok(self.data()),
                State::Epilogue => {
                    self.epilogue = self.epilogue.saturating_add(self.buffer.len());
                    self.buffer.clear();
                    let fits = self.epilogue <= EPILOGUE_BYTES_MAX;
                    return if fits { Ok(None) } else { Err(Malformed::Epilogue) };
                }
            }
        }
    }

    /// To be called when the body has ended.
    pub fn finish(&self) -> Result<(), Malformed> {
        match self.state {
            State::Epilogue => Ok(()),
            State::Preamble if self.buffer.len() == 2 => Err(Malformed::NoFile),
            _ => Err(Malformed::Unfinished),
        }
    }

    fn after_boundary(&mut self) -> Result<Option<State>, Malformed> {
        let spaces = self.buffer.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match self.buffer.get(spaces..) {
            _ if spaces > PREAMBLE_BYTES_MAX => Err(Malformed::Boundary),
            Some([b'-', b'-', ..]) if spaces == 0 => {
                let _ = self.buffer.split_to(2);
                Ok(Some(State::Epilogue))
            }
            Some([b'\r', b'\n', ..]) => {
                // The line end stays: it makes a part without headers end like any other.
                let _ = self.buffer.split_to(spaces);
                Ok(Some(State::Headers))
            }
            Some([] | [b'-'] | [b'\r']) => Ok(None),
            _ => Err(Malformed::Boundary),
        }
    }

    fn headers(&mut self) -> Result<Option<String>, Malformed> {
        let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") else {
            let short = self.buffer.len() <= PART_HEADER_BYTES_MAX;
            return if short { Ok(None) } else { Err(Malformed::Headers) };
        };
        if end > PART_HEADER_BYTES_MAX {
            return Err(Malformed::Headers);
        }
        let head = self.buffer.split_to(end + 4);
        match parse(&head).ok_or(Malformed::Headers)? {
            Disposition { name, .. } if name != "file" => Err(Malformed::UnexpectedPart),
            Disposition { filename: Some(filename), .. } if !filename.is_empty() => Ok(Some(filename)),
            Disposition { .. } => Err(Malformed::NoFile),
        }
    }

    fn data(&mut self) -> Option<Event> {
        if let Some(at) = memmem::find(&self.buffer, &self.delimiter) {
            let data = self.buffer.split_to(at).freeze();
            let _ = self.buffer.split_to(self.delimiter.len());
            self.state = State::AfterBoundary;
            return Some(Event::Data(data));
        }
        let safe = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
        (safe > 0).then(|| Event::Data(self.buffer.split_to(safe).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XYZ";

    fn read(body: &[u8], size: usize) -> Result<(String, Vec<u8>), Malformed> {
        let mut scanner = Scanner::new(TYPE).unwrap();
        let (mut name, mut data, mut ended) = (String::new(), Vec::new(), false);
        for chunk in body.chunks(size.max(1)) {
            scanner.push(chunk);
            while let Some(event) = scanner.next_event()? {
                match event {
                    Event::File { name: given } => name = given,
                    Event::Data(bytes) => data.extend_from_slice(&bytes),
                    Event::End => ended = true,
                }
            }
            assert!(scanner.held() <= PART_HEADER_BYTES_MAX + size, "holds too much");
        }
        scanner.finish()?;
        assert!(ended);
        Ok((name, data))
    }

    fn body(data: &str) -> String {
        format!(
            "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n{data}\r\n--XYZ--\r\n"
        )
    }

    #[test]
    fn one_file_is_read_whole() {
        let check = |data: &str| {
            assert_eq!(
                read(body(data).as_bytes(), 9999),
                Ok(("a.pdf".into(), data.as_bytes().to_vec())),
                "{data:?}"
            );
        };
        check("%PDF-1.4");
        check("");
        check("\r\n--XY\r\n--XZ\r\n\r\n--");
        check("ends with a line end\r\n");
    }

    #[test]
    fn each_malformation_has_its_name() {
        let part = |name: &str| format!("--XYZ\r\nContent-Disposition: form-data; {name}\r\n\r\nx\r\n");
        let check = |body: String, expected: Malformed| {
            for size in [1, 5, 99_999] {
                assert_eq!(read(body.as_bytes(), size), Err(expected), "{body:?} by {size}");
            }
        };
        check(String::new(), Malformed::NoFile);
        check("--XYZ--\r\n".into(), Malformed::NoFile);
        check(part("name=\"file\"; filename=\"\"") + "--XYZ--", Malformed::NoFile);
        check(part("name=\"file\"") + "--XYZ--", Malformed::NoFile);
        check(part("name=\"other\"; filename=\"a.pdf\"") + "--XYZ--", Malformed::UnexpectedPart);
        check(
            body("x").replace("--XYZ--\r\n", "") + &part("name=\"file\"; filename=\"b\"") + "--XYZ--",
            Malformed::UnexpectedPart,
        );
        check(body("x").replace("--XYZ--", ""), Malformed::Unfinished);
        check(body("x").replace("--XYZ--", "--XYZ"), Malformed::UnexpectedPart);
        check(body("x").replace("--XYZ--\r\n", "--XYZ-"), Malformed::Unfinished);
        check(body("x").replace("--XYZ--\r\n", "--XYZoops"), Malformed::Boundary);
        check("--XYZ\r\nno colon\r\n\r\nx\r\n--XYZ--".into(), Malformed::Headers);
        check("--XYZ\r\nA: b\r\n\r\nx\r\n--XYZ--".into(), Malformed::Headers);
        check(format!("--XYZ\r\nA: {}", "b".repeat(9000)), Malformed::Headers);
        check("x".repeat(5000), Malformed::Preamble);
        check(body("x") + &"e".repeat(5000), Malformed::Epilogue);
    }

    #[test]
    fn the_boundary_is_checked() {
        let check = |content_type: &str, expected: Option<Malformed>| {
            assert_eq!(Scanner::new(content_type).err(), expected, "{content_type}");
        };
        check("multipart/form-data; boundary=\"a b\"", None);
        check("Multipart/Form-Data; charset=utf-8; BOUNDARY=x", None);
        check(&format!("multipart/form-data; boundary={}", "b".repeat(70)), None);
        check(&format!("multipart/form-data; boundary={}", "b".repeat(71)), Some(Malformed::Boundary));
        check("multipart/form-data; boundary=", Some(Malformed::Boundary));
        check("multipart/form-data; boundary=é", Some(Malformed::Boundary));
        check("multipart/form-data; charset=utf-8", Some(Malformed::Boundary));
        check("multipart/form-data", Some(Malformed::NotMultipart));
        check("multipart/mixed; boundary=x", Some(Malformed::NotMultipart));
        check("application/pdf", Some(Malformed::NotMultipart));
    }

    #[test]
    fn the_closing_length_is_exact_for_the_usual_client() {
        let body = body("hello");
        let mut scanner = Scanner::new(TYPE).unwrap();
        scanner.push(body.as_bytes());
        scanner.next_event().unwrap();
        assert_eq!(scanner.file_bytes_left(0), Some(5));
        assert_eq!(scanner.file_bytes_left(7), Some(12));
        while scanner.next_event().unwrap() != Some(Event::End) {}
        assert_eq!(scanner.file_bytes_left(0), Some(0));
    }

    fn body_like() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(b"\r\n".to_vec()),
            Just(b"--XYZ".to_vec()),
            Just(b"--".to_vec()),
            Just(b"-".to_vec()),
            Just(b"--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n".to_vec()),
            Just(b"\r\n--XYZ--\r\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..9),
        ];
        proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing_and_nothing_panics(bytes in body_like(), size in 1usize..30) {
            prop_assert_eq!(read(&bytes, usize::MAX / 2), read(&bytes, size));
        }

        #[test]
        fn any_data_comes_back(data in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..90) {
            prop_assume!(memmem::find(&data, b"\r\n--XYZ").is_none());
            let mut bytes = b"--XYZ\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n".to_vec();
            bytes.extend_from_slice(&data);
            bytes.extend_from_slice(b"\r\n--XYZ--");
            prop_assert_eq!(read(&bytes, size), Ok(("x".to_owned(), data)));
        }
    }
}
