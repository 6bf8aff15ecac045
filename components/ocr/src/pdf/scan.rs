//! Counts a PDF's pages while its bytes pass by.
//!
//! Owns the walk over the file: outside of streams it reads structure, inside them it skips, except for object
//! streams, which are inflated within a budget. It needs no cross-reference table and never looks back, so it
//! works on an upload of which only a window is held, and it gives the same answer however the bytes are cut.
//! What cannot be read is not an error: the count becomes unknown and the caller's rule for that applies.

use std::collections::BTreeSet;

use memchr::memmem;

use super::lexer::Lexer;
use super::object_stream::ObjectStream;
use super::structure::{Dictionary, Found, Kind, Structure};

/// All object streams of a file together inflate to at most this many bytes.
pub const INFLATED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Page objects beyond this are not told apart any more: every limit is far below.
const PAGES_TOLD_APART: usize = 4096;
/// `%%EOF` belongs into this many last bytes of the file.
const TAIL_BYTES: u64 = 2048;
const END_OF_STREAM: &[u8] = b"endstream";

/// What the scan saw, once the whole file has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `None`: the structure could not be read.
    pub pages: Option<u32>,
    pub encrypted: bool,
    /// `%%EOF` was seen at all: without one the file was cut or is no PDF.
    pub ends: bool,
    /// `%%EOF` was seen where it belongs.
    pub ends_cleanly: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Structure,
    /// After the keyword `stream`, whose end of line may be one byte or two.
    StreamBegins(Dictionary),
    /// Inside stream data of known length.
    Known { left: u64, objects: Option<Box<ObjectStream>> },
    /// Looking for `endstream`; the last bytes of the chunk before are kept for a match across the border.
    Search { kept: Vec<u8>, objects: Option<Box<ObjectStream>> },
}

pub struct Scan {
    state: State,
    lexer: Lexer,
    structure: Structure,
    seen: Seen,
    budget: u64,
    position: u64,
}

#[derive(Default)]
struct Seen {
    page_objects: BTreeSet<u64>,
    /// Page dictionaries without an object number.
    loose_pages: u64,
    /// `/Count` of the last page tree root.
    root_count: Option<u64>,
    encrypted: bool,
    last_end: Option<u64>,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            state: State::default(),
            lexer: Lexer::default(),
            structure: Structure::default(),
            seen: Seen::default(),
            budget: INFLATED_BYTES_MAX,
            position: 0,
        }
    }
}

impl Scan {
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let used = match std::mem::take(&mut self.state) {
                State::Structure => self.structure(bytes),
                State::StreamBegins(dictionary) => self.stream_begins(&dictionary, bytes),
                State::Known { left, objects } => self.known(left, objects, bytes),
                State::Search { kept, objects } => self.search(&kept, objects, bytes),
            };
            self.position += used as u64;
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// The answer. `pages` is the larger of what the page tree says and of the page objects there are: a tree
    /// that names fewer pages than the file holds must not be a way around a quota.
    pub fn finish(mut self) -> Facts {
        let Self { lexer, structure, seen, position, .. } = &mut self;
        lexer.finish(&mut |token| {
            if let Some(found) = structure.push(token) {
                seen.take(&found, *position);
            }
        });
        let objects = seen.page_objects.len() as u64 + seen.loose_pages;
        let pages = seen.root_count.unwrap_or(0).max(objects);
        Facts {
            pages: (pages > 0).then(|| u32::try_from(pages).unwrap_or(u32::MAX)),
            encrypted: seen.encrypted,
            ends: seen.last_end.is_some(),
            ends_cleanly: seen.last_end.is_some_and(|at| at.saturating_add(TAIL_BYTES) >= *position),
        }
    }

    fn structure(&mut self, bytes: &[u8]) -> usize {
        let Self { lexer, structure, seen, position, .. } = self;
        for (index, byte) in bytes.iter().enumerate() {
            let mut stream = None;
            lexer.push(*byte, &mut |token| match structure.push(token) {
                Some(Found::Stream(dictionary)) => stream = Some(dictionary),
                Some(found) => seen.take(&found, *position + index as u64),
                None => {}
            });
            if let Some(dictionary) = stream {
                self.state = if *byte == b'\r' { State::StreamBegins(dictionary) } else { data(&dictionary) };
                return index + 1;
            }
        }
        bytes.len()
    }

    fn stream_begins(&mut self, dictionary: &Dictionary, bytes: &[u8]) -> usize {
        self.state = data(dictionary);
        usize::from(bytes.first() == Some(&b'\n'))
    }

    fn known(&mut self, left: u64, mut objects: Option<Box<ObjectStream>>, bytes: &[u8]) -> usize {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.inflate(&mut objects, bytes.get(..here).unwrap_or_default());
        let left = left - here as u64;
        // What follows should be `endstream`; the search finds it at once, or later if the length lied.
        self.state = if left > 0 {
            State::Known { left, objects }
        } else {
            State::Search { kept: Vec::new(), objects: None }
        };
        here
    }

    fn search(&mut self, kept: &[u8], mut objects: Option<Box<ObjectStream>>, bytes: &[u8]) -> usize {
        let border = [kept, bytes.get(..END_OF_STREAM.len() - 1).unwrap_or(bytes)].concat();
        let end = match memmem::find(&border, END_OF_STREAM) {
            Some(at) => Some((at + END_OF_STREAM.len()).saturating_sub(kept.len())),
            None => memmem::find(bytes, END_OF_STREAM).map(|at| at + END_OF_STREAM.len()),
        };
        // Inflation ends by itself where the compressed data ends, so bytes of `endstream` do no harm.
        self.inflate(&mut objects, bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default());
        match end {
            Some(used) => used,
            None => {
                let tail = [kept, bytes].concat();
                let from = tail.len().saturating_sub(END_OF_STREAM.len() - 1);
                self.state = State::Search { kept: tail.get(from..).unwrap_or_default().to_vec(), objects };
                bytes.len()
            }
        }
    }

    fn inflate(&mut self, objects: &mut Option<Box<ObjectStream>>, bytes: &[u8]) {
        if self.budget == 0 {
            return;
        }
        if let Some(objects) = objects {
            let seen = &mut self.seen;
            objects.push(bytes, &mut self.budget, |dictionary| seen.dictionary(dictionary));
        }
    }
}

impl Seen {
    fn take(&mut self, found: &Found, position: u64) {
        match found {
            Found::Dictionary(dictionary) => self.dictionary(dictionary),
            Found::EndOfFile => self.last_end = Some(position),
            Found::Stream(_) | Found::Begins | Found::Integer(_) => {}
        }
    }

    fn dictionary(&mut self, dictionary: &Dictionary) {
        self.encrypted |= dictionary.encrypt;
        match dictionary.kind {
            // A page saved again by an incremental update keeps its number and counts once.
            Kind::Page => match dictionary.object {
                Some(number) if self.page_objects.len() < PAGES_TOLD_APART => {
                    self.page_objects.insert(number);
                }
                Some(number) if self.page_objects.contains(&number) => {}
                _ => self.loose_pages = self.loose_pages.saturating_add(1),
            },
            Kind::Pages if !dictionary.has_parent => self.root_count = dictionary.count.or(self.root_count),
            Kind::Pages | Kind::ObjectStream | Kind::Other => {}
        }
    }
}

fn data(dictionary: &Dictionary) -> State {
    let objects = ObjectStream::open(dictionary).map(Box::new);
    match dictionary.length {
        Some(left) if left > 0 => State::Known { left, objects },
        _ => State::Search { kept: Vec::new(), objects },
    }
}
