//! What environments become: lists, tables, formulas, code, quotations, theorems; any other one is its content.

use super::block::{Block, Flow};
use super::commands::Style;
use super::escape::{escape, typeset};
use super::math;
use super::read::Reader;
use super::source::{Cursor, Span};
use crate::tokens::VERBATIM;

/// Drawings: their text is no text.
const DRAWINGS: [&str; 12] = [
    "tikzpicture",
    "picture",
    "pgfpicture",
    "circuitikz",
    "pspicture",
    "axis",
    "forest",
    "tikzcd",
    "asy",
    "chemfig",
    "filecontents",
    "filecontents*",
];

/// Environments for exercises and results: every name, and the heading in French and in English.
const HEADINGS: [(&[&str], &str, &str); 20] = [
    (&["exercice", "exo", "exercise", "ex"], "Exercice", "Exercise"),
    (&["probleme", "problem"], "Problème", "Problem"),
    (&["question"], "Question", "Question"),
    (&["solution", "sol"], "Solution", "Solution"),
    (&["correction", "corrige"], "Corrigé", "Solution"),
    (&["reponse", "answer"], "Réponse", "Answer"),
    (&["indication", "hint"], "Indication", "Hint"),
    (&["theoreme", "theorem", "thm", "theo"], "Théorème", "Theorem"),
    (&["definition", "defi", "defn"], "Définition", "Definition"),
    (&["proposition", "prop"], "Proposition", "Proposition"),
    (&["propriete", "property"], "Propriété", "Property"),
    (&["lemme", "lemma"], "Lemme", "Lemma"),
    (&["corollaire", "corollary"], "Corollaire", "Corollary"),
    (&["remarque", "remark", "rem", "rmq"], "Remarque", "Remark"),
    (&["exemple", "example", "exe"], "Exemple", "Example"),
    (&["preuve", "demonstration", "proof"], "Démonstration", "Proof"),
    (&["methode", "method"], "Méthode", "Method"),
    (&["notation"], "Notation", "Notation"),
    (&["abstract", "resume"], "Résumé", "Abstract"),
    (&["thebibliography"], "Références", "References"),
];

impl<'a> Reader<'_, 'a> {
    pub fn environment(&mut self, name: &str, span: Span, out: &mut Flow) {
        let body = self.source.slice(span);
        match name {
            "comment" => return,
            _ if VERBATIM.contains(&name) => return out.push(verbatim(name, body)),
            "math" => return self.formula(span, out),
            "quote" | "quotation" | "verse" => {
                let blocks = self.blocks(span);
                if !blocks.is_empty() {
                    out.push(Block::Quote(blocks));
                }
                return;
            }
            _ => {}
        }
        if let Some(formula) = math::environment(name, body) {
            self.needs(span);
            if !formula.is_empty() {
                out.push(Block::Math(formula));
            }
            return;
        }
        if DRAWINGS.contains(&name) {
            return self.whole(span, out);
        }
        if self.list(name, span, out) || self.table(name, span, out) {
            return;
        }
        out.end_paragraph();
        let mut cursor = Cursor::new(self.source, span);
        if !self.headed(name, &mut cursor, out) {
            self.arguments(name, &mut cursor, out);
        }
        self.flow(cursor.span, out);
        out.end_paragraph();
    }

    /// An environment that Markdown has nothing for, with its `\begin` and `\end`.
    pub fn whole(&mut self, span: Span, out: &mut Flow) {
        let begin = span.token.checked_sub(1).and_then(|at| self.source.tokens.get(at));
        let end = self.source.tokens.get(span.token_end);
        let from = begin.map_or(span.at, |token| token.at);
        let to = end.map_or(span.end, |token| token.end);
        let body = self.source.text.get(from..to).unwrap_or_default().to_owned();
        out.push(Block::Code { language: "latex".to_owned(), body });
    }

    /// The bold heading of an exercise or a theorem; says whether it is one.
    fn headed(&mut self, name: &str, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) -> bool {
        let declared = self.facts.declared.get(name).and_then(|at| self.facts.theorems.get(*at));
        let bare = name.trim_end_matches('*');
        let known = HEADINGS.iter().find(|(names, ..)| names.contains(&bare));
        let (mut heading, counter) = match (declared, known) {
            (Some(theorem), _) => (escape(&typeset(theorem.title)), theorem.counter),
            (None, Some((_, french, english))) => {
                ((if self.facts.english { english } else { french }).to_string(), None)
            }
            (None, None) => return false,
        };
        if let Some(counter) = counter {
            let number = self.counters.entry(counter).or_default();
            *number = number.saturating_add(1);
            heading.push_str(&format!(" {number}"));
        }
        if let Some(title) = cursor.optional() {
            self.styles.push(Style::Bold);
            let title = self.line(title);
            self.styles.pop();
            heading.push_str(&format!(" ({title})"));
        }
        if name == "thebibliography" {
            cursor.group();
        }
        out.push(Block::Paragraph(format!("**{heading}**")));
        true
    }

    /// The arguments of environments that only lay their content out; the title of a box is kept.
    fn arguments(&mut self, name: &str, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) {
        let groups = match name {
            "minipage" | "multicols" | "spacing" | "wrapfigure" | "wraptable" | "tabbing" => 1,
            "adjustwidth" | "addmargin" => 2,
            "center" | "flushleft" | "flushright" | "document" | "titlepage" | "small" | "large" => return,
            "figure" | "figure*" | "table" | "table*" | "tcolorbox" | "mdframed" | "framed" | "subfigure" => {
                0
            }
            _ => return,
        };
        while let Some(options) = cursor.optional() {
            let source = self.source.slice(options);
            let Some(at) = source.find("title=").or_else(|| source.find("title =")) else { continue };
            let value =
                source.get(at..).and_then(|title| title.split_once('=')).map_or("", |(_, value)| value);
            let value = value.trim_start();
            let title = match value.strip_prefix('{') {
                Some(inner) => inner.split_once('}').map_or(inner, |(title, _)| title),
                None => value.split(',').next().unwrap_or_default(),
            };
            if !title.trim().is_empty() {
                out.push(Block::Paragraph(format!("**{}**", escape(typeset(title).trim()))));
            }
        }
        for _ in 0..if name == "tabbing" { 0 } else { groups } {
            cursor.group();
            while cursor.optional().is_some() {}
        }
        if name.starts_with("wrap") {
            cursor.group();
        }
    }
}

/// A block of code; the language from the environment's options, if it is one word.
fn verbatim(name: &str, body: &str) -> Block {
    let (options, code) = match body.split_once('\n') {
        Some((first, rest)) if first.trim_start().starts_with(['[', '{']) => (first, rest),
        _ => ("", body),
    };
    let word = |text: &str| -> String {
        text.trim_start_matches(['{', ' ']).chars().take_while(char::is_ascii_alphanumeric).collect()
    };
    let language = match name {
        "minted" => options.rsplit_once('{').map_or_else(String::new, |(_, language)| word(language)),
        _ => options.split_once("language=").map_or_else(String::new, |(_, language)| word(language)),
    };
    Block::Code { language: language.to_ascii_lowercase(), body: code.to_owned() }
}

/// The definitions that formulas need, as a block that shows nothing and that MathJax reads.
pub fn definitions(sources: &[&str]) -> Block {
    Block::Math(sources.iter().map(|source| math::display(source)).collect::<Vec<_>>().join("\n"))
}
