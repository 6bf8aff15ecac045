//! How the text between the tokens of a body is read: as text, as a formula, or as neither.

use crate::groups::argument;
use crate::opening::Opening;
use crate::own;
use crate::tokens::{Kind, Token, tokens};
use crate::verbatim::Verbatim;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Running text. In a row of a table `&` stands between cells.
    Text {
        in_row: bool,
    },
    Math,
    /// An argument of a command, or an environment, that is not known.
    Unknown,
    /// Never set: a name, an address, verbatim text.
    Opaque,
    /// A place before `\\` where no line is to be ended.
    Break,
}

/// Text without commands and comments, on one line of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub at: usize,
    pub end: usize,
    pub line: u32,
    pub mode: Mode,
}

const TEXT_COMMANDS: &str = " href text textrm textsf texttt textbf textit textsl textsc textup textnormal textmd emph underline mbox \
    fbox hbox footnote section section* subsection subsection* subsubsection subsubsection* paragraph paragraph* chapter \
    chapter* part part* caption uline sout enquote title author date intertext centerline up ";
const NAME_COMMANDS: &str = " label ref eqref pageref autoref cref cite citep citet input include includegraphics url \
    usepackage usetikzlibrary hyperref index hypersetup bibliography bibliographystyle pagestyle thispagestyle \
    selectlanguage foreignlanguage lstset setlength addtolength setcounter newcommand renewcommand providecommand def \
    newenvironment renewenvironment hypertarget hyperlink nocite vspace hspace ";
/// Of the preamble, what is printed.
const TITLE_COMMANDS: &str =
    " title subtitle author institute date lhead chead rhead lfoot cfoot rfoot fancyhead fancyfoot ";
/// Behind their first argument, which is a name or a length, is text.
const BOX_COMMANDS: &str = " textcolor colorbox parbox raisebox foreignlanguage ";
const HEADINGS: &str = " section subsection subsubsection chapter paragraph subparagraph ";
/// Behind their beginning, or their end, a paragraph begins.
const PARAGRAPHS_BEGIN: &str = " document center flushleft flushright quote quotation abstract ";
const PARAGRAPHS_END: &str =
    " itemize enumerate description center flushleft flushright quote quotation verbatim multicols ";
const MATHS: &str = " equation align gather multline flalign alignat eqnarray math displaymath split aligned gathered alignedat \
    cases dcases rcases matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix subarray array ";
const TEXTS: &str = " document itemize enumerate description center flushleft flushright quote quotation verse minipage abstract \
    multicols figure table questions parts subparts choices oneparchoices checkboxes solution spacing proof ";
const ROWS: &str = " tabular tabularx longtable tabulary ";

/// TeX's own limit of groups in each other is 255. A document beyond it is not looked into.
const DEPTH_MAX: usize = 255;
/// More of a table's columns, in characters, is not read.
const COLUMNS_CHARS_MAX: usize = 500;
/// More definitions are not read.
const DEFINITIONS_MAX: usize = 64;

/// The pieces of the titles in the preamble, and between `\begin{document}` and `\end{document}`, in order; none of a document that is nested too deeply.
pub(crate) fn pieces(latex: &str) -> Vec<Piece> {
    let verbatim = Verbatim::of(latex);
    let all = tokens(latex);
    let mut walk = Walk {
        latex,
        own: own_texts(latex, &all),
        commands: own::commands(latex).unwrap_or_default(),
        has_column_types: latex.contains("\\newcolumntype"),
        stack: Vec::new(),
        arguments: None,
        depth: 0,
        defines: false,
        names: 0,
        heading: None,
        heading_end: 0,
    };
    let mut found = Vec::new();
    let mut skip = false;
    let mut before = None;
    for (index, token) in all.iter().enumerate() {
        let next = all.get(index + 1);
        if matches!(token.kind, Kind::Command("\\" | "newline"))
            && walk.mode() == (Mode::Text { in_row: false })
            && before.is_some_and(|before| walk.starts_paragraph(before, token.at))
        {
            found.push(Piece { at: token.at, end: token.at, line: token.line, mode: Mode::Break });
        }
        before = Some(token);
        if std::mem::take(&mut skip) {
            // The second dollar of two.
        } else {
            let doubled = next.is_some_and(|next| next.kind == Kind::Dollar && next.at == token.at + 1);
            skip = walk.token(token, doubled);
        }
        if walk.stack.is_empty() {
            continue;
        }
        if walk.stack.len() > DEPTH_MAX {
            return Vec::new();
        }
        let end = next.map_or(latex.len(), |next| next.at);
        let opaque = matches!(token.kind, Kind::Begin(name) if verbatim.contains(name));
        let mode = if opaque { Mode::Opaque } else { walk.mode() };
        let from = if opaque { token.end } else { walk.behind_options(token.end, end) };
        split(latex, (from, end), token.line, mode, &mut found);
    }
    found
}

/// The lines of a gap, without their comments.
fn split(latex: &str, (from, end): (usize, usize), line: u32, mode: Mode, found: &mut Vec<Piece>) {
    let (mut at, mut line) = (from, line);
    for text in latex.get(from..end).unwrap_or_default().split_inclusive('\n') {
        let code = if mode == Mode::Opaque { text } else { text.split('%').next().unwrap_or_default() };
        if !code.trim().is_empty() {
            found.push(Piece { at, end: at + code.trim_end_matches('\n').len(), line, mode });
        }
        at += text.len();
        line = line.saturating_add(u32::from(text.ends_with('\n')));
    }
}

pub(crate) fn is_formula(name: &str) -> bool {
    listed(MATHS, name.trim_end_matches('*'))
}

/// Whether it is in a list with blanks between. Most commands of a document are one character, and no list has one.
pub(crate) fn listed(list: &str, name: &str) -> bool {
    name.len() > 1 && list.split(' ').any(|other| other == name)
}

/// Environments of the document's own whose content is text.
fn own_texts<'a>(latex: &'a str, all: &[Token<'a>]) -> Vec<&'a str> {
    let defines = all
        .iter()
        .filter(|token| matches!(token.kind, Kind::Command("newtheorem" | "newtcolorbox" | "newmdenv")));
    let names = defines.take(DEFINITIONS_MAX).filter_map(|token| {
        let rest = latex.get(token.end..)?;
        argument(rest.strip_prefix('*').unwrap_or(rest))
    });
    names.collect()
}

struct Walk<'a> {
    latex: &'a str,
    own: Vec<&'a str>,
    commands: Vec<(&'a str, Kind<'a>)>,
    /// The document defines types of columns.
    has_column_types: bool,
    stack: Vec<(Opening<'a>, Mode)>,
    /// How the groups are read that directly follow.
    arguments: Option<(Mode, usize)>,
    /// Groups that are open in the preamble, and whether its last command defines another.
    depth: usize,
    defines: bool,
    /// So many arguments follow that are no text, and then one that is.
    names: u8,
    /// The depth of a heading that is open, and the end of the last one.
    heading: Option<usize>,
    heading_end: usize,
}

impl<'a> Walk<'a> {
    fn mode(&self) -> Mode {
        self.stack.last().map_or(Mode::Opaque, |(_, mode)| *mode)
    }

    /// Whether the next token is a part of this one.
    fn token(&mut self, token: &Token<'a>, doubled: bool) -> bool {
        let mode = self.mode();
        let arguments = self.arguments.take().filter(|(_, end)| {
            let gap = self.latex.get(*end..token.at).unwrap_or_default().trim();
            gap.is_empty() || gap.starts_with(['[', '*'])
        });
        let own = self.commands.iter().find(|(name, _)| token.kind == Kind::Command(name));
        match own.map_or(token.kind, |(_, kind)| *kind) {
            Kind::Begin("document") => {
                self.stack.clear();
                self.stack.push((Opening::Environment("document"), Mode::Text { in_row: false }));
            }
            kind if self.stack.is_empty() => {
                let text = Mode::Text { in_row: false };
                match kind {
                    Kind::Open if arguments.is_some_and(|(mode, _)| mode == text) => {
                        self.stack.push((Opening::Group, text));
                    }
                    Kind::Open => self.depth += 1,
                    Kind::Close => self.depth = self.depth.saturating_sub(1),
                    Kind::Command(name) => {
                        let defined = std::mem::replace(
                            &mut self.defines,
                            name.ends_with("def") || name.contains("ommand") || name == "let",
                        );
                        if self.depth == 0 && !defined && listed(TITLE_COMMANDS, name) {
                            self.arguments = Some((text, token.end));
                        }
                    }
                    _ => {}
                }
            }
            Kind::Begin(name) => {
                let plain = name.trim_end_matches('*');
                let inner = match mode {
                    Mode::Opaque | Mode::Break => mode,
                    _ if listed(MATHS, plain) => Mode::Math,
                    Mode::Unknown | Mode::Math => mode,
                    Mode::Text { .. } if listed(ROWS, plain) && !self.has_formula_columns(token.end) => {
                        Mode::Text { in_row: true }
                    }
                    Mode::Text { .. } if listed(TEXTS, name) || self.own.contains(&name) => {
                        Mode::Text { in_row: false }
                    }
                    Mode::Text { .. } => Mode::Unknown,
                };
                self.stack.push((Opening::Environment(name), inner));
                self.arguments = Some((Mode::Opaque, token.end));
            }
            Kind::End("document") => self.stack.clear(),
            Kind::End(name) => self.pop(Opening::Environment(name)),
            Kind::Open => {
                let inner = arguments.map_or(mode, |(mode, _)| mode);
                self.stack.push((Opening::Group, if mode == Mode::Opaque { mode } else { inner }));
            }
            Kind::Close => {
                let inner = mode;
                self.pop(Opening::Group);
                if self.heading == Some(self.stack.len()) {
                    (self.heading, self.heading_end) = (None, token.end);
                }
                let names = self.names;
                self.names = names.saturating_sub(u8::from(inner == Mode::Opaque));
                // Another argument of the same command; behind text, no command is known to have two.
                let further = match inner {
                    Mode::Text { .. } => self.mode(),
                    Mode::Opaque if names == 1 => Mode::Text { in_row: false },
                    _ => inner,
                };
                self.arguments = Some((further, token.end));
            }
            Kind::Dollar => {
                let frame = if doubled { Opening::Display } else { Opening::Inline };
                self.formula(frame);
                return doubled;
            }
            Kind::Command("(" | "[") => self.stack.push((Opening::Parenthesis, Mode::Math)),
            Kind::Command(")" | "]") => self.pop(Opening::Parenthesis),
            Kind::Command(name) => self.command(name, mode, token.end),
        }
        false
    }

    /// Whether cells of the table whose columns begin at `at` may be formulas.
    fn has_formula_columns(&self, at: usize) -> bool {
        let mut depth = 0_u32;
        for char in self.latex.get(at..).unwrap_or_default().chars().take(COLUMNS_CHARS_MAX) {
            match char {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '$' if depth > 0 => return true,
                // The columns have ended; a place such as `[t]` may stand before them.
                _ if depth == 0 && !"[tbc] ".contains(char) => break,
                _ => {}
            }
        }
        self.has_column_types
    }

    fn command(&mut self, name: &str, mode: Mode, end: usize) {
        if matches!(mode, Mode::Text { .. }) {
            self.names = match name {
                "fcolorbox" => 2,
                _ => u8::from(listed(BOX_COMMANDS, name)),
            };
            if listed(HEADINGS, name) {
                self.heading = Some(self.stack.len());
            }
        }
        let starred = self.latex.get(end..).is_some_and(|rest| rest.starts_with('*'));
        let arguments = match mode {
            Mode::Opaque | Mode::Break => Mode::Opaque,
            _ if listed(NAME_COMMANDS, name) => Mode::Opaque,
            Mode::Text { .. } if self.names > 0 => Mode::Opaque,
            Mode::Unknown => Mode::Unknown,
            _ if listed(TEXT_COMMANDS, name) || (starred && listed(TEXT_COMMANDS, &format!("{name}*"))) => {
                Mode::Text { in_row: false }
            }
            Mode::Math => Mode::Math,
            // A symbol: what follows is no argument.
            Mode::Text { .. } if !name.starts_with(|first: char| first.is_ascii_alphabetic()) => mode,
            Mode::Text { .. } => Mode::Unknown,
        };
        self.arguments = Some((arguments, end));
    }

    fn formula(&mut self, frame: Opening<'a>) {
        if self.stack.last().is_some_and(|(last, _)| *last == frame) {
            self.stack.pop();
        } else {
            let mode = if matches!(self.mode(), Mode::Opaque) { Mode::Opaque } else { Mode::Math };
            self.stack.push((frame, mode));
        }
    }

    /// Closes `frame` and what is open inside it; nothing, when it is not open.
    fn pop(&mut self, frame: Opening<'a>) {
        let group = frame == Opening::Group;
        let at = self
            .stack
            .iter()
            .rposition(|(open, _)| *open == frame || (group && matches!(open, Opening::Environment(_))));
        if let Some(at) = at
            && self.stack.get(at).is_some_and(|(open, _)| *open == frame)
            && (at > 0 || group)
        {
            self.stack.truncate(at);
        }
    }

    /// Whether nothing was printed of the paragraph of `at`, which `before` is the last token before.
    fn starts_paragraph(&self, before: &Token<'_>, at: usize) -> bool {
        let gap = self.latex.get(before.end..at).unwrap_or_default();
        let text = gap.trim_end();
        match before.kind {
            _ if gap.get(text.len()..).unwrap_or_default().matches('\n').count() > 1 => true,
            Kind::Command("item") => text.is_empty() || (text.starts_with('[') && text.ends_with(']')),
            _ if !text.is_empty() => false,
            Kind::Begin(name) => listed(PARAGRAPHS_BEGIN, name),
            Kind::End(name) => listed(PARAGRAPHS_END, name),
            Kind::Command("par" | "newpage" | "clearpage" | "maketitle") => true,
            _ => before.end == self.heading_end,
        }
    }

    /// Behind the options in brackets that directly follow a command.
    fn behind_options(&self, from: usize, end: usize) -> usize {
        let gap = self.latex.get(from..end).unwrap_or_default();
        match gap.strip_prefix('[') {
            Some(rest) if self.arguments.is_some() => from + rest.find(']').map_or(gap.len(), |at| at + 2),
            _ => from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_formulas_are_told_apart() {
        let check = |body: &str, expected: &[(&str, char)]| {
            let latex = format!("\\newtheorem{{thm}}{{T}}x\n\\begin{{document}}{body}\\end{{document}}y");
            let found: Vec<(&str, char)> = pieces(&latex)
                .iter()
                .map(|piece| {
                    let mode = match piece.mode {
                        Mode::Text { in_row: false } => 't',
                        Mode::Text { in_row: true } => 'r',
                        Mode::Math => 'm',
                        Mode::Unknown => 'u',
                        Mode::Opaque => 'o',
                        Mode::Break => 'b',
                    };
                    (latex[piece.at..piece.end].trim(), mode)
                })
                .collect();
            assert_eq!(found, expected, "{body}");
        };
        check("a $b$ c", &[("a", 't'), ("b", 'm'), ("c", 't')]);
        check("$$b$$ \\(c\\) \\[d\\]e", &[("b", 'm'), ("c", 'm'), ("d", 'm'), ("e", 't')]);
        check("$\\text{a $b$} c$", &[("a", 't'), ("b", 'm'), ("c", 'm')]);
        check(
            "\\textbf{a} \\label{b} c \\foo{d}{e} f",
            &[("a", 't'), ("b", 'o'), ("c", 't'), ("d", 'u'), ("e", 'u'), ("f", 't')],
        );
        check("\\section*{a} {b}", &[("*", 't'), ("a", 't'), ("b", 't')]);
        check("\\begin{tabular}{cc}a & b\\end{tabular} c", &[("cc", 'o'), ("a & b", 'r'), ("c", 't')]);
        check("\\begin{tabular}{>{$}c<{$}}a^2\\end{tabular}", &[(">", 'o'), ("c<", 'o'), ("a^2", 'u')]);
        check("\\begin{align}a & b\\end{align}\\begin{x}c\\end{x}", &[("a & b", 'm'), ("c", 'u')]);
        check("\\begin{thm}[a_b]c\\end{thm}\\includegraphics[a=b]{c}", &[("c", 't'), ("c", 'o')]);
        check("\\begin{verbatim}a % b\n\\end{verbatim}c % d\ne", &[("a % b", 'o'), ("c", 't'), ("e", 't')]);
        check(
            "\\textcolor{red}{a}{b} \\fcolorbox{c}{d}{e}",
            &[("red", 'o'), ("a", 't'), ("b", 't'), ("c", 'o'), ("d", 'o'), ("e", 't')],
        );
        check("a\n\n\\\\b\\\\c", &[("a", 't'), ("", 'b'), ("b", 't'), ("c", 't')]);
        let titles = "\\renewcommand{\\title}[1]{x#1}\\def\\date#1{y}\\author{a \\textbf{b} $c$}\\setcounter{d}{1}\\begin{document}\\end{document}";
        let found: Vec<(&str, Mode)> =
            pieces(titles).iter().map(|piece| (titles[piece.at..piece.end].trim(), piece.mode)).collect();
        let text = Mode::Text { in_row: false };
        assert_eq!(found, [("a", text), ("b", text), ("c", Mode::Math)]);
        let deep = "{".repeat(DEPTH_MAX);
        check(&format!("{deep}a"), &[]);
        check("\\frac{a}{b} $\\frac{a}{b}$", &[("a", 'u'), ("b", 'u'), ("a", 'm'), ("b", 'm')]);
    }
}
