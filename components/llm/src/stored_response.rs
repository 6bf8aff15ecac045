//! The response that auth stores for a repetition of the same submission: the webhook's own text, so that parsing it
//! again gives the same answer.

use serde_json::{Value, json};

use crate::webhook::WebhookAnswer;

pub(crate) fn write(answer: &WebhookAnswer) -> String {
    json!({ "text": answer.text, "simulated": answer.simulated }).to_string()
}

/// `None` for what another version of this program wrote in another form.
pub(crate) fn read(response: &str) -> Option<WebhookAnswer> {
    let response: Value = serde_json::from_str(response).ok()?;
    let (text, simulated) = (response.get("text")?.as_str()?, response.get("simulated")?.as_bool()?);
    WebhookAnswer::parse(text, simulated).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_as_it_was_written_and_another_form_is_not() {
        for (text, simulated) in [
            ("```python\nx = \"é\"\n```\nExplication : **a** \u{0} <b>", true),
            ("{\"code\":\"x\",\"explanation\":\"y\"}", false),
        ] {
            let answer = WebhookAnswer::parse(text, simulated).unwrap();
            let response = write(&answer);
            assert!(!response.contains('\0'), "a text in PostgreSQL cannot contain NUL");
            assert!(read(&response) == Some(answer));
        }
        for other in ["", "{}", "{\"text\":\"\",\"simulated\":true}", "{\"text\":\"a\"}", "[1]"] {
            assert!(read(other).is_none(), "{other}");
        }
    }
}
