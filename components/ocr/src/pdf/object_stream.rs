//! Object streams: where most modern PDFs keep their page dictionaries, Flate-compressed.
//!
//! Owns the bounded inflation of one such stream and the table of object numbers at its beginning (ISO 32000-1
//! §7.5.7). Holds one 32 KiB window however large the stream is, and stops at a budget, which bounds the cost of
//! a compression bomb, and before that after each step, so that its caller can give way to other requests.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::lexer::Lexer;
use super::structure::{Dictionary, Found, Kind, Structure};

const OUTPUT_BYTES: usize = 16 * 1024;
/// What is inflated in a row, in bytes: a few milliseconds.
pub const STEP_BYTES: u64 = 256 * 1024;
/// A writer puts 100 to 200 objects into one stream; this many pairs are remembered.
const PAIRS_MAX: usize = 8 * 1024;

pub struct ObjectStream {
    /// `None`: the stream is not compressed.
    inflater: Option<Box<InflateState>>,
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
    /// Where each object begins and its number, the next one last. Made from the table at the first object.
    objects: Option<Vec<(u64, u64)>>,
    current: Option<u64>,
}

impl ObjectStream {
    /// `None` when the stream is not one that can be read this way: then its objects are not counted.
    pub fn open(dictionary: &Dictionary) -> Option<Self> {
        let flate = dictionary.filters == 1 && dictionary.flate && !dictionary.has_parameters;
        let first = dictionary.first?;
        (dictionary.kind == Kind::ObjectStream && (flate || dictionary.filters == 0)).then(|| Self {
            inflater: flate.then(|| InflateState::new_boxed(DataFormat::Zlib)),
            output: Box::new([0; OUTPUT_BYTES]),
            done: false,
            content: Content { first, ..Content::default() },
        })
    }

    /// Reads `input`, inflated where it is compressed, and reports each object's dictionary; takes what it inflates out of
    /// `budget` (bytes). Returns how much of the input has been read: not all when a step ends before it.
    pub fn push(&mut self, input: &[u8], budget: &mut u64, mut found: impl FnMut(&Dictionary)) -> usize {
        let Some(inflater) = &mut self.inflater else {
            input.iter().for_each(|byte| self.content.push(*byte, &mut found));
            return input.len();
        };
        let (mut left, before) = (input, *budget);
        while !self.done {
            if before - *budget >= STEP_BYTES && left.len() < input.len() && !left.is_empty() {
                return input.len() - left.len();
            }
            let step = inflate(inflater, left, &mut self.output[..], MZFlush::None);
            left = left.get(step.bytes_consumed..).unwrap_or_default();
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
                break;
            }
            if stuck || (left.is_empty() && step.bytes_written < OUTPUT_BYTES) {
                break;
            }
        }
        // What follows the compressed data, or nothing.
        input.len()
    }
}

impl Content {
    fn push(&mut self, byte: u8, found: &mut impl FnMut(&Dictionary)) {
        let Self { lexer, structure, first, position, table, objects, current } = self;
        *position += 1;
        lexer.push(byte, &mut |token| match structure.push(token) {
            Some(Found::Integer(number))
                if *position <= first.saturating_add(1) && table.len() < 2 * PAIRS_MAX =>
            {
                table.push(number);
            }
            Some(Found::Begins) => {
                let objects = objects.get_or_insert_with(|| by_position(table, *first));
                while let Some((_, number)) = objects.pop_if(|(begins, _)| *begins < *position) {
                    *current = Some(number);
                }
            }
            Some(Found::Dictionary(dictionary)) => {
                found(&Dictionary { object: *current, ..dictionary });
            }
            _ => {}
        });
    }

    fn finish(&mut self, found: &mut impl FnMut(&Dictionary)) {
        self.push(b'\n', found);
    }
}

/// The objects of a table, the last one first, so that each is taken from the end when its position is reached.
fn by_position(table: &[u64], first: u64) -> Vec<(u64, u64)> {
    let (pairs, _) = table.as_chunks();
    let mut objects: Vec<_> =
        pairs.iter().map(|[number, offset]| (first.saturating_add(*offset), *number)).collect();
    objects.sort_unstable_by(|one, other| other.cmp(one));
    objects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_of_the_table_is_used_once_and_names_the_dictionary_that_follows() {
        let table = "7 0 5 6 6 3 ";
        let mut content = Content { first: table.len() as u64, ..Content::default() };
        let mut numbers = Vec::new();
        for byte in format!("{table}12 <<>><<>> ").bytes() {
            content.push(byte, &mut |dictionary: &Dictionary| numbers.push(dictionary.object));
        }
        assert_eq!((numbers, content.objects), (vec![Some(6), Some(5)], Some(Vec::new())));
    }
}
