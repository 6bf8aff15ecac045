//! Characters that pdflatex refuses: replaced where it is certain by what, and named where it is not.
//!
//! A document that declares characters itself, or that another engine compiles, is left alone. Which characters are
//! accepted was read off TeX Live 2022, with `inputenc` in utf8 and `fontenc` in T1.

use unicode_normalization::char::compose;

use crate::edits::Edits;
use crate::modes::{Mode, Piece, pieces};

/// What in a preamble sets up more characters.
const SETS_UP: &str = "DeclareUnicodeCharacter|newunicodechar|fontspec|unicode-math|utf8x|textalpha|alphabeta|greek|LGR|T2A|X2|CJK|\
    xeCJK|luatex|ucs|inputenx|kotex|polyglossia|cmap-utf|mathspec|literate|% !TeX program = x|% !TeX program = l|uspace";
/// Those that are accepted, above ASCII, in order.
const ACCEPTED: [(u16, u16); 60] = [
    (0xa0, 0x125),
    (0x128, 0x137),
    (0x139, 0x13e),
    (0x141, 0x148),
    (0x14a, 0x165),
    (0x168, 0x17e),
    (0x192, 0x192),
    (0x1c4, 0x1d4),
    (0x1e2, 0x1e3),
    (0x1e6, 0x1eb),
    (0x1f0, 0x1f0),
    (0x1f4, 0x1f5),
    (0x218, 0x21b),
    (0x232, 0x233),
    (0x237, 0x237),
    (0x2c6, 0x2c7),
    (0x2d8, 0x2d9),
    (0x2db, 0x2dd),
    (0x1e02, 0x1e03),
    (0x1e0d, 0x1e0d),
    (0x1e1e, 0x1e21),
    (0x1e25, 0x1e25),
    (0x1e30, 0x1e31),
    (0x1e37, 0x1e37),
    (0x1e43, 0x1e43),
    (0x1e45, 0x1e45),
    (0x1e47, 0x1e47),
    (0x1e5b, 0x1e5b),
    (0x1e63, 0x1e63),
    (0x1e6d, 0x1e6d),
    (0x1e8e, 0x1e91),
    (0x1e9e, 0x1e9e),
    (0x1ef2, 0x1ef3),
    (0x200c, 0x200c),
    (0x2010, 0x2016),
    (0x2018, 0x201a),
    (0x201c, 0x201e),
    (0x2020, 0x2022),
    (0x2026, 0x2026),
    (0x2030, 0x2031),
    (0x2039, 0x203b),
    (0x203d, 0x203d),
    (0x2044, 0x2044),
    (0x204e, 0x204e),
    (0x2052, 0x2052),
    (0x20a1, 0x20a1),
    (0x20a4, 0x20ac),
    (0x20b1, 0x20b1),
    (0x2103, 0x2103),
    (0x2116, 0x2117),
    (0x211e, 0x2122),
    (0x2126, 0x2127),
    (0x212e, 0x212e),
    (0x2190, 0x2193),
    (0x2329, 0x232a),
    (0x2422, 0x2423),
    (0x25e6, 0x25ef),
    (0x266a, 0x266a),
    (0x27e8, 0x27e9),
    (0xfb00, 0xfeff),
];
/// What they are in a formula.
const SYMBOLS: &str = "−- ∗* ′' ″'' ≤\\leq ≥\\geq ≠\\neq ≈\\approx ≡\\equiv ∼\\sim ≃\\simeq ≅\\cong ∝\\propto ∞\\infty ∓\\mp ∘\\circ \
    √\\surd ∂\\partial ∇\\nabla ∆\\Delta ∫\\int ∬\\iint ∮\\oint ∑\\sum ∏\\prod ∈\\in ∉\\notin ∋\\ni ⊂\\subset ⊃\\supset \
    ⊆\\subseteq ⊇\\supseteq ⊄\\not\\subset ∪\\cup ∩\\cap ∅\\emptyset ∖\\setminus ∀\\forall ∃\\exists ∧\\wedge ∨\\vee \
    ⊕\\oplus ⊗\\otimes ⊥\\perp ⟂\\perp ∥\\parallel ∠\\angle ⇒\\Rightarrow ⇐\\Leftarrow ⇔\\Leftrightarrow \
    ↔\\leftrightarrow ↦\\mapsto ⟶\\longrightarrow ⟹\\Longrightarrow ⟺\\Longleftrightarrow ↗\\nearrow ↘\\searrow \
    ℝ\\mathbb{R} ℕ\\mathbb{N} ℤ\\mathbb{Z} ℚ\\mathbb{Q} ℂ\\mathbb{C} ℙ\\mathbb{P} ℓ\\ell ℏ\\hbar ℵ\\aleph ⋅\\cdot ∙\\bullet \
    ⋆\\star ★\\bigstar ✓\\checkmark ✔\\checkmark ☑\\checkmark ☐\\square □\\square ■\\blacksquare ✗\\times ✘\\times \
    ☒\\boxtimes △\\triangle ●\\bullet ○\\circ ⌊\\lfloor ⌋\\rfloor ⌈\\lceil ⌉\\rceil ⩽\\leqslant ⩾\\geqslant ≪\\ll ≫\\gg \
    ∴\\therefore ∣\\mid ⇌\\rightleftharpoons ⋯\\cdots ⋮\\vdots ⋱\\ddots ⅓\\frac{1}{3} ⅔\\frac{2}{3} ⅛\\frac{1}{8} \
    α\\alpha β\\beta γ\\gamma δ\\delta ε\\varepsilon ϵ\\epsilon ζ\\zeta η\\eta θ\\theta ϑ\\vartheta ι\\iota κ\\kappa λ\\lambda \
    μ\\mu ν\\nu ξ\\xi ο{o} π\\pi ρ\\rho ς\\varsigma σ\\sigma τ\\tau υ\\upsilon φ\\varphi ϕ\\phi χ\\chi ψ\\psi ω\\omega \
    Γ\\Gamma Δ\\Delta Θ\\Theta Λ\\Lambda Ξ\\Xi Π\\Pi Σ\\Sigma Υ\\Upsilon Φ\\Phi Ψ\\Psi Ω\\Omega";
const RAISED: &str = "⁰0⁴4⁵5⁶6⁷7⁸8⁹9⁺+⁻-⁼=⁽(⁾)ⁿnⁱi¹1²2³3";
const LOWERED: &str = "₀0₁1₂2₃3₄4₅5₆6₇7₈8₉9₊+₋-₌=₍(₎)ₙnᵢiⱼjₓxₐa";
/// More are not listed.
const UNKNOWN_MAX: usize = 5;

/// The document with replacements, and the line of the first; `None` when there is nothing to replace.
pub(crate) fn replace(latex: &str) -> Option<(String, u32)> {
    if is_plain(latex) {
        return None;
    }
    let mut edits = Edits::new(latex);
    for piece in pieces(latex) {
        let text = latex.get(piece.at..piece.end).unwrap_or_default();
        if text.chars().all(is_accepted) {
            continue;
        }
        let replaced = in_piece(text, piece.mode);
        if replaced != text {
            edits.replace(piece.at, piece.end, replaced, piece.line);
        }
    }
    edits.finish()
}

/// Characters that stay refused, each once, with their lines.
pub(crate) fn unknown(latex: &str) -> Vec<(char, u32)> {
    let mut found: Vec<(char, u32)> = Vec::new();
    if is_plain(latex) {
        return found;
    }
    for Piece { at, end, line, mode } in pieces(latex) {
        for char in latex.get(at..end).unwrap_or_default().chars().filter(|char| !is_accepted(*char)) {
            if mode != Mode::Opaque
                && found.len() < UNKNOWN_MAX
                && !found.iter().any(|(known, _)| *known == char)
            {
                found.push((char, line));
            }
        }
    }
    found
}

/// No character, or no document, is of interest here.
fn is_plain(latex: &str) -> bool {
    latex.chars().all(is_accepted) || is_set_up(latex)
}

/// Whether the preamble sets up more characters.
pub(crate) fn is_set_up(latex: &str) -> bool {
    let preamble = latex.split("\\begin{document}").next().unwrap_or_default();
    SETS_UP.split('|').any(|mark| preamble.contains(mark))
}

fn is_accepted(char: char) -> bool {
    let code = u32::from(char);
    let after = ACCEPTED.partition_point(|(from, _)| u32::from(*from) <= code);
    code < 0x80 || ACCEPTED.get(..after).and_then(<[_]>::last).is_some_and(|(_, to)| code <= u32::from(*to))
}

fn in_piece(text: &str, mode: Mode) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut greek = 0;
    while let Some(char) = chars.next() {
        // A word in Greek is no formula. Two more letters are enough to know.
        let is_greek = ('\u{370}'..='\u{3ff}').contains(&char);
        let ahead = chars.clone().take_while(|next| ('\u{370}'..='\u{3ff}').contains(next)).take(2).count();
        greek = if is_greek { greek + 1 } else { 0 };
        let in_word = is_greek && greek + ahead > 2 && mode != Mode::Math;
        if is_accepted(char) && !(RAISED.contains(char) && chars.peek().is_some_and(|next| is_raised(*next)))
            || in_word
        {
            out.push(char);
            continue;
        }
        if ('\u{300}'..='\u{36f}').contains(&char) {
            match out.chars().last().and_then(|base| compose(base, char)).filter(|whole| is_accepted(*whole))
            {
                Some(whole) => {
                    out.pop();
                    out.push(whole);
                }
                None => out.push(char),
            }
            continue;
        }
        let scripts = [(RAISED, '^'), (LOWERED, '_')];
        let script = scripts.iter().find_map(|(table, mark)| Some((table, mark, plain_of(table, char)?)));
        match (char, mode, script) {
            (
                '\u{200b}'
                | '\u{200d}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2060}'..='\u{2064}'
                | '\u{fe0f}'
                | '\u{fe0e}',
                ..,
            ) => {}
            ('\u{202f}' | '\u{2007}', Mode::Text { .. } | Mode::Unknown, _) => out.push('~'),
            (
                '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}',
                Mode::Text { .. } | Mode::Math,
                _,
            ) => out.push_str("\\,"),
            ('\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}', ..) => out.push(' '),
            (_, Mode::Opaque, _) => out.push(char),
            (_, _, Some((table, mark, first))) => {
                let mut script = first.to_string();
                while let Some(next) = chars.peek().and_then(|next| plain_of(table, *next)) {
                    script.push(next);
                    chars.next();
                }
                push_formula(&mut out, &format!("{mark}{{{script}}}"), mode, None);
            }
            // Commands are ASCII, so the character stands only before its own.
            _ => match SYMBOLS.split_once(char).and_then(|(_, rest)| rest.split(' ').next()) {
                Some(command) => push_formula(&mut out, command, mode, chars.peek().copied()),
                None => out.push(char),
            },
        }
    }
    out
}

fn push_formula(out: &mut String, formula: &str, mode: Mode, next: Option<char>) {
    match mode {
        Mode::Math => {
            out.push_str(formula);
            let is_word = formula.ends_with(|last: char| last.is_ascii_alphabetic());
            if is_word && next.is_some_and(|next| next.is_ascii_alphabetic()) {
                out.push(' ');
            }
        }
        Mode::Unknown => out.push_str(&format!("\\ensuremath{{{formula}}}")),
        _ => out.push_str(&format!("${formula}$")),
    }
}

fn is_raised(char: char) -> bool {
    !is_accepted(char) && plain_of(RAISED, char).is_some()
}

/// What stands behind `char` in a table of pairs.
fn plain_of(table: &str, char: char) -> Option<char> {
    if char.is_ascii() {
        return None;
    }
    table.split_once(char).and_then(|(_, rest)| rest.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        format!("\\documentclass{{article}}\n\\begin{{document}}\n{text}\n\\end{{document}}\n")
    }

    #[test]
    fn what_is_certain_is_replaced() {
        let check = |text: &str, expected: &str| {
            let replaced = replace(&body(text)).map_or_else(|| body(text), |(latex, _)| latex);
            assert_eq!(replaced, body(expected), "{text}");
        };
        check("vrai\u{202f}? 10\u{202f}000", "vrai~? 10~000");
        check("un\u{200b}e e\u{301}te\u{301}", "une été");
        check("il fait \u{2212}5, $x = \u{2212}3$", "il fait $-$5, $x = -3$");
        check("$x≤3$, $x∈ℝ$, $αx$", "$x\\leq3$, $x\\in\\mathbb{R}$, $\\alpha x$");
        check("x ≤ 3, α et β", "x $\\leq$ 3, $\\alpha$ et $\\beta$");
        check("x⁴, H₂O, x⁻¹, $a¹⁰$", "x$^{4}$, H$_{2}$O, x$^{-1}$, $a^{10}$");
        check("x² et $x³$, « é » – … € →", "x² et $x³$, « é » – … € →");
        check("\\foo{α} $\\text{α}$", "\\foo{\\ensuremath{\\alpha}} $\\text{$\\alpha$}$");
        check("\\label{α} \\verb|α|", "\\label{α} \\verb|α|");
        check("Ελλάς 漢 % ≤", "Ελλάς 漢 % ≤");
        let own = "\\usepackage{newunicodechar}\n\\begin{document}α\\end{document}";
        assert_eq!(replace(own), None);
    }

    #[test]
    fn the_rest_is_named_with_its_line() {
        assert_eq!(unknown(&body("a\n漢 et 漢 😀 % 字")), [('漢', 4), ('😀', 4)]);
        assert_eq!(unknown(&body("é « œ » € ≥\n")), [('≥', 3)]);
        assert_eq!(unknown(&body("\\verb|漢| \\label{漢}")), []);
    }
}
