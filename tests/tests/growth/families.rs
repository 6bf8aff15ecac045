//! Families of input: a few units of a grammar, repeated, alternating, nested, and inside each other.

use std::fmt;

/// One way to fill any number of bytes.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    shape: Shape,
    first: &'static str,
    second: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    /// `aaaa`
    Repeated,
    /// `abab`
    Alternating,
    /// `aabb`
    Nested,
    /// `a\nb\na\nb\n`, each on a line of its own.
    Lines,
    /// `abbbb`: one opening before much of the other.
    Once,
}

impl Family {
    /// At least one of each unit, and about `bytes` bytes; nothing for no bytes.
    pub(crate) fn input(&self, bytes: usize) -> String {
        let (first, second) = (self.first, self.second);
        let half = |unit: &str| unit.repeat((bytes / 2 / unit.len()).max(1));
        match self.shape {
            _ if bytes == 0 => String::new(),
            Shape::Repeated => first.repeat((bytes / first.len()).max(1)),
            Shape::Alternating => {
                format!("{first}{second}").repeat((bytes / (first.len() + second.len())).max(1))
            }
            Shape::Nested => half(first) + &half(second),
            Shape::Lines => {
                let unit = format!("{first}\n{second}\n");
                unit.repeat((bytes / unit.len()).max(1))
            }
            Shape::Once => format!("{first}{}", second.repeat((bytes / second.len()).max(1))),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {:?} {:?}", self.shape, self.first, self.second)
    }
}

/// Each unit alone, on one line and on many.
pub(crate) fn simple(units: &[&'static [&'static str]]) -> Vec<Family> {
    let units = units.iter().flat_map(|grammar| grammar.iter());
    let shapes = [Shape::Repeated, Shape::Lines];
    units.flat_map(|unit| shapes.map(|shape| Family { shape, first: unit, second: unit })).collect()
}

/// Each unit alone, and pairs of it with the next `neighbours` units, in all shapes and across the grammars.
pub(crate) fn pairs(units: &[&'static [&'static str]], neighbours: usize) -> Vec<Family> {
    let each: Vec<&'static str> = units.iter().flat_map(|grammar| grammar.iter().copied()).collect();
    let mut families = simple(units);
    for (at, one) in each.iter().enumerate() {
        for other in each.iter().cycle().skip(at + 1).take(neighbours.min(each.len() - 1)) {
            let family = |shape, first, second| Family { shape, first, second };
            families.extend([
                family(Shape::Nested, *one, *other),
                family(Shape::Nested, *other, *one),
                family(Shape::Once, *one, *other),
                family(Shape::Once, *other, *one),
                family(Shape::Alternating, *one, *other),
                family(Shape::Lines, *one, *other),
            ]);
        }
    }
    families
}

pub(crate) const FORM: &[&str] = &["&", "=", "a=b&", "%41", "%", "+", "a", "&a", "é"];
pub(crate) const JSON: &[&str] = &[
    "[",
    "{\"a\":",
    "{\"a\":\"x\",",
    "\"a\":\"b\",",
    "\"",
    "\\",
    "\\u0061",
    "1",
    "e9",
    "null,",
    "]",
    "}",
    " ",
];
pub(crate) const HEADERS: &[&str] = &[
    "a=1; ",
    "session=x; ",
    ";",
    "=",
    ",",
    "text/html,",
    "fr;q=0.5,",
    ";q=",
    "10.0.0.1,",
    "1.2.3.4, ",
    ":",
    "/",
    "%",
];
pub(crate) const MULTIPART: &[&str] = &[
    "--B\r\n",
    "\r\n--B",
    "--B--\r\n",
    "\r\n",
    "\r",
    "-",
    "Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n",
    "; a=\"\\\"",
    "filename*=UTF-8''%41",
    "x: y\r\n",
];
pub(crate) const PDF: &[&str] = &[
    "%PDF-1.7\n",
    "1 0 obj\n",
    "<<",
    ">>",
    "/Type /Page ",
    "/Type 1 0 R ",
    "/Kids [1 0 R] ",
    "/Count 9 ",
    "(",
    ")",
    "<41",
    "[",
    "% \n",
    "stream\n",
    "endstream endobj\n",
    "trailer<</Root 1 0 R>>",
    "xref\n0 1\n",
    "%%EOF\n",
    "#41",
    "\\",
];
pub(crate) const SSE: &[&str] =
    &["data: ", "data:x\n", "\n", "\r", "\r\n\r\n", ":", "event: a\n", "{\"candidates\":["];
pub(crate) const CHAT: &[&str] = &[
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"<think>\"}}]}\n\n",
    "data: [DONE]\n\n",
    "error: {\"code\":1}\n\n",
    ": keep-alive\n\n",
    "<think>",
    "</think>",
    "</thin",
    " ",
    "é",
];
pub(crate) const MARKDOWN: &[&str] = &[
    "https://a",
    "http://a ",
    ")",
    "$",
    "\\vec ",
    "```",
    "```python\n",
    "~~~\n",
    "> ",
    "- ",
    "a\n",
    "    ",
    "* ",
    "**",
    "_",
    "[",
    "](",
    "](a)",
    "![",
    "`",
    "<",
    "<a ",
    "# ",
    "|",
    "|-",
    "1. ",
    "\\",
    "&amp;",
    "Explication :\n",
    "print(1)\n",
    "\t",
    "{\"code\":\"",
];
pub(crate) const CONVERSATION: &[&str] =
    &["### Question\n", "\n\n### Réponse\n", "### ", "\r\n", "\0", " […]", "```python\n"];
pub(crate) const LATEX: &[&str] = &[
    "α",
    "u_n ",
    "# ",
    "% page 1\n",
    "% figure 1 [0, 0, 500, 500]\n",
    "\\fbox{Figure",
    "{",
    "}",
    "\\",
    "\\begin{a}",
    "\\end{a}",
    "\\begin{itemize}",
    "\\item ",
    "\\end{itemize}",
    "$",
    "$$",
    "\\(",
    "\\[",
    "$\\(",
    "&",
    "\\\\",
    "\\begin{tabular}{c}",
    "%",
    "\\textbf{",
    "\\usepackage{a}",
    "\\usepackage[",
    "\\section{",
    "\\verb|",
    "\\documentclass{article}",
    "\\begin{document}",
    "^^5c",
    "\\frac12",
    "\\left(",
    "^{",
    "^α",
    "_",
];
pub(crate) const TEXT: &[&str] =
    &["a", "é", "e\u{301}", "\u{fdfa}", "1", " ", "azerty", "motdepasse", "0", "\u{0}"];
