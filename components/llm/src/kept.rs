//! An answer as it is kept for whoever sends the same question again: the webhook's own text, so that reading it
//! again gives the same answer.

use serde_json::{Value, json};

use crate::webhook::Answered;

#[must_use]
pub fn write(answered: &Answered) -> String {
    json!({ "text": answered.text, "simulated": answered.simulated }).to_string()
}

/// `None` for what another version of this program wrote differently.
#[must_use]
pub fn read(kept: &str) -> Option<Answered> {
    let kept: Value = serde_json::from_str(kept).ok()?;
    Answered::read(kept.get("text")?.as_str()?, kept.get("simulated")?.as_bool()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        for (text, simulated) in [
            ("```python\nx = \"é\"\n```\nExplication : **a** \u{0} <b>", true),
            ("{\"code\":\"x\",\"explanation\":\"y\"}", false),
        ] {
            let answered = Answered::read(text, simulated).unwrap();
            let kept = write(&answered);
            assert!(!kept.contains('\0'), "PostgreSQL's texts hold no NUL");
            assert_eq!(read(&kept), Some(answered));
        }
        for other in ["", "{}", "{\"text\":\"\",\"simulated\":true}", "{\"text\":\"a\"}", "[1]"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
