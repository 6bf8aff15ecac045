//! How the items of numbered lists are numbered.

use super::block::Marker;
use super::escape::escape;

/// Numbered lists around the place that is read, and the last number at each depth, for `resume`.
#[derive(Debug)]
pub(super) struct Enumerations {
    depth: usize,
    last: Vec<u32>,
}

impl Enumerations {
    pub(super) fn new(depth_max: usize) -> Self {
        Self { depth: 0, last: vec![0; depth_max + 1] }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// The last number of the list before at this depth.
    pub(super) fn last(&self) -> u32 {
        self.last.get(self.depth).copied().unwrap_or_default()
    }

    pub(super) fn enter(&mut self) {
        self.depth += 1;
    }

    /// Leaves a list whose last number is `number`.
    pub(super) fn leave(&mut self, number: u32) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(last) = self.last.get_mut(self.depth) {
            *last = number;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    Arabic,
    Letters,
    Capitals,
    Roman,
    RomanCapitals,
}

/// How the numbers of a list look: `(a)`, `1.`, `Question 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbering {
    before: String,
    digits: Digits,
    after: String,
}

/// A label that Markdown can number by itself.
pub(super) fn native(label: &str) -> Option<(Marker, String)> {
    let digits = label.strip_suffix(['.', ')'])?;
    let number = digits.parse().ok().filter(|_| digits.len() <= 4)?;
    Some((Marker::Number(number, if label.ends_with('.') { '.' } else { ')' }), String::new()))
}

/// `start=3`
pub(super) fn start(options: &str) -> u32 {
    let Some((_, value)) = options.split_once("start=") else { return 1 };
    let digits: String = value.chars().take_while(char::is_ascii_digit).take(4).collect();
    digits.parse().unwrap_or(1)
}

impl Numbering {
    /// From enumitem's `label=`, enumerate's `[a)]`, or as LaTeX numbers at this depth.
    pub(super) fn of(options: &str, depth: usize) -> Self {
        if let Some((_, label)) = options.split_once("label=") {
            for (command, digits) in [
                ("\\arabic", Digits::Arabic),
                ("\\alph", Digits::Letters),
                ("\\Alph", Digits::Capitals),
                ("\\roman", Digits::Roman),
                ("\\Roman", Digits::RomanCapitals),
            ] {
                if let Some((before, after)) = label.split_once(command) {
                    let after = after.trim_start_matches('*').split(',').next().unwrap_or_default();
                    return Self { before: bare(before), digits, after: bare(after) };
                }
            }
        } else if !options.contains('=')
            && let Some(at) = options.find(|char: char| "1aAiI".contains(char))
            && let Some((before, rest)) = options.split_at_checked(at)
            && !options.chars().filter(|char| !"1aAiI".contains(*char)).any(char::is_alphanumeric)
        {
            let digits = match rest.chars().next() {
                Some('a') => Digits::Letters,
                Some('A') => Digits::Capitals,
                Some('i') => Digits::Roman,
                Some('I') => Digits::RomanCapitals,
                _ => Digits::Arabic,
            };
            return Self { before: bare(before), digits, after: bare(rest.get(1..).unwrap_or_default()) };
        }
        let (digits, after) = match depth {
            0 => (Digits::Arabic, "."),
            1 => (Digits::Letters, ")"),
            2 => (Digits::Roman, "."),
            _ => (Digits::Capitals, "."),
        };
        Self { before: String::new(), digits, after: after.to_owned() }
    }

    pub(super) fn label(&self, number: u32) -> (Marker, String) {
        if self.digits == Digits::Arabic && self.before.is_empty() {
            match self.after.as_str() {
                "" | "." => return (Marker::Number(number, '.'), String::new()),
                ")" => return (Marker::Number(number, ')'), String::new()),
                _ => {}
            }
        }
        let letter = |first: u8| {
            let place = u8::try_from(number.saturating_sub(1)).ok().filter(|place| *place < 26)?;
            Some(char::from(first.saturating_add(place)).to_string())
        };
        let digits = match self.digits {
            Digits::Arabic => None,
            Digits::Letters => letter(b'a'),
            Digits::Capitals => letter(b'A'),
            Digits::Roman => Some(roman(number)),
            Digits::RomanCapitals => Some(roman(number).to_ascii_uppercase()),
        };
        let digits = digits.unwrap_or_else(|| number.to_string());
        (Marker::Bullet, escape(&format!("{}{digits}{}", self.before, self.after)))
    }
}

/// Without commands and braces: `\textbf{(` is `(`.
fn bare(label: &str) -> String {
    let mut bare = String::new();
    let mut command = false;
    for char in label.chars() {
        command = char == '\\' || (command && char.is_ascii_alphabetic());
        if !command && !matches!(char, '{' | '}' | '*') {
            bare.push(char);
        }
    }
    bare
}

fn roman(number: u32) -> String {
    const PARTS: [(u32, &str); 9] =
        [(100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
    if number > 399 {
        return number.to_string();
    }
    let mut rest = number;
    let mut text = String::new();
    for (value, digits) in PARTS {
        while rest >= value {
            text.push_str(digits);
            rest -= value;
        }
    }
    text
}
