//! The names of the `.tex` and `.md` files, made from the name of the upload.
//!
//! The client's name is untrusted: it is shown and sent in a header, and never used as a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::char::compose;

/// Characters of the name kept, without the extension.
const NAME_CHARS_MAX: usize = 80;
const DEFAULT: &str = "document";
const EXTENSIONS: [&str; 7] = ["pdf", "jpg", "jpeg", "png", "webp", "heic", "heif"];
/// In `filename*` (RFC 8187).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// The upload's name as it may be shown: the last path component, without control or direction characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
        let safe = composed(last).filter(|char| !is_unsafe(*char));
        let clean: String = safe.take(NAME_CHARS_MAX + 4).collect();
        let clean = clean.trim().trim_start_matches('.');
        Self(if clean.is_empty() { DEFAULT } else { clean }.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the LaTeX file, in ASCII: `Énoncé n°3.pdf` gives `Enonce_n3.tex`.
    #[must_use]
    pub fn tex(&self) -> String {
        self.named("tex")
    }

    /// The name of the Markdown file, likewise.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.named("md")
    }

    /// The name of a download, with its accents: `été.pdf` gives `été.tex`.
    #[must_use]
    pub fn titled(&self, extension: &str) -> String {
        format!("{}.{extension}", stem(&self.0))
    }

    fn named(&self, extension: &str) -> String {
        let mut name = String::new();
        for char in stem(&self.0).chars() {
            match without_accents(char) {
                part @ ('a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.') => name.push(part),
                '_' | ' ' | '\t' if !name.ends_with('_') => name.push('_'),
                _ => {}
            }
        }
        let name: String = name.trim_matches(['.', '_', '-']).chars().take(NAME_CHARS_MAX).collect();
        let name = if name.is_empty() { DEFAULT.to_owned() } else { name };
        let first = name.split('.').next().unwrap_or_default();
        let prefix = if is_device(first) { "_" } else { "" };
        format!("{prefix}{name}.{extension}")
    }

    /// `Content-Disposition` of the download (RFC 6266), with the accents in `filename*`. `extension`: `tex` or `md`.
    #[must_use]
    pub fn content_disposition(&self, extension: &str) -> String {
        let name = self.titled(extension);
        let encoded = utf8_percent_encode(&name, ENCODED);
        format!("attachment; filename=\"{}\"; filename*=UTF-8''{encoded}", self.named(extension))
    }
}

/// The combining accents of the Latin letters of European languages and Vietnamese.
const ACCENTS: [char; 15] = [
    '\u{300}', '\u{301}', '\u{302}', '\u{303}', '\u{304}', '\u{306}', '\u{307}', '\u{308}', '\u{309}',
    '\u{30a}', '\u{30b}', '\u{30c}', '\u{31b}', '\u{327}', '\u{328}',
];
/// Those that Vietnamese puts on a letter which has one already, and below.
const SECOND_ACCENTS: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// The ASCII letter under at most two accents; any other character as it is. Searches backwards through the composition
/// table (4,680 steps at most), because the decomposition tables would be 3 % of this component.
fn without_accents(char: char) -> char {
    let letters = || ('A'..='Z').chain('a'..='z');
    let is = |made: Option<char>| made == Some(char);
    let carries = |base: char| {
        SECOND_ACCENTS.iter().any(|second| is(compose(base, *second)))
            || ACCENTS
                .iter()
                .filter_map(|first| compose(base, *first))
                .any(|one| one == char || SECOND_ACCENTS.iter().any(|second| is(compose(one, *second))))
            || compose(base, '\u{323}')
                .is_some_and(|one| ACCENTS.iter().any(|second| is(compose(one, *second))))
    };
    if char.is_ascii() { char } else { letters().find(|base| carries(*base)).unwrap_or(char) }
}

/// Letters with the accents that follow them as one character each (macOS sends them apart), so that a name looks the
/// same everywhere. Not full NFC: its tables would be a tenth of this component.
fn composed(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let mut char = chars.next()?;
        while let Some(whole) = chars.peek().and_then(|accent| compose(char, *accent)) {
            char = whole;
            chars.next();
        }
        Some(char)
    })
}

/// The name without the extension of a type that can be converted.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, end)) if EXTENSIONS.iter().any(|extension| end.eq_ignore_ascii_case(extension)) => stem,
        _ => name,
    }
}

/// Control characters, and those that change the direction of the text around them.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Names that Windows reserves for devices.
fn is_device(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || matches!(upper.as_bytes(), [b'C', b'O', b'M', b'0'..=b'9'] | [b'L', b'P', b'T', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tex_file_is_named_after_the_upload() {
        let check = |raw: &str, shown: &str, tex: &str| {
            let name = FileName::parse(raw);
            assert_eq!((name.as_str(), name.tex().as_str()), (shown, tex), "{raw:?}");
        };
        check("examen.pdf", "examen.pdf", "examen.tex");
        check("Énoncé n°3.PDF", "Énoncé n°3.PDF", "Enonce_n3.tex");
        check("E\u{301}nonce\u{301}.pdf", "Énoncé.pdf", "Enonce.tex");
        check("数学.pdf", "数学.pdf", "document.tex");
        check("C:\\notes\\../../etc/passwd", "passwd", "passwd.tex");
        check("..", "document", "document.tex");
        check("IMG_1234.HEIC", "IMG_1234.HEIC", "IMG_1234.tex");
        check("photo.1.jpeg", "photo.1.jpeg", "photo.1.tex");
        check("a\r\nb\u{202e}c.pdf", "abc.pdf", "abc.tex");
        check("con.pdf", "con.pdf", "_con.tex");
        check("TD  1 - intégrales.pdf", "TD  1 - intégrales.pdf", "TD_1_-_integrales.tex");
    }

    #[test]
    fn the_header_carries_both_spellings() {
        assert_eq!(
            FileName::parse("Énoncé \"1\".pdf").content_disposition("tex"),
            "attachment; filename=\"Enonce_1.tex\"; filename*=UTF-8''%C3%89nonc%C3%A9%20%221%22.tex"
        );
        assert_eq!(FileName::parse("Énoncé.pdf").markdown(), "Enonce.md");
        assert!(FileName::parse("a.pdf").content_disposition("md").contains("a.md"));
    }

    proptest! {
        #[test]
        fn any_name_gives_a_safe_one(raw in ".{0,200}") {
            let name = FileName::parse(&raw);
            let tex = name.tex();
            prop_assert!(tex.ends_with(".tex") && tex.len() <= NAME_CHARS_MAX + 5);
            prop_assert!(tex.chars().all(|char| char.is_ascii_alphanumeric() || "._-".contains(char)));
            prop_assert!(!tex.starts_with('.'));
            prop_assert!(name.content_disposition("md").bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(!name.as_str().contains(['/', '\\']));
        }
    }
}
