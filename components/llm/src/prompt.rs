//! What the model reads: the conversation so far, the question, and how to answer it. A Make.com scenario reads the one
//! field `message`, so for it all is one text, and a scenario that was made for single questions serves follow-up
//! questions, too. A chat API reads messages, and first how to answer at all, which is otherwise in the scenario.

use web::Lang;

use crate::conversation::{Conversation, QUESTION_HEADING};
use crate::mode::Mode;
use crate::question::Question;

/// The text for one question. A question alone is sent as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt {
    text: String,
    messages: Vec<Message>,
}

/// A message of a chat. No `Debug`: it is a user's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) content: String,
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    /// In the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// How a model answers so that the page finds code and explanation.
const SYSTEM: (&str, &str) = (
    "Tu aides des étudiants qui apprennent Python. Réponds en français. Donne d’abord le code dans un seul bloc ```python, puis une ligne « Explication : » suivie d’une explication courte et claire. Sans code quand la question n’en demande pas. Formules en LaTeX entre $.",
    "You help students who learn Python. Answer in English. First give the code in a single ```python block, then a line “Explanation:” followed by a short, clear explanation. No code when the question asks for none. Formulas in LaTeX between $.",
);

impl Prompt {
    #[must_use]
    pub fn new(conversation: &Conversation, question: &Question, mode: Mode, lang: Lang) -> Self {
        let is_french = lang == Lang::Fr;
        let (introduction, task) = if is_french {
            ("Voici une conversation. Réponds seulement à sa dernière question.", "Consigne :")
        } else {
            ("This is a conversation. Answer its last question only.", "Instruction:")
        };
        let mut text = match conversation.as_str() {
            "" => question.as_str().to_owned(),
            earlier => format!("{introduction}\n\n{earlier}{QUESTION_HEADING}{}", question.as_str()),
        };
        let mut asked = question.as_str().to_owned();
        if let Some(instruction) = mode.instruction(lang) {
            for text in [&mut text, &mut asked] {
                text.push_str(&format!("\n\n{task} {instruction}"));
            }
        }
        Self { text, messages: messages(conversation, asked, is_french) }
    }

    /// As one text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As messages, the question last.
    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }
}

fn messages(conversation: &Conversation, asked: String, is_french: bool) -> Vec<Message> {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let mut messages = vec![message(Role::System, if is_french { SYSTEM.0 } else { SYSTEM.1 })];
    for (question, answer) in conversation.exchanges().filter(|(question, _)| !question.is_empty()) {
        // Servers refuse an empty message, and two in a row by the same side.
        let answer = if answer.is_empty() { "…" } else { answer };
        messages.extend([message(Role::User, question), message(Role::Assistant, answer)]);
    }
    messages.push(Message { role: Role::User, content: asked });
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Prompt: std::fmt::Debug);

    #[test]
    fn a_question_alone_is_sent_as_it_is_and_a_follow_up_with_what_it_refers_to() {
        let question = Question::parse(Some("Et en décroissant ?")).unwrap();
        let prompt = |conversation: &str, mode, lang| {
            Prompt::new(&Conversation::parse(Some(conversation)), &question, mode, lang).as_str().to_owned()
        };
        assert_eq!(prompt("", Mode::Answer, Lang::Fr), "Et en décroissant ?");
        assert_eq!(
            prompt("", Mode::Fix, Lang::En),
            "Et en décroissant ?\n\nInstruction: Find the error, explain its cause, then give the corrected code."
        );
        assert_eq!(
            prompt("### Question\nTrier ?\n\n### Réponse\nsorted\n\n", Mode::Hint, Lang::Fr),
            "Voici une conversation. Réponds seulement à sa dernière question.\n\n\
             ### Question\nTrier ?\n\n### Réponse\nsorted\n\n### Question\nEt en décroissant ?\n\n\
             Consigne : Donne un indice qui permet d’avancer, sans la solution ni le code complet."
        );
    }

    #[test]
    fn a_chat_has_roles_and_begins_with_how_to_answer() {
        let question = Question::parse(Some("Et en décroissant ?")).unwrap();
        let conversation =
            "### Question\nTrier ?\n\n### Réponse\nsorted\n\n### Question\nseule\n### Question\n\n";
        let conversation = Conversation::parse(Some(conversation));
        let prompt = Prompt::new(&conversation, &question, Mode::Hint, Lang::En);
        let said: Vec<(&str, &str)> =
            prompt.messages().iter().map(|message| (message.role.name(), message.content.as_str())).collect();
        assert!(said[0].0 == "system" && said[0].1.contains("in English"));
        assert_eq!(
            said[1..],
            [
                ("user", "Trier ?"),
                ("assistant", "sorted"),
                ("user", "seule"),
                ("assistant", "…"),
                (
                    "user",
                    "Et en décroissant ?\n\nInstruction: Give a hint that helps to go on, without the solution and without the whole code."
                ),
            ]
        );
    }
}
