//! The named values of a submitted form, or of the JSON object that a program sends instead.

use std::fmt;

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

use crate::{Problem, Request, Text};

/// The most fields of a form or of a JSON object. The rest is not read.
const FIELDS_MAX: usize = 16;

/// The fields of one submission. No `Debug`: a field can be a password.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "no password may reach a log")]
pub struct Fields(Vec<(String, SecretString)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`, or a flat JSON object whose values are strings or null (an empty
    /// field).
    ///
    /// # Errors
    /// 415 for another content type; 400 for bytes that are not UTF-8, JSON that does not parse, a value of the wrong
    /// type, a repeated field (it is unclear which one counts, ASVS 15.3.7) or more than [`FIELDS_MAX`].
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
        self.secret(name).map(ExposeSecret::expose_secret)
    }

    /// The value of a secret field, such as a password; `None` when it was not sent.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&SecretString> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    fn from_json(body: &[u8]) -> Result<Self, Problem> {
        // The error of serde would quote the value.
        serde_json::from_slice(body).map_err(|_| malformed())
    }

    /// At most [`FIELDS_MAX`] comparisons for each of as many fields. False when the name is known.
    fn add(&mut self, name: String, value: SecretString) -> bool {
        let known = self.secret(&name).is_some();
        self.0.push((name, value));
        !known
    }

    fn from_form(body: &[u8]) -> Result<Self, Problem> {
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let mut fields = Self::default();
        for pair in at_most(FIELDS_MAX, pairs).ok_or_else(malformed)? {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if !fields.add(name, value.into()) {
                return Err(malformed());
            }
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flat;
        impl<'de> Visitor<'de> for Flat {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a flat object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = object.next_entry::<String, Option<String>>()? {
                    if fields.0.len() == FIELDS_MAX || !fields.add(name, value.unwrap_or_default().into()) {
                        return Err(A::Error::custom("too many fields, or a repeated one"));
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Flat)
    }
}

/// All items, or `None` when there are more than `max`: then the rest is not read.
fn at_most<T>(max: usize, items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.take(max + 1).collect();
    (items.len() <= max).then_some(items)
}

/// Decodes percent-encoding strictly: `form_urlencoded` would replace bytes that are not UTF-8 by U+FFFD, and so a
/// password by another one.
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

    fn parse(content_type: &str, body: &[u8]) -> Result<Fields, StatusCode> {
        let request = Request::test("POST", "/auth").with_body(content_type, body.to_vec());
        Fields::parse(&request).map_err(|problem| problem.status())
    }

    static_assertions::assert_not_impl_any!(Fields: std::fmt::Debug);

    #[test]
    fn a_form_and_json_give_the_same_fields() {
        for (kind, body) in [
            // Decoded once: what then looks encoded stays.
            (FORM, b"username=L%C3%A9a&password=a+b%26c%2541".as_slice()),
            ("application/json", "{\"username\":\"Léa\",\"password\":\"a b&c%41\"}".as_bytes()),
            (
                "application/json; charset=utf-8",
                "{\"username\":\"Léa\",\"password\":\"a b&c%41\"}".as_bytes(),
            ),
        ] {
            let fields = parse(kind, body).ok().unwrap();
            assert_eq!(fields.get("username"), Some("Léa"));
            assert_eq!(fields.get("password"), Some("a b&c%41"));
            assert_eq!(fields.get("other"), None);
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_refused() {
        assert_eq!(parse(FORM, b"username=a&username=b").err(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(parse(FORM, b"username=%ff%fe").err(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(parse("application/json", b"{\"username\":1}").err(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(parse("application/json", b"[1]").err(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(parse("application/json", b"{").err(), Some(StatusCode::BAD_REQUEST));
        for repeated in
            [r#"{"username":"a","username":"b"}"#, r#"{"a":"x","b":null,"\u0061":"x"}"#, r#"{"a":"x"}{}"#]
        {
            assert_eq!(parse("application/json", repeated.as_bytes()).err(), Some(StatusCode::BAD_REQUEST));
        }
        assert_eq!(parse("text/plain", b"a=b").err(), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }

    #[test]
    fn a_submission_has_at_most_sixteen_fields() {
        let form = |fields: usize| (0..fields).map(|n| format!("&field{n}=x")).collect::<String>();
        assert!(parse(FORM, form(FIELDS_MAX).as_bytes()).is_ok());
        assert_eq!(parse(FORM, form(FIELDS_MAX + 1).as_bytes()).err(), Some(StatusCode::BAD_REQUEST));
        let json = |fields: usize| {
            let members: Vec<String> = (0..fields).map(|n| format!("\"field{n}\":\"x\"")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(parse("application/json", json(FIELDS_MAX).as_bytes()).is_ok());
        let refused = parse("application/json", json(FIELDS_MAX + 1).as_bytes());
        assert_eq!(refused.err(), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn the_number_of_fields_that_are_read_does_not_grow_with_the_form() {
        let fields_read = |fields: usize| {
            let mut steps = 0;
            assert!(at_most(FIELDS_MAX, (0..fields).inspect(|_| steps += 1)).is_none());
            steps
        };
        let (once, twice, four_times) = (fields_read(1000), fields_read(2000), fields_read(4000));
        assert_eq!((once, twice, four_times), (FIELDS_MAX + 1, FIELDS_MAX + 1, FIELDS_MAX + 1));
    }
}
