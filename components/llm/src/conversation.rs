//! The conversation to which a question belongs. It is kept by the browser (or another client) and comes back with the
//! next question, so the server stores nothing. It is text, because it goes to the model in the one field `message`.

use crate::answer::{Answer, Place};
use crate::question::Question;

/// The form's hidden field, and the name in JSON.
pub const FIELD: &str = "conversation";
/// Longest conversation, in characters (Unicode scalar values): as much as one question. Older exchanges are left out.
pub const CONVERSATION_CHARS_MAX: usize = 8_000;
/// How much of a question is kept, so that its answer has room.
const QUESTION_CHARS_KEPT: usize = 2_000;
/// Begins an exchange.
pub(crate) const QUESTION_HEADING: &str = "### Question\n";
const ANSWER_HEADING: &str = "\n\n### Réponse\n";
const CUT: &str = " […]";
/// Ends code that was cut.
const FENCE: &str = "\n```";

/// The last exchanges, at most [`CONVERSATION_CHARS_MAX`] characters; empty before the first answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Conversation(String);

impl Conversation {
    /// Reads what a client sends: its last exchanges that fit. A text without an exchange is no conversation.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Self {
        let text = text.unwrap_or_default().replace('\0', "").replace("\r\n", "\n").replace('\r', "\n");
        Self(last_exchanges(&text).to_owned())
    }

    /// The conversation after an answer.
    #[must_use]
    pub fn followed_by(&self, question: &Question, answer: &Answer) -> Self {
        let question = cut(question.as_str(), QUESTION_CHARS_KEPT);
        // As the page shows it: the code, other excerpts, the explanation.
        let mut text = match answer.code.as_str() {
            "" => String::new(),
            code => format!("```python\n{code}\n```\n\n"),
        };
        for other in answer.blocks.iter().filter(|block| block.place == Place::Elsewhere) {
            text.push_str(&format!("```{}\n{}\n```\n\n", other.language, other.code));
        }
        text.push_str(&answer.explanation);
        let exchange = format!("{QUESTION_HEADING}{question}{ANSWER_HEADING}");
        let room = CONVERSATION_CHARS_MAX - exchange.chars().count() - CUT.chars().count() - FENCE.len() - 2;
        let mut kept = cut(text.trim_end(), room);
        if kept.ends_with(CUT) && kept.matches("```").count() % 2 == 1 {
            kept.push_str(FENCE);
        }
        let text = format!("{}{exchange}{kept}\n\n", self.0);
        Self(last_exchanges(&text).to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Each question with its answer, in order. Without an answer the text that a client sent is a question.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = (&str, &str)> {
        let starts = starts_of_exchanges(&self.0).skip(1).chain([self.0.len()]);
        let mut from = 0;
        starts.filter_map(move |to| {
            let exchange = self.0.get(from..to)?.strip_prefix(QUESTION_HEADING)?;
            from = to;
            let (question, answer) = exchange.split_once(ANSWER_HEADING).unwrap_or((exchange, ""));
            Some((question.trim(), answer.trim()))
        })
    }
}

/// From the first exchange that begins within the last [`CONVERSATION_CHARS_MAX`] characters.
fn last_exchanges(text: &str) -> &str {
    let start = text.char_indices().rev().take(CONVERSATION_CHARS_MAX).last().map_or(0, |(at, _)| at);
    let first = starts_of_exchanges(text).find(|at| *at >= start);
    first.and_then(|at| text.get(at..)).unwrap_or_default()
}

/// Where a line begins an exchange.
fn starts_of_exchanges(text: &str) -> impl Iterator<Item = usize> {
    let starts_line =
        |at: usize| text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with('\n'));
    text.match_indices(QUESTION_HEADING).map(|(at, _)| at).filter(move |at| starts_line(*at))
}

/// At most `chars` characters, and a sign that there were more.
fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}{CUT}", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer;

    static_assertions::assert_not_impl_any!(Conversation: std::fmt::Debug);

    fn question(text: &str) -> Question {
        Question::parse(Some(text)).unwrap()
    }

    fn after(conversation: &Conversation, asked: &str, answered: &str) -> Conversation {
        conversation.followed_by(&question(asked), &answer::parse(answered))
    }

    fn chars(conversation: &Conversation) -> usize {
        conversation.as_str().chars().count()
    }

    #[test]
    fn an_answer_is_added_with_its_code_and_comes_back_unchanged() {
        let first = after(
            &Conversation::default(),
            "Trier ?",
            "```python\nsorted(x)\n```\nExplication : on **trie**.",
        );
        assert_eq!(
            first.as_str(),
            "### Question\nTrier ?\n\n### Réponse\n```python\nsorted(x)\n```\n\non **trie**.\n\n"
        );
        let second = after(&first, "Et en décroissant ?", "Avec `reverse=True`.");
        assert!(
            second.as_str().starts_with(first.as_str()) && second.as_str().ends_with("reverse=True`.\n\n")
        );
        let others = "```bash\npip install pandas\n```\n```python\nimport pandas\n```\nExplication : on lit.";
        let third = after(&Conversation::default(), "Lire ?", others);
        assert!(third.as_str().contains("```bash\npip install pandas\n```\n\non lit."), "{}", third.as_str());
        let cut = after(
            &Conversation::default(),
            "Long ?",
            &format!("```python\n{}\n```", "x = 1\n".repeat(3_000)),
        );
        assert!(cut.as_str().ends_with(" […]\n```\n\n") && chars(&cut) <= CONVERSATION_CHARS_MAX);
        // A form sends its line ends as CR LF.
        assert!(Conversation::parse(Some(&second.as_str().replace('\n', "\r\n"))) == second);
    }

    #[test]
    fn a_long_conversation_loses_its_oldest_exchanges_and_never_its_last() {
        let mut conversation = Conversation::default();
        for turn in 0..40 {
            conversation = after(&conversation, &format!("Question {turn}"), &"é".repeat(turn * 200));
            assert!(chars(&conversation) <= CONVERSATION_CHARS_MAX, "{turn}");
            assert!(conversation.as_str().contains(&format!("### Question\nQuestion {turn}\n")), "{turn}");
            assert!(conversation.as_str().starts_with("### Question\n"), "{turn}");
        }
        let longest = after(&conversation, &"q".repeat(8_000), &"a".repeat(100_000));
        assert!(chars(&longest) <= CONVERSATION_CHARS_MAX && longest.as_str().ends_with("a […]\n\n"));
        assert!(Conversation::parse(Some(longest.as_str())) == longest);
    }

    #[test]
    fn the_exchanges_are_read_back() {
        let exchanges = |text: &str| -> Vec<(String, String)> {
            let conversation = Conversation::parse(Some(text));
            conversation.exchanges().map(|(asked, said)| (asked.to_owned(), said.to_owned())).collect()
        };
        let pair = |asked: &str, said: &str| (asked.to_owned(), said.to_owned());
        let first =
            after(&Conversation::default(), "Trier ?", "```python\nsorted(x)\n```\nExplication : ainsi.");
        let second = after(&first, "Et\n\nen décroissant ?", "Avec `reverse=True`.\n### Réponse\n");
        assert_eq!(
            exchanges(second.as_str()),
            [
                pair("Trier ?", "```python\nsorted(x)\n```\n\nainsi."),
                pair("Et\n\nen décroissant ?", "Avec `reverse=True`.\n### Réponse"),
            ]
        );
        assert_eq!(exchanges("### Question\nseule\n"), [pair("seule", "")]);
        assert!(exchanges("").is_empty());
    }

    #[test]
    fn what_is_no_conversation_is_none() {
        for text in ["", "bonjour", "Voir ### Question\nici", &"x".repeat(50_000)] {
            assert!(Conversation::parse(Some(text)) == Conversation::default(), "{text}");
        }
        assert!(Conversation::parse(None) == Conversation::default());
        let long = format!("### Question\nperdue\n{}\n### Question\ngardée\n", "x".repeat(8_000));
        assert_eq!(Conversation::parse(Some(&long)).as_str(), "### Question\ngardée\n");
        assert_eq!(Conversation::parse(Some("### Question\na\0b\n")).as_str(), "### Question\nab\n");
        // Read again, it is the same.
        assert_eq!(Conversation::parse(Some("### Question\n\r\0\r\n")).as_str(), "### Question\n\n\n");
    }
}
