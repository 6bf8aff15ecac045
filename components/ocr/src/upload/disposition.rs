//! The header lines of one multipart part.

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Disposition {
    pub name: String,
    pub filename: Option<String>,
}

/// Reads `Content-Disposition` among the header lines; `None` when it is missing or a line is not a header.
pub fn parse(head: &[u8]) -> Option<Disposition> {
    let text = String::from_utf8_lossy(head);
    let mut found = None;
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        if name.trim().eq_ignore_ascii_case("content-disposition") {
            let (kind, rest) = value.split_once(';')?;
            if !kind.trim().eq_ignore_ascii_case("form-data") || found.is_some() {
                return None;
            }
            found = Some(disposition(rest));
        }
    }
    found
}

fn disposition(text: &str) -> Disposition {
    let mut read = Disposition::default();
    for (name, value) in parameters(text) {
        match name.to_ascii_lowercase().as_str() {
            "name" => read.name = value,
            "filename" => read.filename = Some(value),
            _ => {}
        }
    }
    read
}

/// `; name=value; name="quoted \" value"`: the parameters of a header.
pub fn parameters(mut text: &str) -> impl Iterator<Item = (String, String)> {
    std::iter::from_fn(move || {
        text = text.trim_start_matches([' ', '\t', ';']);
        let (name, rest) = text.split_once('=')?;
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, after) = rest.split_once(';').unwrap_or((rest, ""));
                (value.trim().to_owned(), after)
            }
        };
        text = after;
        Some((name.trim().to_owned(), value))
    })
}

/// A quoted string from after its first quote. A backslash only escapes a quote or a backslash: old
/// Windows clients send whole paths.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => match chars.peek() {
                Some((_, escaped @ ('"' | '\\'))) => {
                    value.push(*escaped);
                    chars.next();
                }
                _ => value.push('\\'),
            },
            _ => value.push(char),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let check = |head: &str, name: &str, filename: Option<&str>| {
            let expected = Disposition { name: name.into(), filename: filename.map(Into::into) };
            assert_eq!(parse(head.as_bytes()), Some(expected), "{head}");
        };
        check(
            "Content-Disposition: form-data; name=\"file\"; filename=\"Énoncé.pdf\"\r\n",
            "file",
            Some("Énoncé.pdf"),
        );
        check("content-disposition:form-data;name=file;filename=a.pdf", "file", Some("a.pdf"));
        check(
            "Content-Disposition: form-data; filename=\"a\\\"b.pdf\"; name=\"file\"",
            "file",
            Some("a\"b.pdf"),
        );
        check(
            "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\notes\\a.pdf\"",
            "file",
            Some("C:\\notes\\a.pdf"),
        );
        check("X: y\r\nContent-Disposition: form-data; name=\"a;b\"", "a;b", None);
        check("Content-Disposition: form-data; name=\"open", "open", None);
    }

    #[test]
    fn anything_else_is_refused() {
        for head in [
            "",
            "X: y",
            "Content-Disposition: attachment; name=file",
            "Content-Disposition: form-data",
            "no colon",
        ] {
            assert_eq!(parse(head.as_bytes()), None, "{head}");
        }
        let twice = "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b";
        assert_eq!(parse(twice.as_bytes()), None);
    }
}
