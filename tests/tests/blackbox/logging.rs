//! The log lines of requests.

use std::time::Duration;

use serde_json::Value;

use crate::applications::app;

/// The line that ended the request with this id, once it is there.
fn line(component: &str, request_id: &str) -> Value {
    let log = &app().runtime.log;
    let found = log.wait_for(Duration::from_secs(5), |line| {
        let line: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
        let names_it =
            line["component"] == component && line["request_id"] == request_id && line["event"] == "request";
        names_it.then_some(line)
    });
    found.unwrap_or_else(|| panic!("no line of {component} for {request_id} in {}", log.text()))
}

#[test]
fn the_log_says_who_did_what_and_when() {
    let (user, stranger) = (app().user(), app().client());
    let id = user.get("/auth/verify").expect(204).header("x-user-id").to_owned();
    let check = |component: &str, reply: &atelier_tests::Reply, method: &str, path: &str, who: Value| {
        let line = line(component, reply.header("x-request-id"));
        let status = Value::from(reply.status);
        assert_eq!(
            (&line["method"], &line["path"], &line["status"]),
            (&method.into(), &path.into(), &status)
        );
        assert_eq!(line["user"], who, "{line}");
        let level = if reply.status >= 400 { "warn" } else { "info" };
        assert_eq!(line["level"], level, "{line}");
        // Seconds since 1970, UTC, within the last minute.
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(line["time"].as_u64().is_some_and(|time| (now - 60..=now + 1).contains(&time)), "{line}");
    };

    let signed_in = user.sign_in(&user.name, atelier_tests::PASSWORD);
    check("auth", &signed_in, "POST", "/auth", id.as_str().into());
    let wrong = stranger.sign_in(&user.name, "ce n'est pas le bon mot de passe");
    check("auth", &wrong, "POST", "/auth", Value::Null);
    check("llm", &stranger.ask("boucle"), "POST", "/send", Value::Null);
    // A tool's line has the request id of auth's, which has the user.
    let asked = user.ask("boucle");
    check("llm", &asked, "POST", "/send", Value::Null);
    let verified = line("auth", asked.header("x-request-id"));
    assert_eq!((&verified["path"], &verified["user"]), (&"/auth/verify".into(), &id.as_str().into()));
}
