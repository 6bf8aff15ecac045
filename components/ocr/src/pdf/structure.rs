//! From tokens to the few dictionary entries that say how many pages a PDF has.
//!
//! Owns the nesting of dictionaries and arrays. Reports each outermost dictionary when it closes;
//! `scan.rs` interprets it.

use super::lexer::Token;

/// Deeper nesting is counted, and what is in it is skipped.
const DEPTH_MAX: usize = 32;
/// A page tree with more children in one node is counted by its pages.
pub const KIDS_MAX: usize = 4096;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Other,
    Page,
    Pages,
    ObjectStream,
}

/// The entries of an outermost dictionary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary {
    /// The number before `obj`, where there was one.
    pub object: Option<u64>,
    pub kind: Kind,
    pub has_parent: bool,
    pub encrypt: bool,
    /// `None` also when it is a reference to another object.
    pub count: Option<u64>,
    pub length: Option<u64>,
    pub first: Option<u64>,
    /// The object that `/Root` refers to, in a trailer, and `/Pages`, in a catalogue.
    pub root: Option<u64>,
    pub pages: Option<u64>,
    /// The objects that `/Kids` refers to, the first [`KIDS_MAX`].
    pub kids: Vec<u64>,
    /// How many names `/Filter` has.
    pub filters: u8,
    /// The last of them is `FlateDecode`.
    pub flate: bool,
    pub has_parameters: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Key {
    #[default]
    Other,
    Type,
    Parent,
    Encrypt,
    Count,
    Length,
    First,
    Kids,
    Root,
    Pages,
    Filter,
    DecodeParms,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Dictionary(Dictionary),
    /// The keyword `stream`: binary data follows, described by this dictionary.
    Stream(Dictionary),
    /// An outermost dictionary begins.
    Begins,
    /// An integer outside of any dictionary.
    Integer(u64),
    EndOfFile,
}

#[derive(Default)]
pub struct Structure {
    /// Open brackets: true for a dictionary.
    open: Vec<bool>,
    beyond: usize,
    outer: Dictionary,
    key: Key,
    /// Inside the outermost dictionary: the key's value has begun.
    valued: bool,
    integers: [Option<u64>; 2],
    object: Option<u64>,
    last: Dictionary,
}

impl Structure {
    pub fn push(&mut self, token: Token<'_>) -> Option<Found> {
        match token {
            Token::DictOpen => return self.dictionary_opens(),
            Token::DictClose => return self.dictionary_closes(),
            Token::ArrayOpen => self.opens(false),
            Token::ArrayClose => self.closes(),
            Token::EndOfFile => return Some(Found::EndOfFile),
            Token::Name(name) => self.name(name),
            Token::Integer(number) => return self.integer(number),
            Token::Word(word) => return self.word(word),
            Token::Text => self.valued = true,
        }
        None
    }

    fn depth(&self) -> usize {
        self.open.len() + self.beyond
    }

    fn opens(&mut self, dictionary: bool) {
        self.valued = true;
        if self.open.len() < DEPTH_MAX {
            self.open.push(dictionary);
        } else {
            self.beyond += 1;
        }
    }

    fn closes(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else {
            self.open.pop();
        }
    }

    fn dictionary_opens(&mut self) -> Option<Found> {
        let outermost = self.depth() == 0;
        self.opens(true);
        if !outermost {
            if self.key == Key::DecodeParms {
                self.outer.has_parameters = true;
            }
            return None;
        }
        self.outer = Dictionary { object: self.object, ..Dictionary::default() };
        self.key = Key::Other;
        self.valued = true;
        Some(Found::Begins)
    }

    fn dictionary_closes(&mut self) -> Option<Found> {
        if self.depth() == 0 {
            return None;
        }
        self.closes();
        if self.depth() > 0 {
            return None;
        }
        self.last = self.outer.clone();
        Some(Found::Dictionary(std::mem::take(&mut self.outer)))
    }

    fn name(&mut self, name: &[u8]) {
        match self.depth() {
            1 if self.open.first() == Some(&true) => {
                if self.valued {
                    self.key = key(name);
                    self.valued = false;
                    match self.key {
                        Key::Parent => self.outer.has_parent = true,
                        Key::Encrypt => self.outer.encrypt = true,
                        _ => {}
                    }
                    return;
                }
                self.valued = true;
                match self.key {
                    Key::Type => self.outer.kind = kind(name),
                    Key::Filter => self.filter(name),
                    _ => {}
                }
            }
            2 if self.key == Key::Filter && self.open.get(1) == Some(&false) => self.filter(name),
            _ => {}
        }
    }

    fn filter(&mut self, name: &[u8]) {
        self.outer.filters = self.outer.filters.saturating_add(1);
        self.outer.flate = matches!(name, b"FlateDecode" | b"Fl");
    }

    fn integer(&mut self, number: u64) -> Option<Found> {
        match self.depth() {
            0 => {
                self.integers = [self.integers[1], Some(number)];
                return Some(Found::Integer(number));
            }
            1 if !self.valued => {
                self.valued = true;
                match self.key {
                    Key::Count => self.outer.count = Some(number),
                    Key::Length => self.outer.length = Some(number),
                    Key::First => self.outer.first = Some(number),
                    Key::Root => self.outer.root = Some(number),
                    Key::Pages => self.outer.pages = Some(number),
                    _ => {}
                }
            }
            2 if self.key == Key::Kids => self.integers = [self.integers[1], Some(number)],
            _ => {}
        }
        None
    }

    fn word(&mut self, word: &[u8]) -> Option<Found> {
        match (self.depth(), word) {
            (0, b"obj") => self.object = self.integers[0],
            (0, b"endobj" | b"trailer") => self.object = None,
            (0, b"stream") => return Some(Found::Stream(std::mem::take(&mut self.last))),
            // An unclosed bracket ends with its object, so that the rest of the file is read.
            (_, b"endobj") => {
                self.open.clear();
                self.beyond = 0;
                self.object = None;
            }
            // "12 0 R": the integer that was taken for the value is a reference.
            (1, b"R") => match self.key {
                Key::Count => self.outer.count = None,
                Key::Length => self.outer.length = None,
                Key::First => self.outer.first = None,
                _ => {}
            },
            (2, b"R") if self.key == Key::Kids && self.outer.kids.len() < KIDS_MAX => {
                self.outer.kids.extend(self.integers[0]);
            }
            (1, _) => self.valued = true,
            _ => {}
        }
        None
    }
}

fn key(name: &[u8]) -> Key {
    match name {
        b"Type" => Key::Type,
        b"Parent" => Key::Parent,
        b"Encrypt" => Key::Encrypt,
        b"Count" => Key::Count,
        b"Length" => Key::Length,
        b"First" => Key::First,
        b"Kids" => Key::Kids,
        b"Root" => Key::Root,
        b"Pages" => Key::Pages,
        b"Filter" => Key::Filter,
        b"DecodeParms" => Key::DecodeParms,
        _ => Key::Other,
    }
}

fn kind(name: &[u8]) -> Kind {
    match name {
        b"Page" => Kind::Page,
        b"Pages" => Kind::Pages,
        b"ObjStm" => Kind::ObjectStream,
        _ => Kind::Other,
    }
}
