//! The response that auth stores for a repetition of the same submission: the model's own text, so that parsing it again
//! gives the same answer.

use serde_json::{Value, json};

use crate::model_answer::{Cut, ModelAnswer};
use crate::webhook;

/// Of a chat API: its text has no envelope.
const CHAT: &str = "chat";

pub(crate) fn write(answer: &ModelAnswer, is_chat: bool) -> String {
    let mut response = json!({ "text": answer.text, "simulated": answer.simulated });
    if let (true, Some(response)) = (is_chat, response.as_object_mut()) {
        let cut = match answer.cut {
            Some(Cut::Length) => "length",
            Some(Cut::Filter) => "filter",
            // Not delivered, so not stored.
            Some(Cut::Failure(_)) | None => "",
        };
        response.insert(CHAT.to_owned(), cut.into());
    }
    response.to_string()
}

/// `None` for what another version of this program wrote in another form.
pub(crate) fn read(response: &str) -> Option<ModelAnswer> {
    let response: Value = serde_json::from_str(response).ok()?;
    let (text, simulated) = (response.get("text")?.as_str()?, response.get("simulated")?.as_bool()?);
    let cut = match response.get(CHAT) {
        None => return webhook::parse(text, simulated).ok(),
        Some(cut) => match cut.as_str()? {
            "" => None,
            "length" => Some(Cut::Length),
            "filter" => Some(Cut::Filter),
            _ => return None,
        },
    };
    Some(ModelAnswer::of_chat(text.to_owned(), simulated, cut))
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
            let answer = webhook::parse(text, simulated).unwrap();
            let response = write(&answer, false);
            assert!(!response.contains('\0'), "a text in PostgreSQL cannot contain NUL");
            assert!(read(&response) == Some(answer));
        }
        for other in [
            "",
            "{}",
            "{\"text\":\"\",\"simulated\":true}",
            "{\"text\":\"a\"}",
            "[1]",
            "{\"text\":\"a\",\"simulated\":true,\"chat\":\"?\"}",
        ] {
            assert!(read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn an_answer_of_a_chat_is_text_whatever_it_looks_like_and_stays_cut() {
        for cut in [None, Some(Cut::Length), Some(Cut::Filter)] {
            let answer =
                ModelAnswer::of_chat("{\"code\":\"x\",\"explanation\":\"y\"}".to_owned(), false, cut);
            assert!(read(&write(&answer, true)) == Some(answer));
        }
    }
}
