//! The page markers of an answer: the comment `% page n` before each page of the original.

use std::collections::BTreeSet;

use crate::document::Documents;
use crate::finding::Finding;
use crate::lines::lines;
use crate::tokens::verbatim_spans;

/// More findings are not listed.
const FINDINGS_MAX: usize = 20;

struct Marker {
    page: u32,
    line: u32,
    /// Offsets of its line.
    at: usize,
    end: usize,
}

fn markers(latex: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    if !latex.contains("age ") {
        return found;
    }
    for (number, line) in (1..).zip(lines(latex)) {
        if let Some(page) = page_of(line.text) {
            found.push(Marker { page, line: number, at: line.at, end: line.end });
        }
    }
    found
}

/// The page of a line that is a marker.
pub(crate) fn page_of(line: &str) -> Option<u32> {
    let name = line.strip_prefix('%')?.trim_start();
    name.strip_prefix("page ").or(name.strip_prefix("Page "))?.trim().parse().ok()
}

/// The text without its markers.
#[must_use]
pub fn without_markers(latex: &str) -> String {
    without(latex, &markers(latex))
}

fn without(latex: &str, markers: &[Marker]) -> String {
    let mut out = String::with_capacity(latex.len());
    let mut from = 0;
    for marker in markers {
        out.push_str(latex.get(from..marker.at).unwrap_or_default());
        from = marker.end;
    }
    out.push_str(latex.get(from..).unwrap_or_default());
    out
}

/// Takes away the markers that would be printed: a listing that goes over a page has one in it. `None`: there is none.
pub(crate) fn unprinted(latex: &str) -> Option<String> {
    let mut printed = markers(latex);
    if printed.len() < 2 {
        return None;
    }
    let mut previous = 0;
    let mut spans = verbatim_spans(latex).into_iter().peekable();
    // A listing about such comments keeps them: only the number that is due here is ours.
    printed.retain(|marker| {
        while spans.next_if(|(_, end)| *end <= marker.at).is_some() {}
        let is_due = marker.page.checked_sub(1) == Some(previous);
        previous = marker.page;
        is_due && spans.peek().is_some_and(|(from, _)| *from <= marker.at)
    });
    (!printed.is_empty()).then(|| without(latex, &printed))
}

/// What the markers say of a document that was to have these pages, in order: which are missing, doubled, out of order or
/// empty. Without any marker, nothing is said.
#[must_use]
pub fn check_pages(latex: &str, pages: Option<&[u32]>) -> Vec<Finding> {
    let markers = markers(latex);
    let mut findings = Vec::new();
    let Some(last) = markers.iter().map(|marker| marker.page).max() else { return findings };
    let end = Documents::of(latex).bodies.first().map_or(latex.len(), |(_, end)| *end);
    let mut before = 0;
    // Of the type that ocr's scanner of PDFs has, whose code it shares.
    let mut seen = BTreeSet::<u64>::new();
    for (index, Marker { page, line, end: from, .. }) in markers.iter().enumerate() {
        let doubled = !seen.insert(u64::from(*page));
        let out_of_order = *page < before || pages.is_some_and(|pages| pages.binary_search(page).is_err());
        before = *page;
        if doubled || out_of_order {
            findings.push(Finding::PageMisplaced { page: *page, line: *line });
        }
        let to = markers.get(index + 1).map_or(end, |next| next.at);
        let text = latex.get(*from..to).unwrap_or_default();
        let says_something = text.lines().any(|line| {
            let code = line.split('%').next().unwrap_or_default();
            let code = code.split("\\newpage").next().unwrap_or_default();
            code.chars().any(char::is_alphanumeric)
                && !code.starts_with("\\clearpage")
                && !code.starts_with("\\end{")
        });
        if !says_something {
            findings.push(Finding::PageEmpty { page: *page, line: *line });
        }
    }
    // A document that was cut lacks its last pages, and says so already.
    let missing = |page: &u32| !seen.contains(&u64::from(*page));
    match pages {
        Some(pages) => findings.extend(
            pages
                .iter()
                .copied()
                .filter(missing)
                .take(FINDINGS_MAX)
                .map(|page| Finding::PageMissing { page }),
        ),
        None => findings
            .extend((1..=last).filter(missing).take(FINDINGS_MAX).map(|page| Finding::PageMissing { page })),
    }
    findings.truncate(FINDINGS_MAX);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        format!("\\documentclass{{article}}\n\\begin{{document}}\n{text}\n\\end{{document}}\n")
    }

    #[test]
    fn markers_say_what_became_of_each_page() {
        let check = |text: &str, pages: Option<u32>, expected: &[Finding]| {
            let pages: Option<Vec<u32>> = pages.map(|last| (1..=last).collect());
            assert_eq!(check_pages(&body(text), pages.as_deref()), expected, "{text}");
        };
        check("a", Some(3), &[]);
        check("% page 1\na\n% page 2\nb", Some(2), &[]);
        check("% page 1\na\n% page 3\nb", Some(3), &[Finding::PageMissing { page: 2 }]);
        check("% page 1\na", Some(2), &[Finding::PageMissing { page: 2 }]);
        check(
            "% page 1\n% page 2\nb\n% page 3\n\\newpage",
            None,
            &[Finding::PageEmpty { page: 1, line: 3 }, Finding::PageEmpty { page: 3, line: 6 }],
        );
        check("% page 1\na\n% page 1\nb", Some(1), &[Finding::PageMisplaced { page: 1, line: 5 }]);
        check("% page 2\na\n% page 1\nb", Some(2), &[Finding::PageMisplaced { page: 1, line: 5 }]);
        check("% page 1\na\n% page 2\nb", Some(1), &[Finding::PageMisplaced { page: 2, line: 5 }]);
        // Of a range, only its pages are due.
        assert_eq!(check_pages(&body("% page 2\na\n% page 7\nb"), Some(&[2, 7])), []);
        assert_eq!(
            check_pages(&body("% page 2\na\n% page 3\nb"), Some(&[2, 7])),
            [Finding::PageMisplaced { page: 3, line: 5 }, Finding::PageMissing { page: 7 }]
        );
        check("% Page 1\na % page 7\n% page sept\n", Some(1), &[]);
    }

    #[test]
    fn a_marker_is_never_printed() {
        let listing = "% page 1\na\n\\begin{verbatim}\nx\n% page 2\ny\n\\end{verbatim}\n% page 3\nz";
        assert_eq!(unprinted(&body(listing)), Some(body(&listing.replace("% page 2\n", ""))));
        let about = "% page 1\na\n\\begin{verbatim}\n% page 7\n\\end{verbatim}\n% page 2\nz";
        assert_eq!(unprinted(&body(about)), None);
        assert_eq!(unprinted("% page 4294967295\n% page 0\n"), None);
        assert_eq!(without_markers("% page 1\na\n% page 2\nb"), "a\nb");
    }
}
