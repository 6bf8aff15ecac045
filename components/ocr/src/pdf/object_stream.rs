//! Object streams: where most modern PDFs keep their page dictionaries, Flate-compressed.
//!
//! Owns the bounded inflation of one such stream and the table of object numbers at its beginning (ISO 32000-1
//! §7.5.7). Keeps one 32 KiB window however large the stream is, and stops at a budget, so that a compression
//! bomb costs what the budget says and no more.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::lexer::Lexer;
use super::structure::{Dictionary, Found, Kind, Structure};

const OUTPUT_BYTES: usize = 16 * 1024;
/// A writer puts 100 to 200 objects into one stream; this many pairs are remembered.
const PAIRS_MAX: usize = 8 * 1024;

pub struct ObjectStream {
    inflater: Box<InflateState>,
    output: Box<[u8; OUTPUT_BYTES]>,
    done: bool,
    content: Content,
}

#[derive(Default)]
struct Content {
    lexer: Lexer,
    structure: Structure,
    first: u64,
    position: u64,
    /// The table: object number, offset, object number, offset, …
    table: Vec<u64>,
    current: Option<u64>,
}

impl std::fmt::Debug for ObjectStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectStream").field("done", &self.done).finish_non_exhaustive()
    }
}

impl ObjectStream {
    /// `None` when the stream is not one that can be read this way: then its objects are not counted.
    pub fn open(dictionary: &Dictionary) -> Option<Self> {
        let plain_flate = dictionary.filters == 1 && dictionary.flate && !dictionary.has_parameters;
        let first = dictionary.first?;
        (dictionary.kind == Kind::ObjectStream && plain_flate).then(|| Self {
            inflater: InflateState::new_boxed(DataFormat::Zlib),
            output: Box::new([0; OUTPUT_BYTES]),
            done: false,
            content: Content { first, ..Content::default() },
        })
    }

    /// Inflates `input` and reports each object's dictionary; takes what it inflates out of `budget` (bytes).
    pub fn push(&mut self, mut input: &[u8], budget: &mut u64, mut found: impl FnMut(&Dictionary)) {
        while !self.done {
            let step = inflate(&mut self.inflater, input, &mut self.output[..], MZFlush::None);
            input = input.get(step.bytes_consumed..).unwrap_or_default();
            let produced = self.output.get(..step.bytes_written).unwrap_or_default();
            *budget = budget.saturating_sub(produced.len() as u64);
            for byte in produced {
                self.content.push(*byte, &mut found);
            }
            let stuck = step.bytes_consumed == 0 && step.bytes_written == 0;
            if !matches!(step.status, Ok(MZStatus::Ok)) || *budget == 0 {
                self.done = !matches!(step.status, Err(miniz_oxide::MZError::Buf)) || *budget == 0;
                if self.done {
                    self.content.finish(&mut found);
                }
                return;
            }
            if stuck || (input.is_empty() && step.bytes_written < OUTPUT_BYTES) {
                return;
            }
        }
    }
}

impl Content {
    fn push(&mut self, byte: u8, found: &mut impl FnMut(&Dictionary)) {
        let Self { lexer, structure, first, position, table, current } = self;
        *position += 1;
        lexer.push(byte, &mut |token| match structure.push(token) {
            Some(Found::Integer(number))
                if *position <= first.saturating_add(1) && table.len() < 2 * PAIRS_MAX =>
            {
                table.push(number);
            }
            Some(Found::Begins) => *current = object_at(table, first, *position),
            Some(Found::Dictionary(dictionary)) => {
                found(&Dictionary { object: current.take(), ..dictionary });
            }
            _ => {}
        });
    }

    fn finish(&mut self, found: &mut impl FnMut(&Dictionary)) {
        self.push(b'\n', found);
    }
}

/// The object whose text begins last before `position`, the count of bytes read so far.
fn object_at(table: &[u64], first: &u64, position: u64) -> Option<u64> {
    table
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [number, offset] => Some((first.saturating_add(*offset), *number)),
            _ => None,
        })
        .filter(|(begins, _)| *begins < position)
        .max()
        .map(|(_, number)| number)
}
