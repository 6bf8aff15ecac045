//! No variable is required to start; a component that lacks one names it.

use atelier_tests::App;
use mocks::sample;

#[test]
fn a_missing_variable_is_named_by_the_component_that_needs_it() {
    for (variable, path) in [("webhook_url", "/llm"), ("gemini_ai_api_key", "/ocr"), ("service_key", "/llm")]
    {
        let app = App::start_with(|setup| {
            setup.variables.remove(variable);
        });
        let user = app.user();
        let reply = match path {
            "/ocr" => user.upload(&sample::pdf(&[&["Exercice"]])),
            _ => user.ask("boucle"),
        };
        let problem = reply.expect_problem(503);
        assert!(problem["error"].as_str().unwrap().contains(variable), "{problem}");
        user.get("/home").expect(200);
        assert!(app.make.requests().is_empty() && app.gemini.requests().is_empty());
    }
}

#[test]
fn without_a_database_the_pages_still_answer() {
    let app = App::start_with(|setup| {
        setup.variables.retain(|name, _| !name.starts_with("db_"));
        setup.set("db_port", "9");
        setup.wait_until_ready = false;
    });
    let client = app.client();
    client.get("/auth").expect(200);
    client.get("/register").expect(200);
    client.get_json("/auth/readyz").expect_problem(503);
    client.sign_in("somebody", atelier_tests::PASSWORD).expect(503);
}

#[test]
fn a_list_of_proxies_that_cannot_be_read_is_logged_once() {
    let app = App::start_with(|setup| {
        setup.set("trusted_proxies", "10.0.0.0/8 gateway");
        setup.wait_until_ready = false;
    });
    let client = app.client();
    for path in ["/llm", "/ocr", "/llm", "/ocr"] {
        client.send("GET", path, &[("x-request-id", "req-0123456789abcdef")], b"");
    }
    let log = app.runtime.log.text();
    for component in ["llm", "ocr"] {
        let named = |line: &&str| {
            line.contains("variable_unusable") && line.contains(&format!("\"component\":\"{component}\""))
        };
        let lines: Vec<&str> = log.lines().filter(named).collect();
        assert!(lines.len() == 1 && lines[0].contains("\"cause\":\"gateway\""), "{component}: {log}");
    }
}

#[test]
fn no_secret_reaches_the_log_or_a_reply() {
    let app = App::start();
    let user = app.user();
    user.ask("une question singulière").expect(200);
    let exam = sample::pdf(&[&["Exercice confidentiel"]]);
    user.upload_as("bulletin-de-zoé.pdf", "application/pdf", "application/json", &exam).expect(200);
    app.make.always(mocks::make::Fault::Text("```python\nreponse_singuliere = 1\n```".into()));
    user.ask("une question singulière").expect(200);
    // What is sent, and what comes back, is for the user alone.
    let log = app.runtime.log.text();
    for text in ["singulière", "confidentiel", "bulletin", "reponse_singuliere", user.name.as_str()] {
        assert!(!log.contains(text), "{text} in {log}");
    }
    app.make.always(mocks::make::Fault::NotFound);
    app.gemini.always(mocks::gemini::Fault::InvalidKey);
    let mut seen = user.ask("boucle").text() + &user.upload(&sample::pdf(&[&["Exercice"]])).text();
    app.database_proxy.cut();
    seen += &user.get_json("/auth/readyz").text();
    seen += &app.runtime.log.text();
    let token = user.cookie("session").unwrap();
    let hook = app.make.webhook_url();
    for secret in [
        app.service_key.as_str(),
        app.database.password.as_str(),
        token.as_str(),
        hook.as_str(),
        hook.rsplit('/').next().unwrap(),
        atelier_tests::PASSWORD,
        "any key that the mock accepts",
    ] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}
