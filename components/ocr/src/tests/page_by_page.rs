//! Each page in a question of its own.

use serde_json::json;
use web::outbound::SendError;

use super::fake_gemini::Reply;
use super::fakes::*;
use super::pictures::parts;
use super::samples::{EXAM, JPEG, PNG, WEBP, good};
use crate::charge::TOKENS_PER_PAGE;
use crate::conversion::Conversion;
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::prompt;
use crate::settings::GeminiSettings;
use crate::upload::{FileName, UploadError};
use crate::warning::Warning;

fn by_page() -> GeminiSettings {
    settings_with(|variables| variables.ocr_page_mode = "pages".into())
}

fn page(text: &str) -> Reply {
    Reply::stream(&[&format!("% page 1\n{text}\n")], "STOP")
}

fn codes(conversion: &Conversion) -> Vec<&'static str> {
    conversion.warnings.iter().map(Warning::code).collect()
}

/// As many pages of a PDF, each as a PDF.
fn pages(numbers: &str, count: usize) -> FakeUpload {
    upload(form_of_pages(numbers, &vec![("a.pdf", &pdf(1)[..]); count]))
}

#[test]
fn the_pages_of_a_pdf_are_asked_about_three_at_a_time_and_delivered_in_order() {
    // The first answer comes when three questions have been asked, the second one after that.
    let ports = FakePorts::new([
        page("Un.").when_sent(3).reading("IMAGE", TOKENS_PER_PAGE),
        page("Deux.").when_sent(4),
        page("Trois."),
        page("Quatre."),
        page("Cinq."),
    ]);
    let conversion = convert_with(&ports, pages("", 5), &by_page()).unwrap();
    assert!(ports.all_replies_used() && ports.sent().iter().all(|sent| parts(&sent.json()).len() == 1));
    let mut questions = ports.questions();
    questions.sort();
    assert_eq!(questions, [1, 2, 3, 4, 5].map(|page| prompt::only_page(page, true)));
    let texts: Vec<&str> = conversion.latex.lines().filter(|line| line.ends_with('.')).collect();
    assert_eq!(texts, ["Un.", "Deux.", "Trois.", "Quatre.", "Cinq."]);
    let emitted = ports.emitted.borrow();
    let shown: String = emitted
        .iter()
        .filter_map(|event| if let Event::Latex(text) = event { Some(text.as_str()) } else { None })
        .collect();
    assert!(conversion.latex.contains(shown.trim()), "{shown}");
    assert_eq!((codes(&conversion), conversion.pages), (vec![], Some(5)));
    assert_eq!((conversion.pages_charged, ports.left.get()), (5, 95));
}

#[test]
fn chosen_pages_keep_their_numbers_and_the_others_cost_nothing() {
    let ports = FakePorts::new([page("Deux."), page("Trois."), page("Sept.")]);
    let conversion = convert_with(&ports, pages("7, 2-3", 3), &by_page()).unwrap();
    assert_eq!(ports.questions(), [2, 3, 7].map(|page| prompt::only_page(page, true)));
    assert!(conversion.latex.contains("% page 7\nSept."), "{}", conversion.latex);
    assert_eq!((codes(&conversion), conversion.pages_charged, ports.left.get()), (vec![], 3, 97));
    // Whatever the operator's switch says: a model that sees them together does not know their numbers.
    let ports = FakePorts::new([page("Deux."), page("Trois."), page("Sept.")]);
    assert!(convert(&ports, pages("7, 2-3", 3)).unwrap().latex.contains("% page 7\nSept."));
    // Also where it is one.
    let ports = FakePorts::new([page("Cinq.")]);
    assert!(convert(&ports, pages("5", 1)).unwrap().latex.contains("% page 5\nCinq."));
    assert_eq!(ports.questions(), [prompt::only_page(5, true)]);
}

#[test]
fn a_page_that_is_none_is_refused() {
    let check = |pages: &str, files: &[(&str, &[u8])], expected: UploadError| {
        let ports = FakePorts::new([]);
        let outcome = convert_with(&ports, upload(form_of_pages(pages, files)), &by_page());
        assert_eq!(outcome.map(|_| ()), Err(Failure::Upload(expected)), "{pages}");
        assert_eq!(ports.left.get(), 100);
    };
    let (one, two) = (pdf(1), pdf(2));
    check("", &[("a.pdf", &one), ("a.pdf", &two)], UploadError::Unreadable("not one page"));
    check("", &[("a.pdf", b"RIFF\x10\0\0\0WEBPVP8 ")], UploadError::NotUsable(FileName::parse("a.pdf")));
    check("2-4", &[("a.pdf", &one), ("a.pdf", &one)], UploadError::PageRangeBeyond(2));
    check("", &vec![("a.pdf", &one[..]); 21], UploadError::TooManyPictures);
    // A page and a whole PDF do not go together.
    let ports = FakePorts::new([]);
    let mixed =
        [form_of_pages("", &[("a.pdf", &one)]).strip_suffix(b"--B--\r\n").unwrap(), &form("b.pdf", &one)]
            .concat();
    let expected = UploadError::PdfNotAlone(FileName::parse("b.pdf"));
    assert_eq!(convert_with(&ports, upload(mixed), &by_page()).map(|_| ()), Err(Failure::Upload(expected)));
}

#[test]
fn what_gemini_reads_beyond_one_page_of_a_page_is_paid() {
    let read = |pages: u64| page("Un.").reading("IMAGE", pages * TOKENS_PER_PAGE);
    let ports = FakePorts::new([read(1), read(4)]);
    assert_eq!(convert_with(&ports, pages("", 2), &by_page()).unwrap().pages_charged, 5);
    assert_eq!(ports.left.get(), 95);
    // Every event says it, and so does another try.
    let ports = FakePorts::new([read(3).reading("IMAGE", 3 * TOKENS_PER_PAGE), read(1)]);
    assert_eq!(convert_with(&ports, pages("", 2), &by_page()).unwrap().pages_charged, 4);
    let ports = FakePorts::new([read(1), read(300)]);
    assert!(matches!(convert_with(&ports, pages("", 2), &by_page()), Err(Failure::Charged(_))));
}

#[test]
fn the_rest_of_a_cut_page_is_asked_for_and_joined() {
    let begun = "\\begin{enumerate}\n\\item Un\n\\item Deux\n";
    let rest = "\\item Deux\n\\item Trois\n\\end{enumerate}";
    let head = "\\documentclass{article}\n\\begin{document}\n";
    for (begun, rest) in [
        (begun.to_owned(), rest.to_owned()),
        (format!("{begun}\\item Tr"), rest.to_owned()),
        (begun.to_owned(), format!("% page 1\n{rest}\n\\end{{document}}")),
        (begun.to_owned(), format!("Voici la suite :\n```latex\n{head}{rest}\n\\end{{document}}\n```")),
        (format!("```latex\n{head}{begun}"), rest.to_owned()),
        (begun.to_owned(), format!("{head}{begun}\\item Trois\n\\end{{enumerate}}\n\\end{{document}}")),
    ] {
        for end in ["MAX_TOKENS", ""] {
            let read = |reply: Reply| reply.reading("IMAGE", 3 * TOKENS_PER_PAGE);
            let mut cut = read(Reply::stream(&[&begun], end));
            if end.is_empty() {
                cut = cut.then(SendError::Cut("reset".into()));
            }
            let ports =
                FakePorts::new([cut.when_sent(2), page("Fin."), read(Reply::stream(&[&rest], "STOP"))]);
            let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
            assert!(ports.all_replies_used());
            let (first, second) = conversion.latex.split_once("% page 2").unwrap();
            assert!(second.contains("Fin.") && first.matches("% page 1").count() == 1, "{first}");
            let items = ["Un", "Deux", "Trois", "\\end{enumerate}"];
            assert!(
                items.iter().all(|item| first.matches(item).count() == 1),
                "{rest} after {begun}: {first}"
            );
            assert!(!first.contains("interrompue") && !first.contains("\\end{document}"), "{first}");
            assert_eq!(
                (codes(&conversion), conversion.is_complete()),
                (vec![], true),
                "{rest} after {begun}"
            );
            // Three pages were read where one was sent; that they were read twice is paid once.
            assert_eq!((conversion.pages_charged, ports.left.get()), (4, 96));
            let question =
                ports.questions().into_iter().find(|question| question.contains("dernières lignes"));
            let question = question.unwrap();
            assert!(question.contains("la page 1.") && question.contains("\\item Deux\n\n"), "{question}");
        }
    }
}

#[test]
fn a_page_that_stays_cut_is_closed_and_said() {
    let cut = |text: &str| Reply::stream(&[text], "MAX_TOKENS");
    let begun = "\\begin{enumerate}\n\\item Un\n\\item De";
    let busy = || Reply::error(400, &json!({"code": 400, "message": "no"}));
    let refusal = || Reply::stream(&["Je suis désolé, je ne peux pas transcrire la suite."], "STOP");
    let filtered = || Reply::stream(&["\\item Deux\n"], "SAFETY");
    for rest in [vec![busy()], vec![refusal()], vec![filtered()]] {
        let ports = FakePorts::new([cut(begun).when_sent(2), page("Fin.")].into_iter().chain(rest));
        let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
        assert!(ports.all_replies_used());
        assert_eq!((codes(&conversion), conversion.is_complete()), (vec!["page_cut"], false));
        let (first, second) = conversion.latex.split_once("% page 2").unwrap();
        assert!(first.contains("\\item Un") && first.contains("\\end{enumerate}"), "{first}");
        assert!(second.contains("Fin.") && !first.contains("\\end{document}"), "{second}");
        assert!(!first.contains("désolé"), "{first}");
    }
    // As often as of a whole document.
    let ports = FakePorts::new((1..=5).map(|part| cut(&format!("Ligne {part}.\n"))));
    let conversion = convert_with(&ports, pages("", 1), &by_page()).unwrap();
    assert!(ports.all_replies_used() && conversion.latex.contains("Ligne 5."), "{}", conversion.latex);
    assert_eq!((codes(&conversion), conversion.pages_charged), (vec!["page_cut"], 1));
    // A seam that is not certain is said once, whichever pages have one.
    let rest = || Reply::stream(&["suite.\n"], "STOP");
    let ports = FakePorts::new([cut("Un de"), cut("Un de"), rest(), rest()]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!((codes(&conversion), conversion.is_complete()), (vec!["uncertain_seam"], false));
    let looping = "La même phrase, encore une fois.\n".repeat(200);
    let ports = FakePorts::new([cut(&looping), page("Fin.")]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!(conversion.latex.matches("La même phrase").count(), 1);
}

#[test]
fn a_page_that_is_cut_inside_something_goes_on_there() {
    for (begun, rest, whole) in [
        (
            "\\begin{lstlisting}\n[\n  1,\n",
            "{\"nom\": 2}\n]\n\\end{lstlisting}",
            "[\n  1,\n{\"nom\": 2}\n]\n\\end{lstlisting}",
        ),
        (
            "\\begin{verbatim}\n<html>\n",
            "<body>a</body>\n</html>\n\\end{verbatim}",
            "<html>\n<body>a</body>\n</html>\n\\end{verbatim}",
        ),
        (
            "\\begin{tabular}{ll}\na & b \\\\\nc & ",
            "c & d \\\\\n\\end{tabular}",
            "a & b \\\\\nc & d \\\\\n\\end{tabular}",
        ),
        ("\\begin{align*}\na &= 1 \\\\\n", "b &= 2\n\\end{align*}", "a &= 1 \\\\\nb &= 2\n\\end{align*}"),
    ] {
        let ports = FakePorts::new([Reply::stream(&[begun], "MAX_TOKENS"), Reply::stream(&[rest], "STOP")]);
        let conversion = convert_with(&ports, pages("", 1), &by_page()).unwrap();
        assert!(ports.all_replies_used() && conversion.latex.contains(whole), "{}", conversion.latex);
        assert!(!codes(&conversion).contains(&"page_cut"), "{:?}", codes(&conversion));
    }
}

#[test]
fn the_rest_of_a_page_is_asked_for_until_the_time_is_up() {
    let cut = |text: &str| Reply::stream(&[text], "MAX_TOKENS");
    let ports = FakePorts::new([cut("Un.\n").after(59), cut("Deux.\n").after(59), cut("Trois.\n").after(60)]);
    let conversion = convert_with(&ports, pages("", 1), &by_page()).unwrap();
    assert!(ports.all_replies_used() && conversion.latex.contains("Un.\nDeux."), "{}", conversion.latex);
    assert_eq!((codes(&conversion), conversion.pages_charged), (vec!["page_cut"], 1));
}

/// The models that were asked, in order.
fn asked(ports: &FakePorts) -> Vec<String> {
    let model = |line: String| Some(line.split_once("/models/")?.1.split_once(':')?.0.to_owned());
    ports.requests().into_iter().filter_map(model).collect()
}

#[test]
fn a_refused_page_is_asked_of_the_next_model_and_paid_once() {
    let prose = || Reply::stream(&["Je suis désolé, je ne peux pas transcrire cette page."], "STOP");
    for refused in [
        Reply::stream(&[], "RECITATION"),
        Reply::stream(&["% page 1\nDébut."], "SAFETY"),
        Reply::stream(&[], "STOP"),
        prose(),
    ] {
        let ports = FakePorts::new([
            refused.reading("IMAGE", 3 * TOKENS_PER_PAGE).when_sent(3),
            page("Deux."),
            page("Trois."),
            page("Un.").reading("IMAGE", 3 * TOKENS_PER_PAGE),
        ]);
        let conversion = convert_with(&ports, pages("", 3), &by_page()).unwrap();
        assert!(ports.all_replies_used());
        assert_eq!(asked(&ports), ["m-1", "m-1", "m-1", "m-2"]);
        assert_eq!((codes(&conversion), conversion.is_complete()), (vec!["other_model"], true));
        let other = Warning::OtherModel { model: "m-version".into(), pages: vec![1] };
        assert_eq!(conversion.warnings, [other]);
        assert!(conversion.latex.contains("% page 1\nUn.\n\n% page 2\nDeux."), "{}", conversion.latex);
        // What was read beyond the page counts once, whichever model read it.
        assert_eq!((conversion.pages_charged, ports.left.get()), (5, 95));
    }
    // All of it from another model: as of a whole document.
    let ports = FakePorts::new([prose(), page("Un."), prose(), page("Deux.")]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!(conversion.warnings, [Warning::OtherModel { model: "m-version".into(), pages: vec![] }]);
}

#[test]
fn of_a_page_that_every_model_refuses_the_longest_beginning_is_kept_and_marked() {
    let begun = |text: &str| Reply::stream(&[&format!("% page 1\n{text}\n")], "RECITATION");
    let busy = || Reply::error(503, &json!({"code": 503, "status": "UNAVAILABLE"}));
    for second in [vec![begun("Un, de")], vec![Reply::stream(&[], "SAFETY")], vec![busy(), busy()]] {
        let replies = [begun("Un, deux.")].into_iter().chain(second).chain([page("Fin.")]);
        let ports = FakePorts::new(replies);
        let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
        assert!(ports.all_replies_used());
        assert_eq!((codes(&conversion), conversion.is_complete()), (vec!["page_cut"], false));
        let (first, second) = conversion.latex.split_once("% page 2").unwrap();
        assert!(first.contains("Un, deux.") && first.contains("interrompue") && second.contains("Fin."));
    }
    let ports = FakePorts::new((0..4).map(|_| Reply::stream(&[], "SAFETY")));
    assert_eq!(convert_with(&ports, pages("", 2), &by_page()).err().unwrap().problem().status(), 422);
    assert_eq!((ports.all_replies_used(), ports.left.get()), (true, 100));
}

#[test]
fn a_page_has_the_tries_of_its_own_but_none_of_a_model_that_fails_for_all() {
    let busy = || Reply::error(503, &json!({"code": 503, "status": "UNAVAILABLE"}));
    let empty = || Reply::stream(&[], "STOP");
    let ports = FakePorts::new([empty(), page("Un."), empty(), page("Deux.")]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!(asked(&ports), ["m-1", "m-2", "m-1", "m-2"]);
    assert_eq!(codes(&conversion), ["other_model"]);
    // The second page finds out that the model is busy; the first one has both tries at the other one all the same.
    let ports = FakePorts::new([busy().when_sent(3), busy(), busy(), page("Deux."), busy(), page("Un.")]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!(asked(&ports), ["m-1", "m-1", "m-1", "m-2", "m-2", "m-2"]);
    assert_eq!((codes(&conversion), conversion.is_complete()), (vec!["other_model"], true));
}

#[test]
fn when_no_page_is_answered_the_failure_says_why() {
    let failed = || Reply::error(400, &json!({"code": 400, "message": "API key not valid."}));
    let ports = FakePorts::new([failed(), failed()]);
    let failure = convert_with(&ports, pages("", 2), &by_page()).err().unwrap();
    assert_eq!((failure.problem().code(), ports.left.get()), ("upstream_refused", 100));
}

#[test]
fn a_page_whose_answer_breaks_off_before_its_text_was_not_refused() {
    let cut = || Reply::stream(&["% page 1\n"], "").then(SendError::Cut("reset".into()));
    let ports = FakePorts::new([cut(), cut(), page("Deux.")]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!((ports.all_replies_used(), codes(&conversion)), (true, vec!["page_failed"]));
    let ports = FakePorts::new((0..4).map(|_| cut()));
    let failure = convert_with(&ports, pages("", 2), &by_page()).err().unwrap();
    assert_eq!(failure.problem().code(), "upstream_failed");
    // The same in either order.
    let refusal = || Reply::stream(&["% page 1\n"], "PROHIBITED_CONTENT");
    for (first, second) in [(refusal(), cut()), (cut(), refusal())] {
        let ports = FakePorts::new([first, second, page("Deux.")]);
        let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
        assert_eq!((ports.all_replies_used(), codes(&conversion)), (true, vec!["page_failed"]));
    }
    // Prose, and a model that is busy: the failure is the last one's.
    let busy = || Reply::error(503, &json!({"code": 503, "status": "UNAVAILABLE"}));
    let prose = Reply::stream(&["Je suis désolé, je ne peux pas lire cette page."], "STOP");
    let ports = FakePorts::new([prose, busy(), busy(), page("Deux.")]);
    let conversion = convert_with(&ports, pages("", 2), &by_page()).unwrap();
    assert_eq!(codes(&conversion), ["page_failed"]);
}

#[test]
fn page_by_page_each_photograph_has_a_question_of_its_own() {
    let failed = || Reply::error(400, &json!({"code": 400, "status": "INVALID_ARGUMENT", "message": "no"}));
    let ports = FakePorts::new([page("Soit $x$."), page(""), failed()]);
    let settings = by_page();
    let body = form_of(&[("1.jpg", JPEG), ("2.png", PNG), ("3.webp", WEBP)]);
    let conversion = convert_with(&ports, upload(body), &settings).ok().unwrap();
    assert_eq!(ports.questions(), [1, 2, 3].map(|page| prompt::only_page(page, true)));
    assert!(ports.sent().iter().all(|sent| parts(&sent.json()).len() == 1));
    let body = "% page 1\nSoit $x$.\n\n% page 2\n\n\n% page 3\n\\textit{[Page 3 non transcrite.]}";
    assert!(conversion.latex.contains(body), "{}", conversion.latex);
    assert_eq!(codes(&conversion), ["page_failed", "page_empty"]);
    assert_eq!((conversion.is_complete(), conversion.pages_charged), (false, 3));
}

#[test]
fn page_by_page_changes_nothing_for_one_photograph_and_for_a_pdf() {
    let settings = by_page();
    for file in [JPEG, EXAM] {
        let ports = FakePorts::new([good()]);
        assert!(convert_with(&ports, upload(form("a", file)), &settings).is_ok());
        assert_eq!(ports.questions(), [prompt::WHOLE]);
    }
}
