//! Counts a PDF's pages while its bytes arrive.
//!
//! Owns the walk over the file: outside of streams it reads structure, inside them it skips, except for object
//! streams, which are inflated within a budget. It needs no cross-reference table and never looks back, so it
//! works on an upload of which only a window is held, and its result does not depend on how the bytes are cut.
//! What cannot be read is not an error: the count is then unknown ([`super::price`]).

use std::collections::BTreeSet;

use memchr::memmem;

use super::lexer::Lexer;
use super::object_stream::{ObjectStream, STEP_BYTES};
use super::structure::{Dictionary, Found, Kind, Structure};

/// All object streams of an upload together inflate to less than this many bytes; a document of 300 pages needs a few
/// megabytes.
pub const INFLATED_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Page objects that are distinguished by their numbers; [`super::PAGES_MAX`] is far below.
const NUMBERED_PAGES_MAX: usize = 4096;
/// A page tree with more nodes is not followed.
const NODES_MAX: usize = 1024;
/// `%%EOF` is expected within this many last bytes of the file.
const TAIL_BYTES: u64 = 2048;
const END_OF_STREAM: &[u8] = b"endstream";

/// What the scan saw, once the whole file has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `None`: the structure could not be read.
    pub pages: Option<u32>,
    pub encrypted: bool,
    /// `%%EOF` was seen, or all pages that the page tree announces: otherwise the file was cut or is no PDF.
    pub ends: bool,
    /// `%%EOF` was seen near the end.
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
    /// Looking for `endstream`; the last bytes of the chunk before are kept for a match across two chunks.
    Search { tail: Vec<u8>, objects: Option<Box<ObjectStream>> },
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
    unnumbered_pages: u64,
    /// The nodes of the page tree with their children, in the order of the file.
    nodes: Vec<(u64, Vec<u64>)>,
    /// So many more children are remembered.
    kids_left: usize,
    /// The catalogue that the last trailer names.
    catalogue: Option<u64>,
    /// Catalogues, and the page tree of each, in the order of the file.
    trees: Vec<(u64, u64)>,
    /// `/Count` of the last page tree root.
    root_count: Option<u64>,
    encrypted: bool,
    last_end: Option<u64>,
}

impl Default for Scan {
    fn default() -> Self {
        Self::within(INFLATED_BYTES_MAX)
    }
}

impl Scan {
    /// Of an upload that may inflate to so many more bytes.
    #[must_use]
    pub fn within(budget: u64) -> Self {
        Self {
            state: State::default(),
            lexer: Lexer::default(),
            structure: Structure::default(),
            seen: Seen { kids_left: NUMBERED_PAGES_MAX, ..Seen::default() },
            budget,
            position: 0,
        }
    }

    /// To how many bytes the rest of the upload may inflate.
    #[must_use]
    pub const fn budget(&self) -> u64 {
        self.budget
    }

    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let used = self.step(bytes);
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// Reads `bytes` as far as may be done in a row, and returns how far. A caller that shares its instance gives way
    /// before the next step.
    pub fn step(&mut self, bytes: &[u8]) -> usize {
        let (mut read, before) = (0, self.budget);
        while before - self.budget < STEP_BYTES
            && let Some(left) = bytes.get(read..).filter(|left| !left.is_empty())
        {
            let used = match std::mem::take(&mut self.state) {
                State::Structure => self.structure(left),
                State::StreamBegins(dictionary) => self.stream_begins(&dictionary, left),
                State::Known { left: length, objects } => self.known(length, objects, left),
                State::Search { tail, objects } => self.search(&tail, objects, left),
            };
            self.position += used as u64;
            read += used;
        }
        read
    }

    /// `pages` is the larger of the page tree's count and the number of its page objects: a tree that states fewer pages
    /// than it has must not reduce what it costs. Pages that were taken out of the tree, as an incremental save and
    /// tools that cut a file do, are none; of a tree that cannot be followed from the last trailer all page objects count.
    pub fn finish(mut self) -> Facts {
        let Self { lexer, structure, seen, position, budget, .. } = &mut self;
        lexer.finish(&mut |token| {
            if let Some(found) = structure.push(token) {
                seen.take(&found, *position);
            }
        });
        let objects = seen.page_objects.len() as u64 + seen.unnumbered_pages;
        let in_tree = seen.pages_in_tree();
        let pages = seen.root_count.unwrap_or(0).max(in_tree.unwrap_or(objects));
        Facts {
            // Of a file that inflates to too much, some may be missing.
            pages: (pages > 0 && *budget > 0).then(|| u32::try_from(pages).unwrap_or(u32::MAX)),
            encrypted: seen.encrypted,
            ends: seen.last_end.is_some() || (in_tree.is_some() && in_tree == seen.root_count),
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
        let used = self.inflate(&mut objects, bytes.get(..here).unwrap_or_default());
        let left = left - used as u64;
        // What follows should be `endstream`; the search finds it at once, or later if the length is wrong.
        self.state = if left > 0 {
            State::Known { left, objects }
        } else {
            State::Search { tail: Vec::new(), objects: None }
        };
        used
    }

    fn search(&mut self, tail: &[u8], mut objects: Option<Box<ObjectStream>>, bytes: &[u8]) -> usize {
        let border = [tail, bytes.get(..END_OF_STREAM.len() - 1).unwrap_or(bytes)].concat();
        let end = match memmem::find(&border, END_OF_STREAM) {
            Some(at) => Some((at + END_OF_STREAM.len()).saturating_sub(tail.len())),
            None => memmem::find(bytes, END_OF_STREAM).map(|at| at + END_OF_STREAM.len()),
        };
        // Inflation ends where the compressed data ends, so the bytes of `endstream` are ignored.
        let here = end.unwrap_or(bytes.len());
        let used = self.inflate(&mut objects, bytes.get(..here).unwrap_or_default());
        if end != Some(used) {
            let read = [tail, bytes.get(..used).unwrap_or_default()].concat();
            let from = read.len().saturating_sub(END_OF_STREAM.len() - 1);
            self.state = State::Search { tail: read.get(from..).unwrap_or_default().to_vec(), objects };
        }
        used
    }

    /// Returns how much has been read: not all when there is enough for one step.
    fn inflate(&mut self, objects: &mut Option<Box<ObjectStream>>, bytes: &[u8]) -> usize {
        match objects {
            Some(objects) if self.budget > 0 => {
                let seen = &mut self.seen;
                objects.push(bytes, &mut self.budget, |dictionary| seen.dictionary(dictionary))
            }
            _ => bytes.len(),
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
        self.catalogue = dictionary.root.or(self.catalogue);
        if let (Some(number), Some(tree)) = (dictionary.object, dictionary.pages)
            && self.trees.len() < NODES_MAX
        {
            self.trees.push((number, tree));
        }
        match dictionary.kind {
            // A page saved again by an incremental update keeps its number and counts once.
            Kind::Page => match dictionary.object {
                Some(number) if self.page_objects.len() < NUMBERED_PAGES_MAX => {
                    self.page_objects.insert(number);
                }
                Some(number) if self.page_objects.contains(&number) => {}
                _ => self.unnumbered_pages = self.unnumbered_pages.saturating_add(1),
            },
            Kind::Pages => {
                if !dictionary.has_parent {
                    self.root_count = dictionary.count.or(self.root_count);
                }
                let kids = &dictionary.kids;
                self.kids_left = self.kids_left.saturating_sub(kids.len());
                if let Some(number) = dictionary.object
                    && self.kids_left > 0
                    && self.nodes.len() < NODES_MAX
                {
                    self.nodes.push((number, kids.clone()));
                }
            }
            Kind::ObjectStream | Kind::Other => {}
        }
    }

    /// `None` when a part of the tree, or the way to it, was not seen.
    fn pages_in_tree(&mut self) -> Option<u64> {
        let catalogue = self.catalogue?;
        let mut open = vec![self.trees.iter().rfind(|(number, _)| *number == catalogue)?.1];
        let mut pages = 0;
        while let Some(number) = open.pop() {
            if self.page_objects.contains(&number) {
                pages += 1;
            } else {
                let (_, kids) = self.nodes.iter_mut().rfind(|(node, _)| *node == number)?;
                // Each node once: a circle has an end.
                open.append(kids);
            }
        }
        (pages > 0).then_some(pages)
    }
}

fn data(dictionary: &Dictionary) -> State {
    let objects = ObjectStream::open(dictionary).map(Box::new);
    match dictionary.length {
        Some(left) if left > 0 => State::Known { left, objects },
        _ => State::Search { tail: Vec::new(), objects },
    }
}
