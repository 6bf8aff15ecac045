//! Some pages of a PDF: what they cost, and what is asked.

use auth_api::Denied;

use super::fake_gemini::Reply;
use super::fakes::*;
use super::samples::{EXAM, JPEG, LATEX};
use crate::charge::TOKENS_PER_PAGE;
use crate::error::Failure;
use crate::upload::UploadError;

/// Three pages.
const SCAN: &[u8] = include_bytes!("../../tests/fixtures/scan.pdf");

fn with_pages(pages: &str, file: &[u8]) -> FakeUpload {
    let field = format!("--B\r\nContent-Disposition: form-data; name=\"pages\"\r\n\r\n{pages}\r\n");
    upload([field.as_bytes(), &form("a.pdf", file)].concat())
}

#[test]
fn only_the_chosen_pages_are_asked_for_and_the_others_cost_a_tenth() {
    for (pages, of, cost, asked) in [
        ("2-4, 7", 7, 5, "Transcris seulement les pages 2-4, 7 de ce document"),
        ("12", 31, 4, "Transcris seulement la page 12 de ce document"),
        ("1-7", 7, 7, "Transcris seulement les pages 1-7 de ce document"),
        (" ", 7, 7, "Transcris ce document en entier"),
    ] {
        let tokens = u64::from(of) * TOKENS_PER_PAGE;
        let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP").reading("IMAGE", tokens)]);
        let conversion = convert(&ports, with_pages(pages, &pdf(of))).unwrap();
        assert_eq!((conversion.pages_charged, ports.left.get()), (cost, 100 - cost), "{pages}");
        assert!(ports.questions()[0].starts_with(asked), "{:?}", ports.questions());
    }
}

#[test]
fn pages_that_gemini_read_beyond_the_count_cost_a_tenth_too() {
    let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP").reading("IMAGE", 42 * TOKENS_PER_PAGE)]);
    let conversion = convert(&ports, with_pages("2", &pdf(7))).unwrap();
    assert_eq!((conversion.pages_charged, ports.left.get()), (6, 94));
    let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP").reading("IMAGE", 42 * TOKENS_PER_PAGE)]);
    ports.left.set(4);
    assert!(matches!(
        convert(&ports, with_pages("2", &pdf(7))).map(|_| ()),
        Err(Failure::Charged(failure)) if matches!(*failure, Failure::Denied(Denied::QuotaExhausted { .. }))
    ));
}

#[test]
fn the_rest_of_a_cut_answer_and_single_pages_are_of_the_range_too() {
    let cut = "\\documentclass{article}\n\\begin{document}\nSoit $x$.\n";
    let ports = FakePorts::new([
        Reply::stream(&[cut], "MAX_TOKENS"),
        Reply::stream(&["Fin.\n\\end{document}\n"], "STOP"),
    ]);
    convert(&ports, with_pages("2-3", &pdf(7))).unwrap();
    assert!(ports.questions()[1].contains("Il s'agit seulement de transcrire les pages 2-3."));

    let ports = FakePorts::new([
        Reply::stream(&[""], "RECITATION"),
        Reply::stream(&[""], "RECITATION"),
        Reply::stream(&["Deux."], "STOP"),
        Reply::stream(&["Sept."], "STOP"),
    ]);
    convert(&ports, with_pages("2, 7", &pdf(7))).unwrap();
    let questions = ports.questions();
    assert!(questions[2].contains("la page 2 ") && questions[3].contains("la page 7 "), "{questions:?}");
    assert_eq!(questions.len(), 4);
}

#[test]
fn pages_that_cannot_be_chosen_are_refused_and_cost_nothing() {
    let check = |pages: &str, file: &[u8], expected: UploadError| {
        let ports = FakePorts::new([]);
        assert_eq!(
            convert(&ports, with_pages(pages, file)).map(|_| ()),
            Err(Failure::Upload(expected)),
            "{pages}"
        );
        assert_eq!((ports.left.get(), ports.sent().len()), (100, 0));
    };
    check("deux", EXAM, UploadError::PageRange);
    check("4-2", EXAM, UploadError::PageRange);
    check("8", &pdf(7), UploadError::PageRangeBeyond(7));
    check("2-300", SCAN, UploadError::PageRangeBeyond(1));
    check("1", JPEG, UploadError::PageRangeOfPictures);
}

#[test]
fn a_figure_counts_only_on_a_page_that_was_asked_for() {
    let figures = |range: &str| {
        let answer = LATEX.replace(
            "Soit $x$.",
            "\\fbox{Figure : $f$}\n\n% figure 2 [0, 0, 500, 500]\n\\fbox{Figure : $f$}\n% figure 9 [0, 0, 500, 500]\n\\fbox{Figure : ailleurs}",
        );
        let ports = FakePorts::new([Reply::stream(&[&answer], "STOP")]);
        let conversion = convert(&ports, with_pages(range, EXAM)).unwrap();
        let json = conversion.to_json(web::Lang::Fr, "r");
        assert!(!conversion.latex.contains("% figure"), "{}", conversion.latex);
        json["figures"].clone()
    };
    let second = serde_json::json!([{
        "page": 2,
        "box": [0, 0, 500, 500],
        "source": "\\fbox{Figure : $f$}",
        "before": 1,
        "words": "Figure : $f$",
    }]);
    assert_eq!(figures("2-3"), second);
    assert_eq!(figures("1"), serde_json::json!([]));
}
