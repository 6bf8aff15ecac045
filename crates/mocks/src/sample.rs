//! Small PDFs made on the spot, for tests and demonstrations: with a text layer, without one, locked,
//! damaged, or of a given size.

use std::fmt::Write as _;

use crate::text_layer::OTHER_CODES;

/// One page per slice, one line per string, in Helvetica with the Windows Latin-1 encoding. Characters
/// outside it become `?`.
#[must_use]
pub fn pdf(pages: &[&[&str]]) -> Vec<u8> {
    let contents: Vec<Vec<u8>> = pages.iter().map(|lines| page_content(lines)).collect();
    build(&contents, None, 0)
}

/// Pages with a drawing and no text, as a scanner makes them.
#[must_use]
pub fn scan(pages: usize) -> Vec<u8> {
    let drawing = b"0.9 g 72 72 450 700 re f 0 g 100 600 m 300 640 l S".to_vec();
    build(&vec![drawing; pages], None, 0)
}

/// A document that is locked by an unknown password.
#[must_use]
pub fn encrypted() -> Vec<u8> {
    let lock = "<< /Filter /Standard /V 2 /R 3 /Length 128 /P -44 \
         /O <0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20> \
         /U <201F1E1D1C1B1A191817161514131211100F0E0D0C0B0A090807060504030201> >>";
    build(&[page_content(&["Secret"])], Some(lock), 0)
}

/// The beginning of a PDF: the header is right and nothing else can be found.
#[must_use]
pub fn damaged() -> Vec<u8> {
    let mut bytes = pdf(&[&["Exercice 1"]]);
    bytes.truncate(bytes.len() / 3);
    bytes
}

/// A readable one-page document of at least `bytes` bytes, most of it an unused stream.
#[must_use]
pub fn padded(bytes: usize) -> Vec<u8> {
    build(&[page_content(&["Exercice 1", "Un document volumineux."])], None, bytes)
}

fn page_content(lines: &[&str]) -> Vec<u8> {
    let mut content = b"BT /F1 11 Tf 72 770 Td 16 TL\n".to_vec();
    for line in lines {
        content.push(b'(');
        for character in line.chars() {
            let byte = code(character);
            if matches!(byte, b'(' | b')' | b'\\') {
                content.push(b'\\');
            }
            content.push(byte);
        }
        content.extend_from_slice(b") Tj T*\n");
    }
    content.extend_from_slice(b"ET");
    content
}

/// The code of a character in the font's encoding.
fn code(character: char) -> u8 {
    let windows = OTHER_CODES.iter().find(|(code, meant)| *code >= 0x80 && meant.starts_with(character));
    windows.map_or_else(|| u8::try_from(character).unwrap_or(b'?'), |(code, _)| *code)
}

/// Objects: 1 catalogue, 2 page tree, 3 font, 4 padding, then a page and its content in turn.
fn build(contents: &[Vec<u8>], encrypt: Option<&str>, padding: usize) -> Vec<u8> {
    let kids: String = (0..contents.len()).fold(String::new(), |mut kids, at| {
        let _ = write!(kids, "{} 0 R ", 5 + 2 * at);
        kids
    });
    let mut objects: Vec<Vec<u8>> = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", contents.len()).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
        stream(&vec![b'.'; padding]),
    ];
    for (at, content) in contents.iter().enumerate() {
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>",
            6 + 2 * at
        );
        objects.push(page.into_bytes());
        objects.push(stream(content));
    }
    let mut out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (at, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        out.extend_from_slice(format!("{} 0 obj\n", at + 1).as_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    let lock = encrypt.map(|lock| format!("/Encrypt {lock} /ID [<00> <00>] ")).unwrap_or_default();
    let count = objects.len() + 1;
    out.extend_from_slice(
        format!("xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R {lock}>>\nstartxref\n{start}\n%%EOF\n")
            .as_bytes(),
    );
    out
}

fn stream(content: &[u8]) -> Vec<u8> {
    let mut object = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    object.extend_from_slice(content);
    object.extend_from_slice(b"\nendstream");
    object
}
