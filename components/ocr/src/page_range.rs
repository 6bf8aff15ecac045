//! Some pages of a PDF, as a user writes them: `2-4, 7`.

use std::fmt;

use crate::pdf::PAGES_MAX;

/// Never empty; spans in order that do not touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRange(Vec<(u32, u32)>);

impl PageRange {
    /// The longest text that is read, in bytes.
    pub const BYTES_MAX: usize = 200;

    /// Numbers and spans of numbers, separated by commas, semicolons or spaces. `None` for anything else, and for an empty
    /// text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::BYTES_MAX {
            return None;
        }
        let text = text.replace(['–', '—', '−'], "-");
        // The spaces around a dash belong to the span.
        let dashes: Vec<&str> = text.split('-').map(str::trim).collect();
        let mut spans = Vec::new();
        for part in dashes.join("-").split([',', ';', ' ']).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (page(first)?, page(last)?);
            spans.push((first <= last).then_some((first, last))?);
        }
        spans.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in spans {
            match merged.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        (!merged.is_empty()).then_some(Self(merged))
    }

    /// How many pages it names.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// The last page it names.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    /// The pages of the range, or of a whole document.
    #[must_use]
    pub fn or_all(range: Option<&Self>, pages: u32) -> Vec<u32> {
        match range {
            Some(range) => range.0.iter().flat_map(|(first, last)| *first..=*last).collect(),
            None => (1..=pages).collect(),
        }
    }
}

fn page(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok())??;
    (1..=PAGES_MAX).contains(&number).then_some(number)
}

/// In the prompt: `la page 3`, `les pages 2-4, 7`.
impl fmt::Display for PageRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.count() == 1 { "la page " } else { "les pages " })?;
        for (number, (first, last)) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_people_write_them() {
        for (text, expected, count) in [
            ("2-4, 7", "les pages 2-4, 7", 4),
            (" 7 ; 2 – 4", "les pages 2-4, 7", 4),
            ("3", "la page 3", 1),
            ("3-3", "la page 3", 1),
            ("1-3,2-5,6", "les pages 1-6", 6),
            ("300 1", "les pages 1, 300", 2),
        ] {
            let range = PageRange::parse(text).unwrap();
            assert_eq!((range.to_string().as_str(), range.count()), (expected, count), "{text}");
        }
        for text in [
            "",
            " ",
            "0",
            "301",
            "4-2",
            "a",
            "1-",
            "-3",
            "1-2-3",
            "1.5",
            "+1",
            "99999999999",
            &"1,".repeat(101),
        ] {
            assert_eq!(PageRange::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_pages_are_those_of_the_range_or_all() {
        assert_eq!(PageRange::or_all(PageRange::parse("2-3, 9").as_ref(), 20), [2, 3, 9]);
        assert_eq!(PageRange::or_all(None, 3), [1, 2, 3]);
    }
}
