//! The idempotency key of a request: the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), or the
//! hidden field of the page's form.

use auth_api::IdempotencyKey;
use web::{Fields, Request};

use crate::prompt::Prompt;

/// The hidden field of the form, and the key's name in JSON.
pub const FIELD: &str = "idempotency_key";
const HEADER: &str = "idempotency-key";
/// Longest key, in characters. A UUID has 36.
pub const KEY_CHARS_MAX: usize = 128;

/// The key is repeated, empty, too long, or has characters other than visible ASCII without `"` and `\`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInvalid;

/// The key of this request, if it has one.
///
/// The key of the header identifies one question with its conversation and mode; another one under it is an error, which
/// auth reports. The key of the form identifies a submission together with them, because a user can go back, change the
/// text and send the same form again.
///
/// # Errors
/// [`KeyInvalid`]. An invalid key is not ignored, because the client relies on it.
pub fn key(
    request: &Request,
    fields: &Fields,
    prompt: &Prompt,
) -> Result<Option<IdempotencyKey>, KeyInvalid> {
    let question = prompt.as_str();
    let mut headers = request.headers.get_all(HEADER).iter();
    match (headers.next(), headers.next()) {
        (Some(header), None) => {
            let key = header.to_str().ok().and_then(unquoted).ok_or(KeyInvalid)?;
            Ok(Some(IdempotencyKey::new(&format!("header {key}"), question)))
        }
        (Some(_), Some(_)) => Err(KeyInvalid),
        (None, _) => match fields.get(FIELD).unwrap_or_default() {
            "" => Ok(None),
            key => {
                let key = unquoted(key).ok_or(KeyInvalid)?;
                Ok(Some(IdempotencyKey::new(&format!("form {key} {question}"), question)))
            }
        },
    }
}

/// The content of a structured-field string (RFC 9651 §3.3.3), or the bare word that most clients send.
fn unquoted(value: &str) -> Option<&str> {
    let value = value.trim();
    let key = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    let fits = (1..=KEY_CHARS_MAX).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    fits.then_some(key)
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;
    use crate::conversation::Conversation;
    use crate::mode::Mode;
    use crate::question::Question;

    fn of(header: &[&str], body: &'static str, question: &str) -> Result<Option<IdempotencyKey>, KeyInvalid> {
        let mut request = Request::test("POST", "/send").with_body("application/x-www-form-urlencoded", body);
        for value in header {
            request = request.with(HEADER, value);
        }
        let question = Question::parse(Some(question)).unwrap();
        let prompt = Prompt::new(&Conversation::default(), &question, Mode::Answer, Lang::Fr);
        key(&request, &Fields::parse(&request).unwrap(), &prompt)
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
    fn a_header_key_identifies_one_question_and_a_form_key_counts_with_its_question() {
        let key = |header: &[&str], body, question| of(header, body, question).unwrap().unwrap();
        // Two questions under one key.
        let (one, two) = (key(&["k"], "", "a"), key(&["k"], "", "b"));
        assert_eq!(one, key(&["k"], "", "a"));
        assert_ne!(one, two);
        assert_eq!(one.key_hash, two.key_hash);
        // Two keys.
        let (one, two) = (key(&[], "idempotency_key=k", "a"), key(&[], "idempotency_key=k", "b"));
        assert_eq!(one, key(&[], "idempotency_key=k", "a"));
        assert_ne!(one.key_hash, two.key_hash);
        // The header has precedence, and is different from an equal key in a form.
        assert_eq!(key(&["k"], "idempotency_key=x", "a"), key(&["k"], "", "a"));
        assert_ne!(key(&["k"], "", "a").key_hash, key(&[], "idempotency_key=k", "a").key_hash);
    }
}
