//! What environments become: lists, tables, formulas, code, quotations, theorems; any other one is its content.

use super::block::Block;
use super::commands::Style;
use super::cursor::Cursor;
use super::escape::{escape, typeset};
use super::flow::Flow;
use super::math;
use super::reader::Reader;
use super::source::Span;

impl<'a> Reader<'_, 'a> {
    pub(super) fn environment(&mut self, name: &str, span: Span, out: &mut Flow) {
        let body = self.source().slice(span);
        match name {
            "filecontents" | "filecontents*" => return self.whole(span, out),
            "comment" if self.source().verbatim.contains(name) => return,
            _ if self.source().verbatim.contains(name) => return out.push(verbatim(name, body)),
            "math" => return self.inline_formula(span, out),
            "quote" | "quotation" | "verse" => {
                let blocks = self.blocks(span);
                if !blocks.is_empty() {
                    out.push(Block::Quote(blocks));
                }
                return;
            }
            // Drawings, whose text is not text.
            "tikzpicture" | "picture" | "pgfpicture" | "circuitikz" | "pspicture" | "axis" | "forest"
            | "tikzcd" | "asy" | "chemfig" => {
                return self.whole(span, out);
            }
            _ => {}
        }
        if let Some(formula) = math::environment(name, body) {
            self.need(span);
            if !formula.is_empty() {
                out.push(Block::Math(formula));
            }
            return;
        }
        if self.list(name, span, out) || self.table(name, span, out) {
            return;
        }
        out.end_paragraph();
        let mut cursor = Cursor::new(self.source(), span);
        if !self.headed(name, &mut cursor, out) {
            self.arguments(name, &mut cursor, out);
        }
        self.flow(cursor.rest(), out);
        out.end_paragraph();
    }

    /// An environment that Markdown cannot express, with its `\begin` and `\end`.
    pub(super) fn whole(&mut self, span: Span, out: &mut Flow) {
        let tokens = &self.source().tokens;
        let begin = span.token.checked_sub(1).and_then(|at| tokens.get(at)).map_or(span.at, |token| token.at);
        let end = tokens.get(span.token_end).map_or(span.end, |token| token.end);
        out.push(Block::latex(self.source().between(begin, end)));
    }

    /// The bold heading of an exercise or a theorem; says whether it is one.
    fn headed(&mut self, name: &str, cursor: &mut Cursor<'_, 'a>, out: &mut Flow) -> bool {
        let mut heading = match (self.facts().named(name), heading(name)) {
            (Some(theorem), _) => {
                let number = theorem.counter.map(|counter| format!(" {}", self.count(counter)));
                escape(&typeset(theorem.title)) + &number.unwrap_or_default()
            }
            (None, Some((french, english))) => self.facts().word(french, english).to_owned(),
            (None, None) => return false,
        };
        if let Some(title) = cursor.optional() {
            let title = self.within(Style::Bold, |reader| reader.line(title));
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
            "figure" | "figure*" | "table" | "table*" | "tcolorbox" | "mdframed" | "framed" | "subfigure"
            | "tabbing" => 0,
            "minipage" | "multicols" | "spacing" | "wrapfigure" | "wraptable" => 1,
            "adjustwidth" | "addmargin" => 2,
            _ => return,
        };
        while let Some(options) = cursor.optional() {
            let title = box_title(self.source().slice(options)).map(typeset).unwrap_or_default();
            if !title.trim().is_empty() {
                out.push(Block::Paragraph(format!("**{}**", escape(title.trim()))));
            }
        }
        for _ in 0..groups {
            cursor.group();
            cursor.skip_options();
        }
        if name.starts_with("wrap") {
            cursor.group();
        }
    }
}

/// The heading of an environment for exercises and results, in French and in English.
fn heading(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name.trim_end_matches('*') {
        "exercice" | "exo" | "exercise" | "ex" => ("Exercice", "Exercise"),
        "probleme" | "problem" => ("Problème", "Problem"),
        "question" => ("Question", "Question"),
        "solution" | "sol" => ("Solution", "Solution"),
        "correction" | "corrige" => ("Corrigé", "Solution"),
        "reponse" | "answer" => ("Réponse", "Answer"),
        "indication" | "hint" => ("Indication", "Hint"),
        "theoreme" | "theorem" | "thm" | "theo" => ("Théorème", "Theorem"),
        "definition" | "defi" | "defn" => ("Définition", "Definition"),
        "proposition" | "prop" => ("Proposition", "Proposition"),
        "propriete" | "property" => ("Propriété", "Property"),
        "lemme" | "lemma" => ("Lemme", "Lemma"),
        "corollaire" | "corollary" => ("Corollaire", "Corollary"),
        "remarque" | "remark" | "rem" | "rmq" => ("Remarque", "Remark"),
        "exemple" | "example" | "exe" => ("Exemple", "Example"),
        "preuve" | "demonstration" | "proof" => ("Démonstration", "Proof"),
        "methode" | "method" => ("Méthode", "Method"),
        "notation" => ("Notation", "Notation"),
        "abstract" | "resume" => ("Résumé", "Abstract"),
        "thebibliography" => ("Références", "References"),
        _ => return None,
    })
}

/// `title=…` or `title={…}` among the options of a box.
fn box_title(options: &str) -> Option<&str> {
    let at = options.find("title=").or_else(|| options.find("title ="))?;
    let value = options.get(at..)?.split_once('=')?.1.trim_start();
    Some(match value.strip_prefix('{') {
        Some(inner) => inner.split('}').next().unwrap_or_default(),
        None => value.split(',').next().unwrap_or_default(),
    })
}

/// A block of code; the language from the environment's options, if it is one word.
fn verbatim(name: &str, body: &str) -> Block {
    let (options, code) = match body.split_once('\n') {
        Some((first, rest)) if first.trim_start().starts_with(['[', '{']) => (first, rest),
        _ => ("", body),
    };
    let language = match name {
        "minted" => options.rsplit_once('{'),
        _ => options.split_once("language="),
    };
    let language = language.map_or("", |(_, language)| language).trim_start_matches(['{', ' ']);
    let word: String = language.chars().take_while(char::is_ascii_alphanumeric).collect();
    Block::Code { language: word.to_ascii_lowercase(), body: code.to_owned() }
}
