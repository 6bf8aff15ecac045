//! What a component was not given, it cannot reach.

use std::net::TcpListener;

use atelier_tests::App;
use mocks::{GeminiMock, MakeMock, sample};

/// A listener that must stay without visitors.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert!(self.0.accept().is_err(), "somebody connected");
    }
}

#[test]
fn llm_cannot_call_a_webhook_outside_its_origin() {
    let elsewhere = MakeMock::start().unwrap();
    let url = elsewhere.webhook_url();
    // The address is a variable, the permission another: an address alone opens nothing.
    let app = App::start_with(|setup| setup.set("webhook_url", &url));
    let user = app.user();
    let status = user.ask("boucle").status;
    assert!(status == 502 || status == 503, "{status}");
    assert!(elsewhere.requests().is_empty() && app.make.requests().is_empty());
    assert_eq!(user.get_json("/home").json()["quotas"]["llm"]["left"], 50);
}

#[test]
fn ocr_cannot_send_a_document_elsewhere() {
    let elsewhere = GeminiMock::start().unwrap();
    let origin = elsewhere.origin();
    let app = App::start_with(|setup| setup.manifest.bind("ocr", "gemini_origin", &origin));
    let status = app.user().upload(&sample::pdf(&[&["Secret"]])).status;
    assert!(status == 502 || status == 503, "{status}");
    assert!(elsewhere.requests().is_empty() && app.gemini.requests().is_empty());
}

#[test]
fn auth_cannot_open_another_database() {
    let trap = Trap::set();
    let app = App::start_with(|setup| {
        setup.manifest.bind("auth", "db_port", &trap.port().to_string());
        setup.wait_until_ready = false;
    });
    app.client().get_json("/auth/readyz").expect_problem(503);
    trap.assert_untouched();
}

#[test]
fn llm_and_ocr_cannot_ask_a_stranger_who_is_signed_in() {
    let trap = Trap::set();
    let url = format!("http://127.0.0.1:{}", trap.port());
    let app = App::start_with(|setup| {
        setup.manifest.bind("llm", "auth_url", &url);
        setup.manifest.bind("ocr", "auth_url", &url);
    });
    let user = app.user();
    user.ask("boucle").expect_problem(503);
    user.upload(&sample::pdf(&[&["Secret"]])).expect_problem(503);
    user.get_json("/llm").expect_problem(503);
    trap.assert_untouched();
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
    client.set_cookie("session", &"A".repeat(43));
    // Nobody is let in: 401 where auth could still be asked, 503 where not even that.
    for reply in [client.ask("boucle"), client.upload(&sample::pdf(&[&["Secret"]]))] {
        assert!([401, 503].contains(&reply.status), "{reply:?}");
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
    client.set_cookie("session", &"A".repeat(43));
    client.get_json("/llm").expect_problem(503);
    client.get_json("/ocr").expect_problem(503);
}
