//! What goes wrong with answers, put into clean documents: each class is one of issue 10 or of a failure that was seen.

use crate::generator::Document;
use crate::random::Random;

/// A way to spoil a document.
#[derive(Debug)]
pub struct Defect {
    pub name: &'static str,
    /// `None`: the document has no place for it.
    spoil: fn(&str, &mut Random) -> Option<Spoilt>,
}

/// An answer with a defect.
#[derive(Debug)]
pub struct Spoilt {
    pub raw: String,
    /// The model ended by itself.
    pub stopped: bool,
    /// What must be delivered whole: the document, or what arrived of it.
    pub must_hold: MustHold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MustHold {
    /// Every word of the document.
    Document,
    /// Every word of the complete lines of the answer.
    Answer,
    /// Nothing: the answer is no document.
    Nothing,
}

impl Defect {
    #[must_use]
    pub fn spoil(&self, document: &Document, random: &mut Random) -> Option<Spoilt> {
        (self.spoil)(&document.latex, random)
    }
}

fn whole(raw: String) -> Option<Spoilt> {
    Some(Spoilt { raw, stopped: true, must_hold: MustHold::Document })
}

fn said(raw: String) -> Option<Spoilt> {
    Some(Spoilt { raw, stopped: true, must_hold: MustHold::Answer })
}

/// Byte offset behind `\begin{document}`.
fn begin(latex: &str) -> usize {
    latex.find("\\begin{document}\n").map_or(0, |at| at + "\\begin{document}\n".len())
}

/// The document with a paragraph of this text in its body, before one of its sections or at its end.
fn with_paragraph(latex: &str, text: &str) -> Option<String> {
    let end = latex.rfind("\n\\end{document}")?;
    let at = latex[begin(latex)..end].find("\n\n\\section*").map_or(begin(latex), |at| begin(latex) + at + 2);
    let at = if latex.contains("{exam}") { latex.find("\\end{questions}")? } else { at };
    Some(format!("{}\n{text}\n\n{}", &latex[..at], &latex[at..]))
}

fn without_line(latex: &str, chosen: impl Fn(&str) -> bool, random: &mut Random) -> Option<String> {
    let lines: Vec<&str> = latex.lines().filter(|line| chosen(line)).collect();
    let line = lines.get(random.below(lines.len()))?;
    Some(latex.replacen(&format!("{line}\n"), "", 1))
}

fn cut(latex: &str, random: &mut Random) -> usize {
    let from = begin(latex);
    let end = latex.rfind("\\end{document}").unwrap_or(latex.len());
    latex.floor_char_boundary(from + random.below(end - from))
}

/// Packages without which a document compiles, or only looks different.
const KEPT: [&str; 7] = ["inputenc", "fontenc", "babel", "geometry", "xcolor", "hyperref", "ulem"];
/// Packages that are loaded by others: without them nothing is missing.
const LOADED_BY: [(&str, &str); 4] =
    [("{amsmath}", "mhchem"), ("{tikz}", "chemfig"), ("{tikz}", "circuitikz"), ("{tikz}", "pgfplots")];
/// What the documents use of amsmath, which all of them load.
const OF_AMSMATH: [&str; 8] =
    ["{align", "{equation*}", "cases}", "matrix}", "\\binom", "\\text{", "\\iint", "\\DeclareMathOperator"];
const LOOP: &str = "La fonction est continue et dérivable sur cet intervalle. ";

/// A paragraph more that pdflatex stops at, or that has to be named.
macro_rules! paragraph {
    ($name:literal, $text:literal) => {
        Defect { name: $name, spoil: |latex, _| said(with_paragraph(latex, $text)?) }
    };
}

pub const DEFECTS: &[Defect] = &[
    Defect { name: "fence", spoil: |latex, _| whole(format!("```latex\n{latex}```\n")) },
    Defect {
        name: "sentences around it",
        spoil: |latex, _| {
            whole(format!(
                "Voici le code, de \\documentclass à \\end{{document}} :\n\n{latex}\nLe fichier se termine bien par \\end{{document}}.\n"
            ))
        },
    },
    Defect {
        name: "sentence and fence",
        spoil: |latex, _| {
            whole(format!("Here is the document:\n\n```latex\n{latex}```\n\nHope this helps!\n"))
        },
    },
    Defect { name: "carriage returns", spoil: |latex, _| whole(latex.replace('\n', "\r\n")) },
    Defect {
        name: "no preamble",
        spoil: |latex, _| {
            let own = [
                "\\newcommand",
                "\\newtheorem",
                "\\newcolumntype",
                "\\DeclareMath",
                "\\definecolor",
                "\\newtcolorbox",
                "\\DefineVerb",
                "{exam}",
                "chapter",
            ];
            if own.iter().any(|own| latex.contains(own)) {
                return None;
            }
            whole(latex[begin(latex)..].replace("\n\\end{document}\n", "\n"))
        },
    },
    Defect {
        name: "missing package",
        spoil: |latex, random| {
            let unused = |line: &str| {
                (line.contains("{amsmath}") && !OF_AMSMATH.iter().any(|used| latex.contains(used)))
                    || LOADED_BY
                        .iter()
                        .any(|(package, by)| line.contains(package) && latex.contains(&format!("{by}}}")))
            };
            let may_go = |line: &str| {
                line.starts_with("\\usepackage")
                    && !KEPT.iter().any(|kept| line.contains(kept))
                    && !unused(line)
            };
            whole(without_line(latex, may_go, random)?)
        },
    },
    Defect {
        name: "old babel option",
        spoil: |latex, _| whole(latex.contains("[french]").then(|| latex.replace("[french]", "[francais]"))?),
    },
    Defect { name: "missing end", spoil: |latex, _| whole(latex.replace("\\end{document}\n", "")) },
    Defect {
        name: "cut anywhere",
        spoil: |latex, random| {
            let at = cut(latex, random);
            Some(Spoilt { raw: latex[..at].to_owned(), stopped: false, must_hold: MustHold::Answer })
        },
    },
    Defect {
        name: "loop at the end of a cut answer",
        spoil: |latex, _| {
            let at = latex.rfind("\n\\end{document}")?;
            Some(Spoilt {
                raw: format!("{}\n\n{}", &latex[..at], format!("{}\n", LOOP.trim()).repeat(60)),
                stopped: false,
                must_hold: MustHold::Answer,
            })
        },
    },
    Defect {
        name: "loop in the middle",
        spoil: |latex, _| said(with_paragraph(latex, &format!("{}\n", LOOP.trim()).repeat(40))?),
    },
    Defect { name: "loop within a line", spoil: |latex, _| said(with_paragraph(latex, &LOOP.repeat(200))?) },
    Defect {
        name: "unclosed environment",
        spoil: |latex, random| {
            let names = ["align*", "enumerate", "itemize", "center", "tabular", "multicols", "tikzpicture"];
            whole(without_line(
                latex,
                |line| names.iter().any(|name| line == format!("\\end{{{name}}}")),
                random,
            )?)
        },
    },
    Defect {
        name: "unclosed brace",
        spoil: |latex, _| {
            whole(
                latex
                    .contains("\\textbf{")
                    .then(|| latex.replacen("\\textbf{important}", "\\textbf{important", 1))
                    .filter(|bad| bad != latex)?,
            )
        },
    },
    Defect {
        name: "unclosed dollar",
        spoil: |latex, _| {
            whole(latex.contains("Soit $f$ ").then(|| latex.replacen("Soit $f$ ", "Soit $f ", 1))?)
        },
    },
    paragraph!("stray brace", "Un texte } de plus."),
    paragraph!("stray ampersand", "Le professeur & ses élèves, Dupont & Cie."),
    paragraph!("stray underscore", "Le fichier mon_fichier et la variable nb_max sont vides."),
    paragraph!("stray subscript", "La suite u_n et le terme u_{n+1} sont positifs."),
    paragraph!("stray exponent", "L'aire vaut 25 cm^2 et 10^{3} unités, le 1^{er} mai."),
    paragraph!("stray hash", "L'exercice #3 et la note do# sont faciles."),
    paragraph!("Markdown heading", "## Exercice supplémentaire\n\nUn texte."),
    paragraph!("HTML entities", "On sait que 2 &lt; 3 &amp; que 5 &gt; 4."),
    paragraph!("narrow no-break space", "Est-ce vrai\u{202f}? Oui\u{202f}: 10\u{202f}000 fois."),
    paragraph!("zero-width space", "Un mot\u{200b}coupé et un\u{2060}autre."),
    paragraph!("minus sign", "Il fait \u{2212}5 degrés, et $x = \u{2212}3$."),
    paragraph!("combining accents", "Un e\u{301}le\u{300}ve a\u{302}ge\u{301} de c\u{327}a."),
    paragraph!("relations in formulas", "On a $x ≤ 3$, $y ≥ 2$, $z ≠ 0$, $x ∈ ℝ$ et $A ⊂ B ∪ C$."),
    paragraph!("relations in text", "On a x ≤ 3 et n ∈ ℕ, donc ∀ y ≥ 2, A → B."),
    paragraph!("Greek in formulas", "L'angle $α + β = π$, $Δ = 3$ et $Σ λ_i$."),
    paragraph!("Greek in text", "Les angles α et β, la somme Σ, un écart Δ."),
    paragraph!("superscripts", "Le volume x³ et x⁴, H₂O, $a⁵ + b₁$."),
    paragraph!("symbols", "Cocher ☐ vrai ☑ faux ✓ ou ✗, √2 ≈ 1,41 et ∞."),
    paragraph!("unknown character", "Un texte avec 漢字 et 😀 dedans."),
    paragraph!("empty list", "\\begin{enumerate}\n% rien\n\\end{enumerate}"),
    paragraph!("text before the first item", "\\begin{itemize}\nTexte.\n\\item a\n\\end{itemize}"),
    paragraph!("cell too many", "\\begin{tabular}{ll}\na & b & c\\\\\n\\end{tabular}"),
    paragraph!("cell too many in a formula", "$\\begin{array}{l}a & b\\end{array}$"),
    paragraph!("number in a command", "Il y a \\np{12345} habitants."),
    paragraph!("price in a command", "Le livre vaut \\EUR{12}."),
    paragraph!("shortcut that is not defined", "Pour tout $x \\in \\R$."),
    paragraph!("comment by iffalse", "\\iffalse\n{ $ \\begin{foo}\n\\fi\nTexte."),
    Defect {
        name: "own verbatim environment",
        spoil: |latex, _| {
            let program = "\\begin{programme}\n{ $ &\n\\end{programme}";
            let defined = "\\usepackage{fancyvrb}\n\\DefineVerbatimEnvironment{programme}{Verbatim}{}\n\\begin{document}";
            whole(with_paragraph(latex, program)?.replacen("\\begin{document}", defined, 1))
        },
    },
    Defect {
        name: "comment before the class",
        spoil: |latex, _| whole(format!("\\iffalse\nNotes du correcteur.\n\\fi\n{latex}")),
    },
    Defect {
        name: "document without words",
        spoil: |latex, _| nothing(&format!("{}\n\\end{{document}}\n", &latex[..begin(latex)])),
    },
    Defect {
        name: "two documents",
        spoil: |latex, _| {
            let (head, body) = latex.split_at(begin(latex));
            let half = body.len() / 2;
            let at = body[..body.floor_char_boundary(half)].rfind("\n\n\\section*")?;
            let (one, two) = body.split_at(at);
            whole(format!("{head}{one}\n\\end{{document}}\n\n{head}{two}"))
        },
    },
    Defect {
        name: "refusal in prose",
        spoil: |_, _| {
            nothing("Je suis désolé, mais je ne peux pas transcrire ce document : la page est illisible.")
        },
    },
    Defect {
        name: "refusal as a document",
        spoil: |_, _| {
            nothing(
                "\\documentclass{article}\n\\begin{document}\nJe suis désolé, je ne peux pas lire cette image.\n\\end{document}\n",
            )
        },
    },
    Defect {
        name: "web page",
        spoil: |_, _| nothing("<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n"),
    },
    Defect { name: "JSON string", spoil: |latex, _| nothing(&format!("{:?}", latex)) },
    paragraph!("file that is read", "\\input{/etc/passwd}"),
    Defect {
        name: "picture that does not exist",
        spoil: |latex, _| {
            said(with_paragraph(latex, "\\includegraphics{figure1.png}")?.replacen(
                "\\begin{document}",
                "\\usepackage{graphicx}\n\\begin{document}",
                1,
            ))
        },
    },
    paragraph!("illegible passage", "Le mot \\textit{[illisible]} manque."),
];

fn nothing(raw: &str) -> Option<Spoilt> {
    Some(Spoilt { raw: raw.to_owned(), stopped: true, must_hold: MustHold::Nothing })
}
