//! A component reaches only the hosts that the manifest grants it.

use std::net::TcpListener;

use atelier_tests::App;
use mocks::{GeminiMock, MakeMock, sample};

/// A listener to which nothing may connect.
struct UnreachedListener(TcpListener);

impl UnreachedListener {
    fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    #[track_caller]
    fn assert_unreached(&self) {
        assert!(self.0.accept().is_err(), "a component connected");
    }
}

#[test]
fn llm_cannot_call_a_webhook_outside_its_origin() {
    let elsewhere = MakeMock::start().unwrap();
    let url = elsewhere.webhook_url();
    // `webhook_url` is the address, `webhook_origin` the grant.
    let app = App::start_with(|setup| setup.set("webhook_url", &url));
    let user = app.user();
    assert_eq!(user.ask("boucle").expect_problem(502)["code"], "upstream_not_answering");
    assert!(elsewhere.requests().is_empty() && app.make.requests().is_empty());
    assert_eq!(user.get_json("/home").json()["quotas"]["llm"]["left"], 50);
}

#[test]
fn ocr_cannot_send_a_document_elsewhere() {
    let elsewhere = GeminiMock::start().unwrap();
    let origin = elsewhere.origin();
    let app = App::start_with(|setup| setup.manifest.bind("ocr", "gemini_origin", &origin));
    let problem = app.user().upload(&sample::pdf(&[&["Secret"]])).expect_problem(502);
    assert_eq!(problem["code"], "upstream_refused");
    assert!(elsewhere.requests().is_empty() && app.gemini.requests().is_empty());
}

#[test]
fn auth_cannot_open_another_database() {
    let listener = UnreachedListener::bind();
    let app = App::start_with(|setup| {
        setup.manifest.bind("auth", "db_port", &listener.port().to_string());
        setup.wait_until_ready = false;
    });
    app.client().get_json("/auth/readyz").expect_problem(503);
    listener.assert_unreached();
}

#[test]
fn llm_and_ocr_cannot_ask_another_host_who_is_signed_in() {
    let listener = UnreachedListener::bind();
    let url = format!("http://127.0.0.1:{}", listener.port());
    let app = App::start_with(|setup| {
        setup.manifest.bind("llm", "auth_url", &url);
        setup.manifest.bind("ocr", "auth_url", &url);
    });
    let user = app.user();
    user.ask("boucle").expect_problem(503);
    user.upload(&sample::pdf(&[&["Secret"]])).expect_problem(503);
    user.get_json("/llm").expect_problem(503);
    listener.assert_unreached();
    assert!(app.make.requests().is_empty() && app.gemini.requests().is_empty());
}

#[test]
fn the_grants_of_one_component_are_of_no_use_to_another() {
    // auth with llm's grant, llm with ocr's, ocr with auth's: each needs its own.
    let app = App::start_with(|setup| {
        let hosts = |setup: &mut atelier_tests::Setup, name: &str| {
            setup.manifest.component(name)["allowed_outbound_hosts"].clone()
        };
        let (auth, llm, ocr) = (hosts(setup, "auth"), hosts(setup, "llm"), hosts(setup, "ocr"));
        for (name, grant) in [("auth", llm), ("llm", ocr), ("ocr", auth)] {
            setup.manifest.component(name).insert("allowed_outbound_hosts".into(), grant);
        }
        setup.wait_until_ready = false;
    });
    let client = app.client();
    client.get_json("/auth/readyz").expect_problem(503);
    client.register("nobody", atelier_tests::PASSWORD).expect(503);
    client.set_cookie("session", &"a".repeat(64));
    // llm can ask auth, which has no database; ocr cannot ask auth.
    for reply in [client.ask("boucle"), client.upload(&sample::pdf(&[&["Secret"]]))] {
        assert_eq!(reply.expect_problem(503)["code"], "auth_unavailable");
    }
    assert!(app.make.requests().is_empty() && app.gemini.requests().is_empty());
    assert_eq!(
        app.database.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").as_deref(),
        Some("0")
    );
}

#[test]
fn a_component_without_any_grant_still_answers_but_reaches_nothing() {
    let app = App::start_with(|setup| {
        for name in ["auth", "llm", "ocr"] {
            setup.manifest.component(name).remove("allowed_outbound_hosts");
        }
        setup.wait_until_ready = false;
    });
    let client = app.client();
    client.get("/auth").expect(200);
    client.get_json("/auth/readyz").expect_problem(503);
    client.set_cookie("session", &"a".repeat(64));
    client.get_json("/llm").expect_problem(503);
    client.get_json("/ocr").expect_problem(503);
}
