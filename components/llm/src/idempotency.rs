//! Which submission a request is: the `Idempotency-Key` of a program (draft-ietf-httpapi-idempotency-key-header-07),
//! or the hidden field of the page's form. Knows neither auth nor the webhook.

use session::Once;
use web::{Fields, Request};

use crate::question::Question;

/// The field that the server writes into the form, and the parameter's name in JSON.
pub const FIELD: &str = "idempotency_key";
/// The header.
pub const HEADER: &str = "idempotency-key";
/// Longest key, in characters; a UUID has 36.
pub const KEY_CHARS_MAX: usize = 128;

/// Not a key: repeated, empty, too long, or with characters other than visible ASCII without `"` and `\`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInvalid;

/// The submission that this request is; `None` for a client that does not say.
///
/// A program's key stands for one question, and another question under it is its mistake. A form's key counts
/// together with its question: whoever goes back, changes the text and sends again asks something new.
///
/// # Errors
/// [`KeyInvalid`]; a key that cannot be read is not ignored, because its sender relies on it.
pub fn submission(
    request: &Request,
    fields: &Fields,
    question: &Question,
) -> Result<Option<Once>, KeyInvalid> {
    let question = question.as_str();
    let mut headers = request.headers.get_all(HEADER).iter();
    match (headers.next(), headers.next()) {
        (Some(header), None) => {
            let key = header.to_str().ok().and_then(unquoted).ok_or(KeyInvalid)?;
            Ok(Some(Once::new(&format!("header {key}"), question)))
        }
        (Some(_), Some(_)) => Err(KeyInvalid),
        (None, _) => match fields.get(FIELD).unwrap_or_default() {
            "" => Ok(None),
            key => {
                let key = unquoted(key).ok_or(KeyInvalid)?;
                Ok(Some(Once::new(&format!("form {key} {question}"), question)))
            }
        },
    }
}

/// A structured-field string (RFC 9651 §3.3.3), or the bare word that most clients send.
fn unquoted(value: &str) -> Option<&str> {
    let value = value.trim();
    let key = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    let fits = (1..=KEY_CHARS_MAX).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    fits.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &[&str], body: &'static str, question: &str) -> Result<Option<Once>, KeyInvalid> {
        let mut request = Request::test("POST", "/send").with_body("application/x-www-form-urlencoded", body);
        for value in header {
            request = request.with(HEADER, value);
        }
        submission(&request, &Fields::parse(&request).unwrap(), &Question::parse(Some(question)).unwrap())
    }

    #[test]
    fn a_key_is_read_quoted_and_bare() {
        let bare = of(&["8e03978e-40d5-43e8"], "", "a").unwrap().unwrap();
        assert_eq!(of(&["\"8e03978e-40d5-43e8\""], "", "a"), Ok(Some(bare)));
        assert_eq!(of(&[], "", "a"), Ok(None));
        assert_eq!(of(&[], "idempotency_key=", "a"), Ok(None));
        assert!(of(&[&"k".repeat(KEY_CHARS_MAX)], "", "a").unwrap().is_some());
        for bad in ["", "\"", "\"\"", "\"a", "a b", "a\"b", "a\\b", "é", &"k".repeat(KEY_CHARS_MAX + 1)] {
            assert_eq!(of(&[bad], "", "a"), Err(KeyInvalid), "{bad}");
        }
        assert_eq!(of(&["a", "a"], "", "a"), Err(KeyInvalid));
        assert_eq!(of(&[], "idempotency_key=a%0Ab", "a"), Err(KeyInvalid));
    }

    #[test]
    fn a_programs_key_stands_for_itself_and_a_forms_counts_with_its_question() {
        let key = |header: &[&str], body, question| of(header, body, question).unwrap().unwrap();
        // Auth sees two questions under one key.
        let (one, two) = (key(&["k"], "", "a"), key(&["k"], "", "b"));
        assert_eq!(one, key(&["k"], "", "a"));
        assert_ne!(one, two);
        assert!(one.has_key_of(&two));
        // And two keys here.
        let (one, two) = (key(&[], "idempotency_key=k", "a"), key(&[], "idempotency_key=k", "b"));
        assert_eq!(one, key(&[], "idempotency_key=k", "a"));
        assert!(!one.has_key_of(&two));
        // The header wins, and is never taken for a form's.
        assert!(key(&["k"], "idempotency_key=x", "a").has_key_of(&key(&["k"], "", "a")));
        assert!(!key(&["k"], "", "a").has_key_of(&key(&[], "idempotency_key=k", "a")));
    }
}
