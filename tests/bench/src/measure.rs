//! What is delivered for each class of answers.

use std::collections::BTreeMap;

use anyhow::Result;
use latex::{Finding, Finished, finish};

use crate::defects::{DEFECTS, MustHold};
use crate::generator::Document;
use crate::random::Random;
use crate::seams::{Cut, SEAMS};
use crate::tex::Tex;
use crate::words::{body, held};

/// How many documents had which outcome.
pub type Outcomes = BTreeMap<&'static str, usize>;

/// The outcomes, the best first. `said` and `silent` are what is known without a TeX; with one, `said` is divided into
/// what compiles and what does not.
pub const OUTCOMES: [&str; 6] = ["exact", "refused", "repaired", "said", "said, does not compile", "silent"];

/// Clean answers: how many there are, how many come out as they came, how many of them are warned about.
#[derive(Debug, Default)]
pub struct Clean {
    pub documents: usize,
    pub exact: usize,
    pub warned: Vec<String>,
}

#[must_use]
pub fn clean(documents: &[Document]) -> Clean {
    let mut clean = Clean { documents: documents.len(), ..Clean::default() };
    for document in documents {
        let Finished { latex, findings, .. } = finish(&document.latex, true);
        clean.exact += usize::from(latex == document.latex);
        if let Some(finding) = findings.first() {
            clean.warned.push(format!("{}: {finding:?}", document.name));
        } else if latex != document.latex {
            clean.warned.push(format!("{}: changed without a word", document.name));
        }
    }
    clean
}

/// An answer with its delivery.
struct Delivery<'a> {
    class: &'static str,
    original: &'a str,
    raw: String,
    must_hold: MustHold,
    /// `None`: refused as no document.
    finished: Option<Finished>,
}

impl Delivery<'_> {
    fn outcome(&self, tex: Option<&Tex>) -> &'static str {
        let Some(Finished { latex, findings, .. }) = &self.finished else {
            return if self.must_hold == MustHold::Nothing { "refused" } else { "silent" };
        };
        if latex == self.original {
            return "exact";
        }
        let wanted = match self.must_hold {
            MustHold::Document => self.original,
            MustHold::Answer => latex::complete_lines(&self.raw),
            MustHold::Nothing => return "silent",
        };
        // What is in the preamble is not read; a document that was cut there has nothing else.
        let (all, there) = held(&plain(body(wanted)), &plain(body(latex)));
        let complete = all == there || findings.iter().any(Finding::is_incomplete);
        match (tex, complete, findings.is_empty()) {
            (Some(tex), true, _) if tex.error(latex).is_none() => "repaired",
            (Some(_), _, false) => "said, does not compile",
            (None, _, false) => "said",
            _ => "silent",
        }
    }
}

/// Without entities of HTML and characters that are not seen, which are repaired and are no words.
fn plain(latex: &str) -> String {
    ["&amp;", "&lt;", "&gt;", "&nbsp;"]
        .iter()
        .fold(latex.replace(['\u{200b}', '\u{2060}'], ""), |text, entity| text.replace(entity, " "))
}

/// Each defect in each document, with what becomes of it. With a TeX, the answers are compiled too, and the second
/// figures say how many of them compile as they came, and how many as they are delivered.
///
/// # Errors
/// When pdflatex cannot be run.
pub fn defects(
    documents: &[Document],
    tex: Option<&Tex>,
) -> Result<(BTreeMap<&'static str, Outcomes>, Compiled)> {
    let mut deliveries = Vec::new();
    for defect in DEFECTS {
        for (number, document) in documents.iter().enumerate() {
            let mut random = Random::seeded(number as u64 + 1000);
            let Some(spoilt) = defect.spoil(document, &mut random) else { continue };
            let finished = latex::is_document(&spoilt.raw).then(|| finish(&spoilt.raw, spoilt.stopped));
            let original = document.latex.as_str();
            deliveries.push(Delivery {
                class: defect.name,
                original,
                raw: spoilt.raw,
                must_hold: spoilt.must_hold,
                finished,
            });
        }
    }
    let mut compiled = Compiled::default();
    if let Some(tex) = tex {
        let delivered = deliveries.iter().filter_map(|delivery| delivery.finished.as_ref());
        let mut sources: Vec<&str> = delivered.map(|finished| finished.latex.as_str()).collect();
        sources.extend(
            deliveries
                .iter()
                .filter(|delivery| delivery.finished.is_some())
                .map(|delivery| delivery.raw.as_str()),
        );
        sources.sort_unstable();
        sources.dedup();
        tex.compile_all(&sources)?;
        for delivery in &deliveries {
            if let Some(finished) = &delivery.finished {
                let entry = compiled.entry(delivery.class).or_insert((0, 0, 0));
                entry.0 += 1;
                entry.1 += usize::from(tex.error(&delivery.raw).is_none());
                entry.2 += usize::from(tex.error(&finished.latex).is_none());
            }
        }
    }
    let mut classes: BTreeMap<&'static str, Outcomes> = BTreeMap::new();
    for delivery in &deliveries {
        *classes.entry(delivery.class).or_default().entry(delivery.outcome(tex)).or_default() += 1;
    }
    Ok((classes, compiled))
}

/// For each class: answers that are documents, those that compile as they came, those that compile as delivered.
pub type Compiled = BTreeMap<&'static str, (usize, usize, usize)>;

/// The words of each paragraph: what TeX sees of blanks.
fn paragraphs(latex: &str) -> Vec<Vec<&str>> {
    let lines = latex.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect::<Vec<_>>();
    let paragraphs = lines.split(Vec::is_empty).map(<[_]>::concat);
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}

/// Each way to go on, after cuts at many places.
#[must_use]
pub fn seams(documents: &[Document], cuts: usize) -> BTreeMap<&'static str, Outcomes> {
    let mut classes: BTreeMap<&'static str, Outcomes> = BTreeMap::new();
    for seam in SEAMS {
        for (number, document) in documents.iter().enumerate() {
            let mut random = Random::seeded(number as u64 + 2000);
            for _ in 0..cuts {
                let cut = Cut::somewhere(&document.latex, &mut random);
                let answers = seam.go_on(&cut);
                let mut joined = document.latex[..cut.at].to_owned();
                let mut certain = true;
                for (at, answer) in answers.iter().enumerate() {
                    let next = latex::join(&joined, answer, at + 1 == answers.len());
                    joined = next.text;
                    certain &= next.certain;
                }
                let Finished { latex, findings, .. } = finish(&joined, true);
                let said = !certain || findings.iter().any(|finding| *finding != Finding::ChatterRemoved);
                let outcome = match (latex == document.latex, said) {
                    (true, false) => "exact",
                    (true, true) => "exact, said to be uncertain",
                    (false, true) => "said",
                    (false, false) if paragraphs(&latex) == paragraphs(&document.latex) => {
                        "exact but for blanks"
                    }
                    (false, false) => "silent",
                };
                *classes.entry(seam.name).or_default().entry(outcome).or_default() += 1;
            }
        }
    }
    classes
}
