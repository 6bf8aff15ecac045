//! The types of file that can be converted. The first bytes decide, never the name or the type that a client states.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Pdf,
    Jpeg,
    Png,
    Webp,
    Heic,
    Heif,
}

impl Media {
    /// As many first bytes as decide. No file that can be converted is shorter.
    pub const HEAD_BYTES: usize = 12;

    /// Readers of PDF accept `%PDF-` further in; as the first text it excludes most polyglot files.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [b'%', b'P', b'D', b'F', b'-', ..] => Self::Pdf,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Webp,
            // A box with a length of 64 bits; its brand comes later (picture.rs).
            [0, 0, 0, 1, b'f', b't', b'y', b'p', 0, 0, 0, 0, ..] => Self::Heic,
            // The still pictures of ISO 23008-12; AVIF has other brands. `msf1` is a sequence with a still picture, as
            // cameras write it beside a burst.
            [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', b'i', b'c' | b'x' | b'm' | b's', ..] => {
                Self::Heic
            }
            [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i' | b's', b'f', b'1', ..] => Self::Heif,
            _ => return None,
        })
    }

    /// What blanks and a byte order mark at the start of a file take: some servers and editors put them before a PDF.
    /// They are not part of it. No other file that can be converted begins so.
    #[must_use]
    pub fn blanks_before(head: &[u8]) -> usize {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        head.len() - text.trim_ascii_start().len()
    }

    /// As Gemini calls it.
    #[must_use]
    pub const fn mime_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Heif => "image/heif",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        let check = |head: &[u8], expected: Option<Media>| assert_eq!(Media::of(head), expected, "{head:?}");
        check(b"%PDF-1.7\n%\xe2\xe3", Some(Media::Pdf));
        check(b"\xff\xd8\xff\xe1\0\x10Exif\0\0", Some(Media::Jpeg));
        check(b"\x89PNG\r\n\x1a\n\0\0\0\r", Some(Media::Png));
        check(b"RIFF\0\x01\0\0WEBP", Some(Media::Webp));
        check(b"\0\0\0\x18ftypheic", Some(Media::Heic));
        check(b"\0\0\0\x18ftypheix", Some(Media::Heic));
        check(b"\0\0\0\x18ftypmif1", Some(Media::Heif));
        check(b"\0\0\0\x18ftypmsf1", Some(Media::Heif));
        check(b"\0\0\0\x01ftyp\0\0\0\0", Some(Media::Heic));
        for other in [
            b"\n%PDF-1.7\n%\xe2",
            b"PK\x03\x04\x14\0\0\0\0\0\0\0",
            b"\0\0\0\x18ftypavif",
            b"\0\0\0\x18ftyphevc",
            b"\0\0\0\x18ftypisom",
            b"GIF89a\x01\0\x01\0\0\0",
            b"RIFF\0\x01\0\0WAVE",
            b"\xff\xd8 a text...",
        ] {
            check(other, None);
        }
        check(b"%PD", None);
        let blanks = |head: &[u8]| Media::blanks_before(head);
        assert_eq!((blanks(b"\xef\xbb\xbf\r\n %PDF"), blanks(b"\n"), blanks(b"%PDF \n")), (6, 1, 0));
        assert_eq!((blanks(b"\0\0\0\x18ftypheic"), blanks(b"")), (0, 0));
        check(b"", None);
    }
}
