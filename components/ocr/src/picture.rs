//! What is checked of a picture while its bytes pass: that the header of its format is whole, that its sides make sense,
//! and that it does not move. Nothing is decoded.
//!
//! Holds the 33 bytes at most that are read together, so its result does not depend on how the bytes are cut.

use crate::media::Media;

/// The most pictures of one document.
pub const PICTURES_MAX: u32 = 20;
/// The longest side, in pixels. Panoramas have 20,000.
pub const SIDE_MAX: u32 = 32_768;

/// Why a picture cannot be used; for the log.
type Cause = &'static str;

pub struct PictureCheck {
    media: Media,
    step: Step,
    /// The next bytes that are read together, as far as they have arrived.
    header: Vec<u8>,
    /// Bytes to pass over before them.
    skip: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The first bytes of the file; of a JPEG, those after its mark.
    Start,
    /// The head of a further segment, chunk or box.
    Next,
    /// The sides of a JPEG.
    Sides,
    /// The rest of a HEIC's first box that has a length of 64 bits: the low half of it, and the brand.
    Wide,
    /// All that is checked has been seen.
    Done,
}

impl PictureCheck {
    #[must_use]
    pub fn new(media: Media) -> Self {
        let skip = if media == Media::Jpeg { 2 } else { 0 };
        Self { media, step: Step::Start, header: Vec::new(), skip }
    }

    /// # Errors
    /// Why the picture cannot be used.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Cause> {
        while self.step != Step::Done && !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            let (_, mut rest) = bytes.split_at(skipped);
            // Some cameras pad the segments of a JPEG with zeros.
            while self.media == Media::Jpeg
                && self.step == Step::Next
                && self.header.is_empty()
                && rest.first() == Some(&0)
            {
                rest = rest.get(1..).unwrap_or_default();
            }
            // Before the mark of a JPEG's segment any number of these may stand: passed over together.
            while self.media == Media::Jpeg && self.header == [0xff] && rest.first() == Some(&0xff) {
                rest = rest.get(1..).unwrap_or_default();
            }
            let missing = self.wanted().saturating_sub(self.header.len()).min(rest.len());
            let (more, rest) = rest.split_at(missing);
            self.header.extend_from_slice(more);
            bytes = rest;
            if self.header.len() == self.wanted() {
                let header = std::mem::take(&mut self.header);
                self.read(&header)?;
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the picture ended before what is checked.
    pub fn finish(&self) -> Result<(), Cause> {
        if self.step == Step::Done { Ok(()) } else { Err("ends within its header") }
    }

    fn wanted(&self) -> usize {
        match (self.media, self.step) {
            (Media::Jpeg, Step::Sides) => 5,
            (Media::Jpeg, _) => 4,
            (Media::Png, Step::Start) => 33,
            (Media::Webp, _) => 30,
            (_, Step::Start) => 12,
            _ => 8,
        }
    }

    fn read(&mut self, header: &[u8]) -> Result<(), Cause> {
        self.step = match (self.media, self.step, header) {
            // A JPEG is a list of segments, each with its length. That of the sides has one of thirteen marks.
            // A height of zero is stated behind the picture.
            (Media::Jpeg, Step::Sides, [_, h1, h2, w1, w2]) => {
                sides(be(&[*w1, *w2]), be(&[*h1, *h2]).max(1))?
            }
            (Media::Jpeg, _, [0xff, 0xff, ..]) => {
                let fill = header.iter().take_while(|byte| **byte == 0xff).count() - 1;
                self.header = header.get(fill..).unwrap_or_default().to_vec();
                Step::Next
            }
            (Media::Jpeg, _, [0xff, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf, ..]) => {
                Step::Sides
            }
            (Media::Jpeg, _, [0xff, 0xc4 | 0xc8 | 0xcc | 0xdb..=0xfe, l1, l2]) => {
                self.skip = be(&[*l1, *l2]).checked_sub(2).ok_or("a segment without a length")? as usize;
                Step::Next
            }
            // A PNG is a list of chunks: length, type, data, checksum.
            (Media::Png, Step::Start, _) if header.get(12..16) == Some(b"IHDR") => {
                sides(
                    be(header.get(16..20).unwrap_or_default()),
                    be(header.get(20..24).unwrap_or_default()),
                )?;
                Step::Next
            }
            (Media::Png, Step::Next, [_, _, _, _, b'I', b'D', b'A', b'T']) => Step::Done,
            (Media::Png, Step::Next, [_, _, _, _, b'a', b'c', b'T', b'L']) => return Err(MOVES),
            (Media::Png, Step::Next, [length @ .., _, _, _, _]) => {
                self.skip = (be(length) as usize).saturating_add(4);
                Step::Next
            }
            (Media::Webp, ..) => webp(header.get(12..).unwrap_or_default())?,
            (Media::Heic, Step::Start, [0, 0, 0, 1, ..]) => Step::Wide,
            (_, Step::Wide, [s1, s2, s3, s4, brand @ ..]) => {
                let head = [&[0, 0, 0, 24], b"ftyp".as_slice(), brand].concat();
                Media::of(&head)
                    .filter(|media| *media != Media::Heic || brand != [0; 4])
                    .ok_or("an unknown brand")?;
                self.skip =
                    be(&[*s1, *s2, *s3, *s4]).checked_sub(20).ok_or("a box without a length")? as usize;
                Step::Next
            }
            // HEIC is a list of boxes; one more must follow the first. The sides are too deep in it.
            (Media::Heic | Media::Heif, Step::Start, [s1, s2, s3, s4, ..]) => {
                let size = be(&[*s1, *s2, *s3, *s4]);
                self.skip = size.checked_sub(12).ok_or("a box without a length")? as usize;
                Step::Next
            }
            (Media::Heic | Media::Heif, Step::Next, _) => Step::Done,
            _ => return Err("not the header of its format"),
        };
        Ok(())
    }
}

const MOVES: Cause = "animated";

/// The first chunk of a WebP: its name, its length, its first bytes.
fn webp(chunk: &[u8]) -> Result<Step, Cause> {
    let [b'V', b'P', b'8', kind, _, _, _, _, data @ ..] = chunk else {
        return Err("not the header of a WebP");
    };
    match (kind, data) {
        (b' ', [_, _, _, 0x9d, 0x01, 0x2a, w1, w2, h1, h2]) => {
            sides(be(&[*w2 & 0x3f, *w1]), be(&[*h2 & 0x3f, *h1]))
        }
        // Here the sides are stored less one, and have 14 bits each.
        (b'L', [0x2f, ..]) => Ok(Step::Done),
        (b'X', [flags, ..]) if flags & 2 != 0 => Err(MOVES),
        (b'X', [_, _, _, _, w1, w2, w3, h1, h2, h3]) => {
            sides(be(&[*w3, *w2, *w1]) + 1, be(&[*h3, *h2, *h1]) + 1)
        }
        _ => Err("not the header of a WebP"),
    }
}

fn sides(width: u32, height: u32) -> Result<Step, Cause> {
    let fits = |side: u32| (1..=SIDE_MAX).contains(&side);
    if fits(width) && fits(height) { Ok(Step::Done) } else { Err("its sides are zero or absurd") }
}

/// The number that these bytes are, the highest first.
fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests;
