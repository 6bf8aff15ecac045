//! The named values of a submitted form, or of the JSON object that a program sends instead.

use http::StatusCode;
use serde_json::Value;

use crate::{Problem, Request, Text};

/// The fields of one submission. A name that is sent twice is refused: which one did the user mean?
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`, or a flat JSON object whose values are strings (others are ignored
    /// unless asked for).
    ///
    /// # Errors
    /// 415 for another content type; 400 for bytes that are not UTF-8, JSON that does not parse, a value of the wrong
    /// type, and a repeated form field.
    pub fn parse(request: &Request) -> Result<Self, Problem> {
        match request.content_type().as_deref() {
            Some("application/json") => Self::from_json(&request.body),
            Some("application/x-www-form-urlencoded") => Self::from_form(&request.body),
            _ => Err(unsupported()),
        }
    }

    /// The value of `name`; `None` when it was not sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(malformed());
        };
        let text = |(key, value)| match value {
            Value::String(text) => Ok((key, text)),
            Value::Null => Ok((key, String::new())),
            _ => Err(malformed()),
        };
        object.into_iter().map(text).collect::<Result<_, _>>().map(Self)
    }

    fn from_form(body: &[u8]) -> Result<Self, Problem> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(malformed());
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }
}

/// Undoes percent-encoding strictly: `form_urlencoded` would put U+FFFD for bad bytes, and a password would
/// silently become another one.
fn decode(encoded: &[u8]) -> Result<String, Problem> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_encoding::percent_decode(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| malformed())
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_body",
        Text::new(
            "Les données envoyées sont illisibles. Rechargez la page et recommencez.",
            "The data sent cannot be read. Reload the page and try again.",
        ),
    )
}

fn unsupported() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        Text::new(
            "Envoyez un formulaire (application/x-www-form-urlencoded) ou du JSON (application/json).",
            "Send a form (application/x-www-form-urlencoded) or JSON (application/json).",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn parse(content_type: &str, body: &'static [u8]) -> Result<Fields, StatusCode> {
        let request = Request::test("POST", "/auth").with_body(content_type, body);
        Fields::parse(&request).map_err(|problem| problem.status())
    }

    #[test]
    fn a_form_and_json_give_the_same_fields() {
        for (kind, body) in [
            (FORM, b"username=L%C3%A9a&password=a+b%26c".as_slice()),
            ("application/json", "{\"username\":\"Léa\",\"password\":\"a b&c\"}".as_bytes()),
            ("application/json; charset=utf-8", "{\"username\":\"Léa\",\"password\":\"a b&c\"}".as_bytes()),
        ] {
            let fields = parse(kind, body).unwrap();
            assert_eq!(fields.get("username"), Some("Léa"));
            assert_eq!(fields.get("password"), Some("a b&c"));
            assert_eq!(fields.get("other"), None);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(parse(FORM, b"username=a&username=b").unwrap_err(), StatusCode::BAD_REQUEST);
        assert_eq!(parse(FORM, b"username=%ff%fe").unwrap_err(), StatusCode::BAD_REQUEST);
        assert_eq!(parse("application/json", b"{\"username\":1}").unwrap_err(), StatusCode::BAD_REQUEST);
        assert_eq!(parse("application/json", b"[1]").unwrap_err(), StatusCode::BAD_REQUEST);
        assert_eq!(parse("application/json", b"{").unwrap_err(), StatusCode::BAD_REQUEST);
        assert_eq!(parse("text/plain", b"a=b").unwrap_err(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
