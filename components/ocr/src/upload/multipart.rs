//! `multipart/form-data` (RFC 7578), read as it arrives.
//!
//! Owns the framing of one or more parts called `file` or `page`, which a short text called `pages` may precede: anything else in
//! the body is refused, so every limit is one number. Holds at most one chunk and one delimiter's length of it. Not `multer`: it
//! needs `Send` streams, has no limits by default, and brings the 300 KB tables of `encoding_rs`.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

use super::disposition::{Disposition, parse};

/// RFC 2046 §5.1.1.
pub const BOUNDARY_BYTES_MAX: usize = 70;
/// All header lines of the part together.
pub const PART_HEADER_BYTES_MAX: usize = 8 * 1024;
/// Of the text called `pages`.
const TEXT_BYTES_MAX: usize = 200;
/// Of a preamble before the first boundary; browsers send none.
const PREAMBLE_BYTES_MAX: usize = 1024;
/// Of an epilogue after the last boundary (RFC 2046), which is skipped.
const EPILOGUE_BYTES_MAX: usize = 1024;

/// Why a body is not an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    NotMultipart,
    Boundary,
    Preamble,
    Headers,
    /// No file, or one without a name: nothing was chosen in the form.
    NoFile,
    /// A part of another name.
    UnexpectedPart,
    /// The body ends before its last boundary.
    Unfinished,
    Epilogue,
    /// The file is shorter or longer than `Content-Length` and the usual end of a form let expect.
    Length,
}

/// No `Debug`: the data is the user's document.
#[derive(PartialEq, Eq)]
pub enum Event {
    /// A file begins; its name as the client sent it. `is_page`: its part is called `page` and not `file`.
    File {
        name: String,
        is_page: bool,
    },
    Data(Bytes),
    /// The text called `pages`, before the first file.
    Pages {
        text: String,
    },
    /// The last boundary was seen.
    End,
}

enum Part {
    File(Event),
    Pages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    AfterBoundary,
    Headers,
    Data,
    Pages,
    Epilogue,
}

pub struct Scanner {
    /// `CRLF "--" boundary`.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
    file_seen: bool,
    pages_seen: bool,
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
            // The first delimiter may lack its line end. With this one, all delimiters are found in the same way.
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
            file_seen: false,
            pages_seen: false,
            epilogue: 0,
        })
    }

    /// How much of the file is still to come when the body goes on for `bytes_to_come`: exact when only the
    /// closing delimiter and its line end follow the file, as in the forms of browsers and curl.
    pub fn file_bytes_left(&self, bytes_to_come: u64) -> Option<u64> {
        match self.state {
            State::Preamble | State::Headers | State::Pages => None,
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

    /// Bytes received and not yet returned.
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
                    Some(state) => self.state = state,
                },
                State::Headers => {
                    let Some(part) = self.headers()? else { return Ok(None) };
                    let Part::File(file) = part else {
                        self.pages_seen = true;
                        self.state = State::Pages;
                        continue;
                    };
                    self.file_seen = true;
                    self.state = State::Data;
                    return Ok(Some(file));
                }
                State::Pages => {
                    let Some(at) = memmem::find(&self.buffer, &self.delimiter) else {
                        let short = self.buffer.len() <= TEXT_BYTES_MAX + self.delimiter.len();
                        return if short { Ok(None) } else { Err(Malformed::UnexpectedPart) };
                    };
                    if at > TEXT_BYTES_MAX {
                        return Err(Malformed::UnexpectedPart);
                    }
                    let text = self.buffer.split_to(at);
                    let _ = self.buffer.split_to(self.delimiter.len());
                    self.state = State::AfterBoundary;
                    let text = std::str::from_utf8(&text).map_err(|_| Malformed::UnexpectedPart)?;
                    return Ok(Some(Event::Pages { text: text.to_owned() }));
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

    fn headers(&mut self) -> Result<Option<Part>, Malformed> {
        let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") else {
            let short = self.buffer.len() <= PART_HEADER_BYTES_MAX;
            return if short { Ok(None) } else { Err(Malformed::Headers) };
        };
        if end > PART_HEADER_BYTES_MAX {
            return Err(Malformed::Headers);
        }
        let head = self.buffer.split_to(end + 4);
        match parse(&head).ok_or(Malformed::Headers)? {
            // After a file its length could not be known before its end.
            Disposition { name, filename: None }
                if name == "pages" && !self.file_seen && !self.pages_seen =>
            {
                Ok(Some(Part::Pages))
            }
            Disposition { name, .. } if name != "file" && name != "page" => Err(Malformed::UnexpectedPart),
            Disposition { name, filename: Some(filename) } if !filename.is_empty() => {
                Ok(Some(Part::File(Event::File { name: filename, is_page: name == "page" })))
            }
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
mod tests;
