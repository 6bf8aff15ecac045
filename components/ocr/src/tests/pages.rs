//! The page markers of an answer.

use super::fake_gemini::Reply;
use super::fakes::*;
use super::samples::EXAM;
use crate::warning::Warning;

#[test]
fn each_page_that_is_missing_doubled_or_empty_has_its_warning() {
    let check = |body: &str, expected: &[&str], complete: bool| {
        let latex = format!("\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n");
        let ports = FakePorts::new([Reply::stream(&[&latex], "STOP")]);
        let conversion = convert(&ports, upload(form("a.pdf", EXAM))).ok().unwrap();
        let codes: Vec<&str> = conversion.warnings.iter().map(Warning::code).collect();
        assert_eq!((codes.as_slice(), conversion.is_complete()), (expected, complete), "{body}");
        assert_eq!(conversion.latex, latex);
        assert!(!conversion.markdown.contains("page 1"), "{}", conversion.markdown);
    };
    check("\\textbf{a}", &[], true);
    // The exam has three pages.
    let all: String = (1..=3).map(|page| format!("% page {page}\n\\textbf{{a}}\n\n")).collect();
    check(&all, &[], true);
    check(&format!("{all}% page 1\n\\textbf{{a}}"), &["page_misplaced"], true);
    check(&all.replace("% page 1\n\\textbf{a}", "% page 1\n"), &["page_empty"], true);
    check(&all.replace("% page 2\n", ""), &["page_missing"], false);
    check(&format!("% page 4\n\\textbf{{a}}\n{all}"), &["page_misplaced", "page_misplaced"], true);
}
