//! Answers that are no transcription: a refusal in prose, a web page, a JSON value.

use crate::document::{Documents, has_class};
use crate::lines::{in_lower_case, lines_with_text};
use crate::tokens::{Kind, tokens};
use crate::unwrap::unwrap;
use crate::verbatim::Verbatim;

/// A refusal is shorter than this, in bytes.
const REFUSAL_BYTES_MAX: usize = 800;
/// How refusals begin, in lower case and with straight apostrophes.
const BEGINNINGS: &str = "je suis désolé|désolé|je regrette|je ne peux pas|je ne peux malheureusement|malheureusement|\
    je ne suis pas en mesure|en tant que modèle|en tant qu'ia|i'm sorry|i am sorry|sorry|i cannot|i can't|i'm unable|\
    i am unable|unfortunately|je m'excuse|il m'est impossible|impossible de transcrire|i apologize|as an ai";
/// What a refusal is about: the request, not the text of a page.
const SUBJECTS: &str = "transcri|ce pdf|ce document|ce fichier|cette image|cette page|l'image fournie|latex|vous aider|\
    votre demande|this pdf|this document|this file|this image|this page|the image provided|the provided|assist with|\
    your request";
/// And that it is not met: such a beginning is of a letter too.
const CANNOT: &str =
    "ne peu|n'ai pas|ne suis pas|impossible|pas possible|illisible|vide|can|unable|not able|readable|blank";
/// A whole document that is one such sentence says that there was nothing to transcribe: what it is about, how that came,
/// and what is wrong with it. A page may say that it is blank.
const SOURCES: &str = "le document|ce document|le fichier|ce fichier|l'image|cette image|the provided document|\
    the provided image|the document|this document|the image";
const SENT: &str = "fournie|fourni|transmise|transmis|you provided|provided";
const UNREADABLE: &str = "est illisible|est vide|n'est pas lisible|ne contient aucun texte|\
    is unreadable|is illegible|is not readable|is blank|is empty|contains no text";
/// The rest of that sentence, and how another one behind it begins.
const TAIL_BYTES_MAX: usize = 12;
const REQUESTS: &str = "veuillez|merci de|il est impossible|please";
/// Of a body that prints nothing.
const NOTHING: &str = "\\newpage|\\clearpage|\\null";
/// Of a page that is blank by intention, and says so politely.
const INTENDED: &str = "intention|volontair|left blank|laissée";
/// What such a page does not say.
const REFUSED: &str =
    "je ne peu|je n'ai pas|je ne suis pas|m'est impossible|i can't|i cannot|i am unable|i'm unable";
/// What no refusal contains: formulas and parts of a document.
const CONTENTS: &str = "$|\\[|\\(|\\begin|\\section|\\item";

/// Whether the whole answer of a model holds a document: a class or at least one command, and no refusal.
#[must_use]
pub fn is_document(raw: &str) -> bool {
    let latex = unwrap(raw).latex;
    let named = |kind: Kind<'_>| match kind {
        Kind::Command(name) => name.starts_with(|first: char| first.is_ascii_alphabetic()),
        Kind::Begin(_) => true,
        _ => false,
    };
    tokens(&latex).iter().any(|token| named(token.kind)) && transcribes(latex.trim()) && !is_empty(&latex)
}

/// Whether the document prints nothing. One that was cut may have gone on.
fn is_empty(latex: &str) -> bool {
    let prints = |(from, to): &(usize, usize)| {
        lines_with_text(latex.get(*from..*to).unwrap_or_default()).any(|line| {
            !line.text.starts_with('%') && !NOTHING.split('|').any(|nothing| line.text == nothing)
        })
    };
    let documents = Documents::of(latex);
    documents.is_closed && !documents.bodies.iter().any(prints)
}

/// Whether an answer is neither a refusal nor in another language than LaTeX. A page may be text without any command.
#[must_use]
pub fn is_transcription(raw: &str) -> bool {
    transcribes(unwrap(raw).latex.trim())
}

/// Whether an answer may be the rest of `before`, of which the same is asked. A listing may go on in any language.
#[must_use]
pub fn continues(before: &str, raw: &str) -> bool {
    let last = tokens(before).last().map(|token| token.kind);
    match last {
        Some(Kind::Begin(name)) if Verbatim::of(before).contains(name) => !is_refusal(raw.trim()),
        _ => is_transcription(raw),
    }
}

fn transcribes(text: &str) -> bool {
    if !has_class(text) || text.starts_with(['"', '{', '[']) {
        let inner = text.strip_prefix(['{', '[']).map_or("", str::trim_start);
        let is_json = text.starts_with("\"\\\\") || inner.starts_with('"') || inner.starts_with("{\"");
        let is_html = text.strip_prefix('<').is_some_and(|rest| {
            let name = rest.trim_start_matches(|char: char| char.is_ascii_alphanumeric());
            let is_tag = name.len() < rest.len() && name.starts_with(['>', ' ', '/', '\n']);
            (is_tag || rest.starts_with('!')) && rest.contains('>')
        });
        if is_json || is_html {
            return false;
        }
    }
    let body = match Documents::of(text).bodies.as_slice() {
        [(from, to)] => text.get(*from..*to).unwrap_or_default().trim(),
        _ => text,
    };
    !is_refusal(body)
}

fn is_refusal(body: &str) -> bool {
    if body.len() > REFUSAL_BYTES_MAX || CONTENTS.split('|').any(|content| body.contains(content)) {
        return false;
    }
    // Behind the markers of pages and what prints it in bold.
    let begins = lines_with_text(body).find(|line| !line.text.starts_with('%'));
    let said = begins.and_then(|line| body.get(line.at..)).unwrap_or_default().trim_start();
    let said =
        if said.starts_with('\\') { said.split_once('{').map_or(said, |(_, inner)| inner) } else { said };
    let words = in_lower_case(said);
    says_unreadable(&words)
        || BEGINNINGS.split('|').any(|beginning| words.starts_with(beginning))
            && SUBJECTS.split('|').any(|subject| words.contains(subject))
            && CANNOT.split('|').any(|cannot| words.contains(cannot))
            && (REFUSED.split('|').any(|refused| words.contains(refused))
                || !INTENDED.split('|').any(|intended| words.contains(intended)))
}

fn says_unreadable(words: &str) -> bool {
    let words = words.trim_start_matches(['[', '(']);
    let Some(rest) = behind(SOURCES, words) else { return false };
    let Some(rest) = behind(UNREADABLE, behind(SENT, rest).unwrap_or(rest)) else { return false };
    let (tail, rest) = rest.split_once(['.', '!', '}', ']']).unwrap_or((rest, ""));
    let rest = rest.trim_start_matches(|char: char| !char.is_alphabetic());
    tail.len() <= TAIL_BYTES_MAX && (rest.is_empty() || behind(REQUESTS, rest).is_some())
}

/// What follows the first of these that `text` begins with.
fn behind<'a>(list: &str, text: &'a str) -> Option<&'a str> {
    list.split('|').find_map(|start| text.strip_prefix(start)).map(str::trim_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_transcription_is_known() {
        for raw in [
            "Je suis désolé, mais je ne peux pas transcrire ce document.",
            "```\nI’m sorry, I can't process this PDF.\n```",
            "<!DOCTYPE html>\n<html><body>\\(x\\) \\frac{1}{2}</body></html>",
            "\"\\\\documentclass{article}\\n\\\\begin{document}\"",
            "{\"latex\": \"\\\\documentclass{article}\"}",
            "[{\"page\": 1, \"latex\": \"\\\\section{A}\"}]",
            "Le document est illisible.",
            "\\documentclass{article}\n\\begin{document}\n% page 1\n\\textbf{I apologize, I can’t read this image.}\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\nDésolé, je ne peux pas lire cette image.\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\nI'm sorry, I can't transcribe this page: it was left blank.\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\nSorry, I cannot transcribe this image. If that was not your intention, try again.\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\nLe document fourni est illisible.\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\n% page 1\n\\textit{[L’image est illisible. Veuillez en fournir une autre.]}\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\nThe provided image is blank. Please upload another.\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\n\\end{document}\n",
            "\\documentclass{article}\n\\begin{document}\n% page 1\n\\newpage\n% page 2\n\\end{document}\n",
            "",
        ] {
            assert!(!is_document(raw), "{raw}");
        }
    }

    #[test]
    fn a_document_is_a_document() {
        for raw in [
            "\\documentclass{article}\n\\begin{document}\nx\n\\end{document}\n",
            "Voici :\n```latex\n\\documentclass{article}\n\\begin{document}\nx",
            "\\section*{A} x",
            "\\documentclass{article}\n\\begin{document}\nDésolé, dit-elle, il est trop tard.\n\\end{document}\n",
            "{\\bf Exercice 1}",
            "[Exercice 1] \\textbf{x}",
        ] {
            assert!(is_document(raw), "{raw}");
        }
        for text in [
            "Je suis désolé, Madame, mais je ne pourrai pas assister au cours de jeudi.",
            "Je regrette les neiges d'antan\\\\\nEt l'image de ton front blanc\\\\",
            "Malheureusement, on ne peut pas déterminer l'image de $-1$ par $f$.\n\\section*{Exercice 2}",
            "Unfortunately, the profile of the beam is unknown. Find $\\int f$.",
            "Je ne peux pas aider tout le monde, dit le berger.",
            "Le document ci-joint est illisible : M. Dupont vous en envoie une copie.\n\nCordialement",
            "Désolé pour le retard : vous trouverez ce document en annexe.",
            "Je regrette de vous informer que votre demande de bourse a été refusée.",
            "Malheureusement, la rédaction de cette page du journal s'arrête ici.",
            "Le fichier est vide. Que renvoie \\texttt{f.read()} ?",
            "Cette page est laissée blanche.",
            "Ce document contient trois exercices.",
            "This page is intentionally left blank.",
            "Sorry, this page is intentionally left blank.",
            "Désolé, cette page est vide : elle a été laissée blanche pour votre brouillon.",
            "Le document que voici est illisible sans lunettes.",
            "Le document est illisible sans lunettes.",
            "L'image de $2$ par $f$ est vide.",
            "<x, y> désigne le produit scalaire, et x > 0",
        ] {
            assert!(is_transcription(text), "{text}");
            let document =
                format!("\\documentclass{{article}}\n\\begin{{document}}\n{text}\n\\end{{document}}\n");
            assert!(is_document(&document), "{text}");
        }
        assert!(is_transcription("Demain, dès l'aube"));
        assert!(!is_transcription("Je ne peux pas transcrire cette page."));
    }
}
