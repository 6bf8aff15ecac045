//! The built llm against a chat API that is no mock: llama.cpp's own server, with a model that is made for the test
//! (`tests/provider/serve.py`). What others report of the real servers, the mock plays; this shows one of them.

use std::process::{Command, Stdio};
use std::time::Duration;

use atelier_tests::{App, Log, events, eventually, http, read_until};
use serde_json::{Value, json};
use test_support::{ChildProcess, Ending};

const KEY: &str = "sk-a-key-of-this-test";
const CODE: &str = "notes = [14, 9, 17]\nprint(sorted(notes))";
const EXPLANATION: &str = "`sorted` rend une nouvelle liste triée, et `notes` reste telle quelle.";

/// A running server; dropping it stops it.
struct Llama {
    origin: String,
    log: Log,
    _process: ChildProcess,
}

impl Llama {
    fn start(options: &[&str]) -> Self {
        let script = atelier_tests::repository().join("tests/provider/serve.py");
        let (script, key) = (script.to_string_lossy(), format!("--key={KEY}"));
        let arguments = [&[&*script, &*key], options].concat();
        let ending = Ending { signal: "TERM", folder: "" };
        let pipes = |command: &mut Command| {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        };
        let mut process = ChildProcess::spawn("python3", &arguments, ending, pipes).unwrap();
        let log = Log::default();
        let (stdout, stderr) = process.outputs();
        log.collect(stdout.unwrap());
        log.collect(stderr.unwrap());
        let origin =
            log.wait_for(Duration::from_secs(60), |line| Some(line.strip_prefix("Serving ")?.to_owned()));
        let origin = origin.unwrap_or_else(|| panic!("no llama.cpp:\n{}", log.text()));
        Self { origin, log, _process: process }
    }

    fn get(&self, path: &str) -> String {
        let authorization = format!("Bearer {KEY}");
        let headers = [("authorization", &*authorization)];
        http::send("GET", &format!("{}{path}", self.origin), &headers, b"").unwrap().expect(200).text()
    }

    /// Whether it answers a question.
    fn is_writing(&self) -> bool {
        let slots: Value = serde_json::from_str(&self.get("/slots")).unwrap();
        slots[0]["is_processing"].as_bool().unwrap()
    }

    /// Whether questions wait for that one.
    fn has_queue(&self) -> bool {
        !self.get("/metrics").contains("\nllamacpp:requests_deferred 0\n")
    }
}

/// An application whose Python helper asks llama.cpp.
fn app(llama: &Llama, key: &str) -> App {
    App::start_with(|setup| {
        setup.set("llm_openai_origin", &llama.origin);
        // A server with one model answers to any name.
        setup.set("llm_openai_model", "any");
        setup.set("llm_openai_key", key);
        setup.set("webhook_origin", "");
    })
}

#[test]
#[ignore = "installs llama.cpp: `cargo xtask test provider`"]
fn a_question_is_answered_whole_and_as_events_whether_or_not_the_server_separates_what_the_model_thinks() {
    for options in [&[][..], &["--inline"]] {
        let llama = Llama::start(options);
        let app = app(&llama, KEY);
        let user = app.user();
        let question = json!({ "message": "Comment trier ?", "conversation": "" });
        let answer = user.post_json("/send", &question).expect(200).json();
        assert_eq!(
            (&answer["code"], &answer["explanation"]),
            (&json!(CODE), &json!(EXPLANATION)),
            "{answer}"
        );
        assert_eq!((&answer["complete"], &answer["simulated"]), (&json!(true), &json!(false)));
        let events = events(&user.ask_for_events("message=Comment+trier+%3F").expect(200));
        let pieces: Vec<&str> = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
        assert!(pieces.len() > 10, "{pieces:?}");
        let text = format!("```python\n{CODE}\n```\n\nExplication : {EXPLANATION}");
        assert_eq!(pieces.concat().trim_start(), text);
        let (name, page) = events.last().unwrap();
        let page = page["html"].as_str().unwrap();
        assert!(name == "page" && page.contains("data-part=\"code\"") && page.contains("triée"), "{page}");
        // Its template begins another answer only after these messages with these roles.
        let follow_up = json!({ "message": "Et à l’envers ?", "conversation": answer["conversation"] });
        let again = user.post_json("/send", &follow_up).expect(200).json();
        assert_eq!(again["code"], "print(sorted(notes, reverse=True))", "{again}");
        assert_eq!(user.questions_left(), 47);
    }
}

#[test]
#[ignore = "installs llama.cpp: `cargo xtask test provider`"]
fn a_client_that_leaves_stops_the_model_and_so_does_one_that_waits_for_its_turn() {
    let llama = Llama::start(&["--shift"]);
    let app = app(&llama, KEY);
    let (reader, next) = (app.user(), app.user());
    let reading = reader.start_asking("message=sans+fin");
    let received = read_until(&reading, "toujours");
    assert!(llama.is_writing() && !received.contains("event: page"), "{received}");
    let queued = next.start_asking("message=sans+fin");
    eventually("the second question waits", || llama.has_queue());
    drop(queued);
    eventually("the second question is given back", || next.questions_left() == 50);
    assert!(llama.is_writing(), "the first is not concerned");
    drop(reading);
    eventually("the first question is given back", || reader.questions_left() == 50);
    // While tokens of another answer arrive, llama.cpp does not look whether a client still waits. The second question
    // may therefore get the slot once, and must lose it.
    let stopped = || llama.log.text().matches("cancel task").count() == 2;
    eventually("both are stopped", || stopped() && !llama.is_writing() && !llama.has_queue());
    eventually("the log says so", || app.runtime.log.text().matches("Abandoned").count() == 2);
}

#[test]
#[ignore = "installs llama.cpp: `cargo xtask test provider`"]
fn what_it_refuses_and_an_answer_that_fills_its_context_are_told_apart() {
    let llama = Llama::start(&[]);
    let app = app(&llama, KEY);
    let user = app.user();
    // Each of these characters is a token of the model.
    let problem = user.ask(&"x".repeat(5_000)).expect_problem(422);
    assert_eq!((&problem["code"], &problem["refunded"]), (&json!("context_exceeded"), &json!(true)));
    let answer = user.ask("sans fin").expect(200).json();
    assert_eq!(answer["complete"], false, "{answer}");
    assert!(answer["notice"].as_str().unwrap().starts_with("Réponse incomplète"), "{answer}");
    assert_eq!(user.questions_left(), 49);
    let stranger = self::app(&llama, "another key");
    let problem = stranger.user().ask("boucle").expect_problem(502);
    assert_eq!(problem["code"], "upstream_not_answering", "{problem}");
    eventually("the log says why", || stranger.runtime.log.text().contains("KeyRefused(401)"));
}
