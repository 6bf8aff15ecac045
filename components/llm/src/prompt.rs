//! What the model reads: the conversation so far, the question, and how to answer it, as one text. A Make.com scenario
//! reads the one field `message`, so a scenario that was made for single questions serves follow-up questions, too.

use web::Lang;

use crate::conversation::{Conversation, QUESTION_HEADING};
use crate::mode::Mode;
use crate::question::Question;

/// The text for one question. A question alone is sent as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt(String);

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
        if let Some(instruction) = mode.instruction(lang) {
            text = format!("{text}\n\n{task} {instruction}");
        }
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Prompt: std::fmt::Debug);

    #[test]
    fn a_question_alone_is_sent_as_it_is_and_a_follow_up_with_what_it_refers_to() {
        let question = Question::parse(Some("Et en décroissant ?")).unwrap();
        let prompt = |conversation: &str, mode, lang| {
            Prompt::new(&Conversation::parse(Some(conversation)), &question, mode, lang).0
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
}
