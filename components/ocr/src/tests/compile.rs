//! The compile service, and the correction that its errors lead to.

use serde_json::{Value, json};

use super::fake_gemini::Reply;
use super::fakes::*;
use super::samples::EXAM;
use crate::conversion::Conversion;
use crate::events::Event;
use crate::gemini::prompt;
use crate::gemini::request::generate;
use crate::warning::Warning;

const BAD: &str =
    "\\documentclass{article}\n\\begin{document}\nSoit $x$ un \\nombre entier positif.\n\\end{document}\n";

fn compiler(outcome: &Value) -> Reply {
    Reply::new(200, &[("content-type", "application/json")], &outcome.to_string())
}

fn fails() -> Reply {
    let error = json!({"line": 3, "message": "Undefined control sequence."});
    compiler(&json!({"compiles": false, "errors": [error]}))
}

fn compiles() -> Reply {
    compiler(&json!({"compiles": true, "errors": []}))
}

fn converted(replies: impl IntoIterator<Item = Reply>) -> (FakePorts, Conversion) {
    let ports = FakePorts::new(replies);
    let settings = settings_with(|variables| variables.compile_url = "http://tex:8080".into());
    let conversion = convert_with(&ports, upload(form("a.pdf", EXAM)), &settings).ok().unwrap();
    assert!(ports.all_replies_used());
    (ports, conversion)
}

fn codes(conversion: &Conversion) -> Vec<&'static str> {
    conversion.warnings.iter().map(Warning::code).collect()
}

#[test]
fn a_document_that_compiles_is_delivered_as_it_is() {
    let (ports, conversion) = converted([Reply::stream(&[BAD], "STOP"), compiles()]);
    assert_eq!(
        (conversion.compiles, conversion.latex.as_str(), codes(&conversion)),
        (Some(true), BAD, vec![])
    );
    let sent = ports.sent();
    assert_eq!((sent[1].uri.as_str(), sent[1].body.as_slice()), ("http://tex:8080/compile", BAD.as_bytes()));
    assert!(!sent[1].headers.contains_key("x-goog-api-key"), "the key is not for the compiler");
}

#[test]
fn one_correction_is_asked_for_and_taken_when_it_compiles_and_says_the_same() {
    let good = BAD.replace("\\nombre", "nombre");
    let (ports, conversion) =
        converted([Reply::stream(&[BAD], "STOP"), fails(), Reply::stream(&[&good], "STOP"), compiles()]);
    assert_eq!((conversion.compiles, conversion.latex.as_str()), (Some(true), good.as_str()));
    assert_eq!(codes(&conversion), ["corrected"]);
    let question = prompt::corrected(BAD, "l.3 Undefined control sequence.\n");
    assert_eq!(ports.questions()[1], question);
    let parts = ports.sent()[2].json()["contents"][0]["parts"].as_array().unwrap().len();
    assert_eq!(parts, 1, "the original is not sent again");
    let shown = ports.emitted.borrow().iter().filter(|event| matches!(event, Event::Latex(_))).count();
    assert_eq!(shown, 1, "a correction does not continue what is shown");
    assert!(generate(&settings(), "m", &[], "q").is_ok());
}

#[test]
fn a_correction_that_does_not_help_leaves_the_document_and_says_so() {
    let check = |replies: Vec<Reply>| {
        let first = [Reply::stream(&[BAD], "STOP"), fails()];
        let (_, conversion) = converted(first.into_iter().chain(replies));
        assert_eq!((conversion.compiles, conversion.latex.as_str()), (Some(false), BAD));
        assert_eq!((codes(&conversion), conversion.warnings[0].line()), (vec!["does_not_compile"], Some(3)));
        assert!(conversion.is_complete());
    };
    let good = BAD.replace("\\nombre", "nombre");
    check(vec![Reply::stream(&[&good], "STOP"), fails()]);
    check(vec![Reply::stream(&[&good], "MAX_TOKENS")]);
    check(vec![Reply::stream(&["Je suis désolé, je ne peux pas corriger ce document."], "STOP")]);
    // It loses what it cannot compile.
    check(vec![Reply::stream(
        &["\\documentclass{article}\n\\begin{document}\nSoit.\n\\end{document}\n"],
        "STOP",
    )]);
    check(vec![Reply::error(400, &json!({"code": 400, "message": "no"}))]);
}

#[test]
fn a_service_that_is_out_of_order_is_no_failure() {
    for reply in [Reply::new(503, &[], "{}"), Reply::new(200, &[], "<html>")] {
        let (_, conversion) = converted([Reply::stream(&[BAD], "STOP"), reply]);
        assert_eq!((conversion.compiles, codes(&conversion)), (None, vec![]));
    }
}
