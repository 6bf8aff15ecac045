//! Formulas: the LaTeX of a lesson or of an exam, between dollars, as MathML, which browsers render by themselves.
//!
//! A formula is read in one pass of bounded depth into escaped text and elements of our own, so nothing of a model's
//! text becomes markup. Whatever is not understood makes the whole formula be shown as its source. ADR 0028 says why no
//! library does this.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::todo,
        clippy::dbg_macro
    )
)]

mod symbols;
mod table;
#[cfg(test)]
mod tests;

use symbols::{Symbol, symbol};

/// The longest formula that is rendered, in bytes.
const SOURCE_BYTES_MAX: usize = 4_000;
/// The greatest depth of nested groups and arguments.
const DEPTH_MAX: usize = 24;

/// In a sentence, or in a paragraph of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    Inline,
    Block,
}

/// The formula as a `<math>` element; `None` when it is not understood.
#[must_use]
pub fn render(source: &str, display: Display) -> Option<String> {
    if source.len() > SOURCE_BYTES_MAX {
        return None;
    }
    let mut reader = Reader { rest: source, depth: 0 };
    let content = reader.row(None)?;
    let display = if display == Display::Block { "block" } else { "inline" };
    reader.rest.is_empty().then(|| format!("<math display=\"{display}\">{content}</math>"))
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEPTH_MAX).then_some(())
    }

    /// A row up to `end`, which is consumed, or up to the end of the source.
    fn row(&mut self, end: Option<&str>) -> Option<String> {
        self.deeper()?;
        let mut row = String::new();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(end) = end
                && let Some(rest) = self.rest.strip_prefix(end)
                // `\rightarrow` does not end a fence.
                && !(end.starts_with('\\') && rest.starts_with(|next: char| next.is_ascii_alphabetic()))
            {
                self.rest = rest;
                break;
            }
            if self.rest.is_empty() {
                end.is_none().then_some(())?;
                break;
            }
            row.push_str(&self.scripted()?);
        }
        self.depth -= 1;
        Some(row)
    }

    /// One item with its subscript and superscript, in either order.
    fn scripted(&mut self) -> Option<String> {
        let item = self.item()?;
        let (mut below, mut above) = (None, None);
        loop {
            let trimmed = self.rest.trim_start();
            let script = match trimmed.chars().next() {
                Some('_') => &mut below,
                Some('^') => &mut above,
                Some('\'') => {
                    self.rest = trimmed.trim_start_matches('\'');
                    let primes = "′".repeat(trimmed.len() - self.rest.len());
                    above.replace(format!("<mo>{primes}</mo>")).is_none().then_some(())?;
                    continue;
                }
                _ => break,
            };
            script.is_none().then_some(())?;
            self.rest = trimmed.get(1..)?;
            *script = Some(self.argument()?);
        }
        let (sub, sup, both) =
            if item.has_limits { ("munder", "mover", "munderover") } else { ("msub", "msup", "msubsup") };
        let base = item.markup;
        Some(match (below, above) {
            (None, None) => base,
            (Some(below), None) => format!("<{sub}>{base}{below}</{sub}>"),
            (None, Some(above)) => format!("<{sup}>{base}{above}</{sup}>"),
            (Some(below), Some(above)) => format!("<{both}>{base}{below}{above}</{both}>"),
        })
    }

    /// A group in braces, one digit, or the next item.
    fn argument(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '{' => self.group(),
            digit @ '0'..='9' => {
                self.rest = self.rest.get(1..)?;
                Some(format!("<mn>{digit}</mn>"))
            }
            _ => {
                self.deeper()?;
                let item = self.item()?;
                self.depth -= 1;
                Some(item.markup)
            }
        }
    }

    fn group(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start().strip_prefix('{')?;
        Some(format!("<mrow>{}</mrow>", self.row(Some("}"))?))
    }

    fn item(&mut self) -> Option<Item> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        let (token, rest) = self.rest.split_at(match first {
            '\\' => command_len(self.rest),
            '0'..='9' => number_len(self.rest),
            other => other.len_utf8(),
        });
        match first {
            '{' => return Some(Item::plain(self.group()?)),
            '}' | '_' | '^' | '&' | '#' | '$' | '%' => return None,
            _ => self.rest = rest,
        }
        match first {
            '\\' => self.command(token.get(1..)?),
            '0'..='9' => Some(Item::plain(format!("<mn>{token}</mn>"))),
            letter if letter.is_alphabetic() => Some(Item::plain(format!("<mi>{letter}</mi>"))),
            '~' => Some(Item::of_symbol(Symbol::Space("0.33em"))),
            '-' => Some(Item::operator("−")),
            '*' => Some(Item::operator("∗")),
            '<' => Some(Item::operator("&lt;")),
            '>' => Some(Item::operator("&gt;")),
            '"' => None,
            sign if sign.is_control() => None,
            _ => Some(Item::operator(token)),
        }
    }

    fn command(&mut self, name: &str) -> Option<Item> {
        let markup = match name {
            "frac" | "dfrac" | "tfrac" => {
                format!("<mfrac>{}{}</mfrac>", self.argument()?, self.argument()?)
            }
            "binom" => format!(
                "<mrow><mo>(</mo><mfrac linethickness=\"0\">{}{}</mfrac><mo>)</mo></mrow>",
                self.argument()?,
                self.argument()?
            ),
            "sqrt" => self.root()?,
            "left" => self.fence()?,
            "text" | "textbf" | "textit" | "mbox" => format!("<mtext>{}</mtext>", escaped(self.verbatim()?)),
            "mathrm" | "operatorname" => {
                format!("<mi mathvariant=\"normal\">{}</mi>", escaped(self.verbatim()?))
            }
            "mathbb" => format!("<mi>{}</mi>", symbols::blackboard(self.verbatim()?)?),
            "mathbf" | "mathcal" | "mathit" | "boldsymbol" => self.argument()?,
            "vec" | "overrightarrow" => self.accent("→")?,
            "hat" | "widehat" => self.accent("^")?,
            "tilde" | "widetilde" => self.accent("~")?,
            "dot" => self.accent("˙")?,
            "ddot" => self.accent("¨")?,
            "bar" | "overline" => self.accent("‾")?,
            "underline" => format!("<munder>{}<mo>_</mo></munder>", self.argument()?),
            "overset" | "stackrel" => {
                let above = self.argument()?;
                format!("<mover>{}{above}</mover>", self.argument()?)
            }
            "underset" => {
                let below = self.argument()?;
                format!("<munder>{}{below}</munder>", self.argument()?)
            }
            "begin" => self.environment()?,
            "tag" => format!("<mspace width=\"2em\"/><mtext>({})</mtext>", escaped(self.verbatim()?)),
            // What only changes sizes.
            "displaystyle" | "textstyle" | "limits" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr"
            | "Bigl" | "Bigr" => String::new(),
            _ => return symbol(name).map(Item::of_symbol),
        };
        Some(Item::plain(markup))
    }

    fn accent(&mut self, sign: &str) -> Option<String> {
        Some(format!("<mover accent=\"true\">{}<mo>{sign}</mo></mover>", self.argument()?))
    }

    fn root(&mut self) -> Option<String> {
        match self.rest.trim_start().strip_prefix('[') {
            Some(rest) => {
                self.rest = rest;
                let degree = self.row(Some("]"))?;
                Some(format!("<mroot>{}<mrow>{degree}</mrow></mroot>", self.argument()?))
            }
            None => Some(format!("<msqrt>{}</msqrt>", self.argument()?)),
        }
    }

    /// What stands between `\left` and `\right`.
    fn fence(&mut self) -> Option<String> {
        let open = self.delimiter()?;
        let content = self.row(Some("\\right"))?;
        let close = self.delimiter()?;
        Some(format!("<mrow>{}{content}{}</mrow>", fence(open), fence(close)))
    }

    fn delimiter(&mut self) -> Option<&'static str> {
        const SIGNS: [(&str, &str); 16] = [
            (".", ""),
            ("(", "("),
            (")", ")"),
            ("[", "["),
            ("]", "]"),
            ("|", "|"),
            ("\\{", "{"),
            ("\\}", "}"),
            ("\\|", "‖"),
            ("\\langle", "⟨"),
            ("\\rangle", "⟩"),
            ("\\vert", "|"),
            ("\\lfloor", "⌊"),
            ("\\rfloor", "⌋"),
            ("\\lceil", "⌈"),
            ("\\rceil", "⌉"),
        ];
        self.rest = self.rest.trim_start();
        let (rest, sign) =
            SIGNS.iter().find_map(|(name, sign)| Some((self.rest.strip_prefix(name)?, *sign)))?;
        self.rest = rest;
        Some(sign)
    }

    /// The text of a group without groups and commands in it.
    fn verbatim(&mut self) -> Option<&'a str> {
        let (text, rest) = self.rest.trim_start().strip_prefix('{')?.split_once('}')?;
        self.rest = rest;
        (!text.contains(['{', '\\'])).then_some(text)
    }
}

struct Item {
    markup: String,
    /// Its scripts stand below and above it, as with a sum.
    has_limits: bool,
}

impl Item {
    const fn plain(markup: String) -> Self {
        Self { markup, has_limits: false }
    }

    fn operator(sign: &str) -> Self {
        Self::plain(format!(
            "<mo>{}</mo>",
            if sign.starts_with('&') { sign.to_owned() } else { escaped(sign) }
        ))
    }

    fn of_symbol(symbol: Symbol) -> Self {
        match symbol {
            Symbol::Letter(sign) => Self::plain(format!("<mi>{sign}</mi>")),
            Symbol::Operator(sign) => Self::operator(sign),
            Symbol::Large(sign) => Self { has_limits: true, ..Self::operator(sign) },
            Symbol::Function(name) => Self::plain(format!("<mi>{name}</mi>")),
            Symbol::Limit(name) => Self { has_limits: true, ..Self::plain(format!("<mo>{name}</mo>")) },
            Symbol::Space(width) => Self::plain(format!("<mspace width=\"{width}\"/>")),
        }
    }
}

/// The length of a command: a backslash and letters, or a backslash and one other character.
fn command_len(text: &str) -> usize {
    let name = text.get(1..).unwrap_or_default();
    let letters = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
    1 + if letters > 0 { letters } else { name.chars().next().map_or(0, char::len_utf8) }
}

/// The length of a number: digits with points or commas inside.
fn number_len(text: &str) -> usize {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_end_matches(['.', ',']).len()
}

/// A sign as high as what it stands around; nothing for none.
fn fence(sign: &str) -> String {
    if sign.is_empty() { String::new() } else { format!("<mo stretchy=\"true\">{sign}</mo>") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
