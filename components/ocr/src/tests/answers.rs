//! What a user gets for answers of models that are not what was asked for, in each form.

use http::StatusCode;
use web::testing::{FakeClock, run};

use super::fake_gemini::Reply;
use super::fakes::variables;
use super::handle::{Network, handle, post, stream, text};
use crate::settings::Settings;

const DOCUMENT: &str = "\\documentclass{article}\n\\begin{document}\nSoit $x$.\n\\end{document}\n";

fn convert(network: &Network, accept: &str) -> web::Reply {
    run(handle(network.clone(), FakeClock::default(), Settings::parse(variables()), post(accept)))
}

#[test]
fn a_refusal_a_web_page_and_a_json_value_are_errors_that_cost_nothing() {
    for answer in [
        "Je suis désolé, mais je ne peux pas transcrire ce document.",
        "<!DOCTYPE html>\n<html><body><p>\\frac{1}{2}</p></body></html>",
        "{\"latex\": \"\\\\documentclass{article}\"}",
    ] {
        // Each model answers so.
        let network = || Network::new(204, [(); 4].map(|()| Reply::stream(&[answer], "STOP")));
        for accept in ["text/html", "application/json", "application/x-tex"] {
            let network = network();
            let reply = convert(&network, accept);
            assert_eq!(reply.status, StatusCode::BAD_GATEWAY, "{accept}: {answer}");
            assert!(text(&reply).contains("n’ont pas été décomptées"), "{accept}: {}", text(&reply));
            let settled = network.auth.borrow().last().unwrap().1.clone();
            assert_eq!(settled, r#"{"outcome":"not_delivered","reason":"other","upstream_called":true}"#);
        }
        let (_, body, _) = stream(&network(), Settings::parse(variables()));
        assert!(body.contains("event: problem\n") && body.contains("no_document"), "{body}");
    }
}

#[test]
fn after_an_answer_that_is_no_document_the_next_model_is_asked() {
    let network =
        Network::new(204, [Reply::stream(&["Je ne peux pas."], "STOP"), Reply::stream(&[DOCUMENT], "STOP")]);
    let reply = convert(&network, "application/x-tex");
    assert_eq!((reply.status, text(&reply).as_str()), (StatusCode::OK, DOCUMENT));
}
