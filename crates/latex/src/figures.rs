//! The figures of an answer. Each is a box with words, and before it stands the comment
//! `% figure n [ymin, xmin, ymax, xmax]`: the page of the original that has it, and where on that page.

use crate::lines::lines;
use crate::pages::page_of;
use crate::tokens::{Kind, tokens, verbatim_spans};

/// More figures of one document stay words.
pub const FIGURES_MAX: usize = 100;
/// A side of a page in the unit of the comment, as Gemini's models state boxes.
const PAGE_SIDE: u16 = 1000;
/// A figure with a shorter side, 1 % of the page's, is a slip.
const SIDE_MIN: u16 = 10;
/// Between the comment and its box at most: `\begin{center}`, `\centering`.
const BETWEEN_BYTES_MAX: usize = 200;
/// A longer box is no description.
const BOX_TOKENS_MAX: usize = 200;
const BOX_BYTES_MAX: usize = 2000;

/// Where the original has the figure that a box with words stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// Counted from 1.
    pub page: u32,
    /// Top, left, bottom and right, from 0 to 1000 each.
    pub area: [u16; 4],
    /// Its box among [`figure_boxes`].
    pub index: usize,
}

struct Marker {
    /// What it says, if that can be.
    figure: Option<(u32, [u16; 4])>,
    /// Offsets of its line.
    at: usize,
    end: usize,
}

/// The boxes with words of a document, in order: where they begin (byte offset), and as they are written.
#[must_use]
pub fn figure_boxes(latex: &str) -> Vec<(usize, &str)> {
    boxes(latex).into_iter().filter_map(|(at, end)| Some((at, latex.get(at..end)?))).collect()
}

/// The text without the comments, and what they say. `None`: there is none.
pub(crate) fn take(latex: &str) -> Option<(String, Vec<Figure>)> {
    let markers = markers(latex);
    let first = markers.first()?;
    let mut out = latex.get(..first.at).unwrap_or_default().to_owned();
    let mut figures = Vec::new();
    let mut boxes = boxes(latex).into_iter().map(|(at, _)| at).enumerate().peekable();
    let ends = markers.iter().skip(1).map(|next| next.at).chain([latex.len()]);
    for (marker, end) in markers.iter().zip(ends) {
        out.push_str(latex.get(marker.end..end).unwrap_or_default());
        while boxes.next_if(|(_, at)| *at < marker.end).is_some() {}
        let near = end.min(marker.end.saturating_add(BETWEEN_BYTES_MAX));
        let Some((index, _)) = boxes.next_if(|(_, at)| *at < near) else { continue };
        if let Some((page, area)) = marker.figure.filter(|_| figures.len() < FIGURES_MAX) {
            figures.push(Figure { page, area, index });
        }
    }
    Some((out, figures))
}

/// Those that are comments. A listing about such comments keeps them.
fn markers(latex: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    if !latex.contains("igure ") {
        return found;
    }
    let spans = verbatim_spans(latex);
    let mut spans = spans.iter().peekable();
    // The marker of the page knows better than that of a figure, which may count what it was shown alone.
    let mut page = None;
    for line in lines(latex) {
        while spans.next_if(|(_, end)| *end <= line.at).is_some() {}
        if spans.peek().is_some_and(|(from, _)| *from <= line.at) {
            continue;
        }
        page = page_of(line.text).or(page);
        if let Some((own, area)) = figure_of(line.text) {
            let figure = area.map(|area| (page.unwrap_or(own), area)).filter(|(page, _)| *page > 0);
            found.push(Marker { figure, at: line.at, end: line.end });
        }
    }
    found
}

/// Page and area of a line that is such a comment, with numbers only; no area if it is none.
fn figure_of(line: &str) -> Option<(u32, Option<[u16; 4]>)> {
    let text = line.strip_prefix('%')?.trim_start();
    let text = text.strip_prefix("figure ").or(text.strip_prefix("Figure "))?;
    let (page, area) = text.strip_suffix(']')?.split_once('[')?;
    let page = page.trim().parse().ok()?;
    if !area.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b' ' | b'-' | b'.')) {
        return None;
    }
    let mut sides = area.split(',').map(|side| side.trim().parse::<u16>().ok());
    let mut side = || sides.next().flatten().filter(|side| *side <= PAGE_SIDE);
    let area = [side(), side(), side(), side()];
    let [Some(top), Some(left), Some(bottom), Some(right)] = area else { return Some((page, None)) };
    let is_area = sides.next().is_none()
        && bottom >= top.saturating_add(SIDE_MIN)
        && right >= left.saturating_add(SIDE_MIN);
    Some((page, is_area.then_some([top, left, bottom, right])))
}

/// Offsets of `\fbox{Figure …}`, also with a `\parbox` or a `minipage` inside.
fn boxes(latex: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let all = tokens(latex);
    for (index, token) in all.iter().enumerate() {
        let inside = found.last().is_some_and(|(_, end)| token.at < *end);
        if inside || token.kind != Kind::Command("fbox") {
            continue;
        }
        let mut depth = 0_usize;
        for next in all.iter().skip(index + 1).take(BOX_TOKENS_MAX) {
            match next.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let source = latex.get(token.at..next.end).unwrap_or_default();
                let is_box = next.kind == Kind::Close && source.len() <= BOX_BYTES_MAX;
                let start = source.get(..source.floor_char_boundary(80)).unwrap_or(source);
                if is_box && start.contains("Figure") {
                    found.push((token.at, next.end));
                }
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(page: u32, area: [u16; 4], index: usize) -> Figure {
        Figure { page, area, index }
    }

    #[test]
    fn each_comment_belongs_to_the_box_after_it_and_is_taken_away() {
        let latex = "a\n% figure 2 [120, 85, 430, 910]\n\\begin{center}\n\\fbox{Figure : la courbe $f$}\n\\end{center}\n\
            \\fbox{Figure : sans place}\n% Figure 3 [0,0,1000,1000]\n\\fbox{\\parbox{5cm}{Figure : un {\\em arbre}}} b\n";
        let (without, figures) = take(latex).unwrap();
        assert!(!without.contains('%') && without.starts_with("a\n\\begin{center}"), "{without}");
        assert_eq!(figures, [figure(2, [120, 85, 430, 910], 0), figure(3, [0, 0, 1000, 1000], 2)]);
        let boxes = figure_boxes(&without);
        assert_eq!(boxes[0], (without.find("\\fbox").unwrap(), "\\fbox{Figure : la courbe $f$}"));
        assert_eq!(boxes[2].1, "\\fbox{\\parbox{5cm}{Figure : un {\\em arbre}}}");
        assert_eq!(take("a\n\\fbox{Figure : x}\n% la figure 2 [voir]\n"), None);
    }

    #[test]
    fn what_cannot_be_is_taken_away_and_is_no_figure() {
        for area in [
            "0, 0, 1001, 10",
            "500, 0, 400, 10",
            "0, 0, 5, 900",
            "1, 2, 3",
            "1, 2, 300, 400, 500",
            "-1, 0, 500, 500",
            "",
            "99999999999, 0, 1, 1",
        ] {
            let latex = format!("% figure 1 [{area}]\n\\fbox{{Figure : x}}\n");
            assert_eq!(take(&latex), Some(("\\fbox{Figure : x}\n".to_owned(), vec![])), "{area}");
        }
        // A comment of the document's own.
        assert_eq!(take("% figure 3 [voir annexe]\n\\fbox{Figure : x}\n"), None);
        let far = format!("% figure 1 [0, 0, 500, 500]\n{}\\fbox{{Figure : x}}", "mot ".repeat(60));
        assert_eq!(take(&far).unwrap().1, []);
        let zero = "% figure 0 [0, 0, 500, 500]\n\\fbox{Figure : x}";
        assert_eq!(take(zero).unwrap().1, []);
        // Two comments and one box: the second is nearer.
        let twice = "% figure 1 [0, 0, 500, 500]\n% figure 2 [0, 0, 500, 500]\n\\fbox{Figure : x}";
        assert_eq!(take(twice).unwrap().1, [figure(2, [0, 0, 500, 500], 0)]);
    }

    #[test]
    fn the_marker_of_the_page_decides_and_a_listing_keeps_its_comments() {
        let marked = "% page 4\n% figure 1 [0, 0, 500, 500]\n\\fbox{Figure : x}";
        assert_eq!(take(marked).unwrap().1, [figure(4, [0, 0, 500, 500], 0)]);
        let listing = "\\begin{verbatim}\n% figure 1 [0, 0, 500, 500]\n\\fbox{Figure : x}\n\\end{verbatim}\n";
        assert_eq!(take(listing), None);
        assert!(figure_boxes(listing).is_empty());
    }

    #[test]
    fn figures_are_bounded() {
        let many = "% figure 1 [0, 0, 500, 500]\n\\fbox{Figure : x}\n".repeat(FIGURES_MAX + 1);
        assert_eq!(take(&many).unwrap().1.len(), FIGURES_MAX);
        assert!(figure_boxes(&format!("\\fbox{{Figure {}}}", "mot ".repeat(1000))).is_empty());
        assert!(figure_boxes("\\fbox{Figure : jamais fermée").is_empty());
    }
}
