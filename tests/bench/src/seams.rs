//! Answers that were cut, and the ways in which a model goes on.

use crate::random::Random;

/// A way to go on after a cut at an offset of the document.
#[derive(Debug)]
pub struct Seam {
    pub name: &'static str,
    go_on: fn(&Cut<'_>) -> Vec<String>,
}

/// A document that was cut.
#[derive(Debug)]
pub struct Cut<'a> {
    pub latex: &'a str,
    pub at: usize,
    /// A second place, behind the first.
    pub again: usize,
}

impl<'a> Cut<'a> {
    /// Somewhere behind `\begin{document}`.
    #[must_use]
    pub fn somewhere(latex: &'a str, random: &mut Random) -> Self {
        let from = latex.find("\\begin{document}\n").map_or(0, |at| at + 30);
        let end = latex.rfind("\\end{document}").unwrap_or(latex.len());
        let at = latex.floor_char_boundary(from + random.below(end.saturating_sub(from).max(1)));
        let again = latex.floor_char_boundary(at + random.below(end.saturating_sub(at).max(1)));
        Self { latex, at, again }
    }

    fn line(&self) -> usize {
        self.latex[..self.at].rfind('\n').map_or(0, |end| end + 1)
    }

    fn head(&self) -> &str {
        self.latex.split_inclusive("\\begin{document}\n").next().unwrap_or_default()
    }
}

impl Seam {
    /// The further answers.
    #[must_use]
    pub fn go_on(&self, cut: &Cut<'_>) -> Vec<String> {
        (self.go_on)(cut)
    }
}

pub const SEAMS: &[Seam] = &[
    Seam { name: "from the cut, mid-line", go_on: |cut| vec![cut.latex[cut.at..].to_owned()] },
    Seam { name: "from the last complete line", go_on: |cut| vec![cut.latex[cut.line()..].to_owned()] },
    Seam {
        name: "with three lines again",
        go_on: |cut| {
            let lines: Vec<usize> =
                cut.latex[..cut.line()].match_indices('\n').map(|(at, _)| at + 1).collect();
            let from = lines.len().checked_sub(4).and_then(|at| lines.get(at)).copied().unwrap_or(cut.line());
            vec![cut.latex[from..].to_owned()]
        },
    },
    Seam { name: "preamble again", go_on: |cut| vec![format!("{}{}", cut.head(), &cut.latex[cut.line()..])] },
    Seam {
        name: "a sentence before it",
        go_on: |cut| vec![format!("Voici la suite de la transcription :\n\n{}", &cut.latex[cut.line()..])],
    },
    Seam {
        name: "sentence and fence",
        go_on: |cut| vec![format!("Bien sûr, voici la suite :\n```latex\n{}```\n", &cut.latex[cut.line()..])],
    },
    Seam { name: "the whole document again", go_on: |cut| vec![cut.latex.to_owned()] },
    Seam {
        name: "cut a second time",
        go_on: |cut| {
            let line = cut.latex[..cut.again].rfind('\n').map_or(0, |end| end + 1).max(cut.line());
            vec![cut.latex[cut.line()..cut.again.max(cut.line())].to_owned(), cut.latex[line..].to_owned()]
        },
    },
];
