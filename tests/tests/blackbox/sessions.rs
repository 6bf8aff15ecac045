//! Sessions: the cookie, what the server stores, and how they end.

use std::{
    thread,
    time::{Duration, Instant},
};

use atelier_tests::{App, Client, PASSWORD};

use crate::applications::app;

fn token(client: &Client) -> String {
    client.cookie("session").expect("a session cookie")
}

/// Another browser with this session cookie.
fn browser_with(token: &str) -> Client {
    let client = app().client();
    client.set_cookie("session", token);
    client
}

#[test]
fn the_cookie_is_hidden_from_scripts_and_other_sites() {
    let client = app().client();
    client.register("cookie", PASSWORD).expect_see_other("/auth");
    let reply = client.sign_in("cookie", PASSWORD).expect_see_other("/home");
    let cookies = reply.all("set-cookie");
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("session=")).expect("a session cookie");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Secure"), "plain HTTP on loopback: {cookie}");
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[test]
fn behind_https_only_the_host_cookie_is_set_and_accepted() {
    let app = App::start_with(|setup| setup.set("public_origin", "https://atelier.example"));
    let client = app.user();
    let token = client.cookie("__Host-session").expect("a protected cookie");
    assert!(client.cookie("session").is_none());
    client.get("/home").expect(200);
    let reply = client.get("/auth");
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    // Every cookie, and not only the session's; the deletion of one without protection has none.
    let stranger = app.client();
    for reply in [
        stranger.register("quelqu’une", PASSWORD),
        stranger.sign_in("quelqu’une", PASSWORD),
        stranger.post_form("/language", &[("lang", "en")]),
        stranger.sign_out(),
    ] {
        let cookies = reply.all("set-cookie");
        assert!(!cookies.is_empty(), "{}", reply.request);
        for cookie in cookies {
            let protected = cookie.starts_with("__Host-") && cookie.contains("; Secure");
            assert!(protected || cookie.starts_with("session=; "), "{}: {cookie}", reply.request);
        }
    }

    let other = app.client();
    other.set_cookie("session", &token);
    other.get_json("/home").expect_problem(401);
    other.set_cookie("session", "");
    other.set_cookie("__Host-session", &token);
    other.get_json("/home").expect(200);
    // llm asks auth under another host: the cookie must be accepted there too.
    other.get_json("/llm").expect(200);
}

#[test]
fn the_server_stores_no_session_token() {
    let user = app().user();
    let token = token(&user);
    let rows =
        app().database.value(&format!("SELECT count(*) FROM sessions s WHERE s::text LIKE '%{token}%'"));
    assert_eq!(rows.as_deref(), Some("0"));
    assert!(token.len() == 64 && token.bytes().all(|digit| digit.is_ascii_hexdigit()), "256 bits: {token}");
}

#[test]
fn every_sign_in_gives_a_new_session_and_a_planted_one_is_not_adopted() {
    let client = app().client();
    client.register("fixed", PASSWORD).expect_see_other("/auth");
    let planted = "a".repeat(64);
    client.set_cookie("session", &planted);
    client.sign_in("fixed", PASSWORD).expect_see_other("/home");
    let first = token(&client);
    assert_ne!(first, planted);
    client.sign_in("fixed", PASSWORD).expect_see_other("/home");
    assert_ne!(token(&client), first);
    browser_with(&planted).get_json("/home").expect_problem(401);
    browser_with(&first).get_json("/home").expect_problem(401);
}

#[test]
fn signing_out_ends_the_session_on_the_server() {
    let user = app().user();
    let copy = browser_with(&token(&user));
    copy.get("/home").expect(200);
    let reply = user.sign_out().expect_see_other("/auth");
    assert!(reply.header("clear-site-data").contains("cache"), "{:?}", reply.headers);
    assert!(user.cookie("session").is_none());
    copy.get_json("/home").expect_problem(401);
    copy.get_json("/auth/verify").expect_problem(401);
    copy.ask("boucle").expect_problem(401);
}

#[test]
fn signing_out_is_offered_on_every_page_of_a_session() {
    let user = app().user();
    for path in ["/home", "/account", "/llm", "/ocr"] {
        let page = user.get(path).expect(200).text();
        assert!(page.contains("<form method=\"post\" action=\"/logout\">"), "{path}");
    }
}

#[test]
fn signing_out_needs_a_post() {
    let user = app().user();
    let reply = user.get("/logout").expect(405);
    assert!(reply.header("allow").contains("POST"), "{:?}", reply.headers);
    user.get("/home").expect(200);
}

#[test]
fn without_a_session_every_tool_asks_to_sign_in() {
    let client = app().client();
    for path in ["/home", "/account", "/llm", "/ocr"] {
        let reply = client.get(path).expect(303);
        assert!(reply.header("location").starts_with("/auth"), "{path}: {:?}", reply.headers);
        client.get_json(path).expect_problem(401);
    }
    client.ask("une question sans session").expect_problem(401);
    client.upload(b"%PDF-1.4").expect_problem(401);
    client.post_json("/ocr/check", &serde_json::json!({ "snip": "x" })).expect_problem(401);
    client.get_json("/auth/verify").expect_problem(401);
    assert!(
        app().make.requests().iter().all(|request| !request.text().contains("une question sans session"))
    );
}

#[test]
fn forged_and_malformed_cookies_are_refused() {
    let user = app().user();
    let token = token(&user);
    let mut flipped = token.clone().into_bytes();
    flipped[10] = if flipped[10] == b'a' { b'b' } else { b'a' };
    let flipped = String::from_utf8(flipped).unwrap();
    for value in [
        "x",
        "",
        "' OR 1=1 --",
        &token[1..],
        &format!("{token}A"),
        &flipped,
        &"a".repeat(64),
        &"A".repeat(4000),
    ] {
        browser_with(value).get_json("/home").expect_problem(401);
    }
}

#[test]
fn verify_names_the_user_from_the_cookie_alone() {
    let user = app().user();
    let reply = user.get("/auth/verify").expect(204);
    assert!(reply.body.is_empty());
    let encoded = user.name.replace('é', "%C3%A9").replace('è', "%C3%A8").replace('-', "%2D");
    assert_eq!(reply.header("x-user-name"), encoded);
    assert!(!reply.header("x-user-id").is_empty());
    let forged = [("x-user-id", reply.header("x-user-id")), ("x-user-name", "admin")];
    app().client().send("GET", "/auth/verify", &forged, b"").expect(401);
    let seen = user.send("GET", "/auth/verify", &[("x-user-id", "1"), ("x-user-name", "admin")], b"");
    assert_eq!(seen.all("x-user-name"), [encoded]);
}

/// Envoy lets 200 pass and sends every other status to the client (k8s/platform/istiod.values.yaml).
#[test]
fn the_gateway_gets_200_for_a_valid_session() {
    let user = app().user();
    for path in ["/auth/verify/send", "/auth/verify/ocr", "/auth/verify/llm/send"] {
        let reply = user.send("POST", path, &[], b"").expect(200);
        assert!(reply.body.is_empty());
        app().client().send("POST", path, &[], b"").expect(401);
    }
}

#[test]
fn two_users_do_not_see_each_others_sessions() {
    let (one, two) = (app().user(), app().user());
    let sessions = |client: &Client| client.get_json("/account").expect(200).json()["sessions"].clone();
    let handle = sessions(&two)[0]["session"].as_str().unwrap().to_owned();
    assert_eq!(sessions(&one).as_array().unwrap().len(), 1);
    assert!(!sessions(&one).to_string().contains(&handle));
    one.post_form("/account", &[("action", "end_session"), ("session", &handle)]);
    two.get("/home").expect(200);
    assert_ne!(one.get("/auth/verify").header("x-user-id"), two.get("/auth/verify").header("x-user-id"));
}

#[test]
fn an_idle_session_and_an_old_one_end() {
    for change in [
        "last_seen_at = last_seen_at - interval '32 minutes'",
        "created_at = created_at - interval '721 minutes', expires_at = expires_at - interval '721 minutes'",
    ] {
        let user = app().user();
        let id = user.get("/auth/verify").header("x-user-id").to_owned();
        app().database.execute(&format!("UPDATE sessions SET {change} WHERE user_id = '{id}'"));
        user.get_json("/home").expect_problem(401);
    }
}

/// A slow commit of one request must not keep the others of its session waiting, until a statement's time is over.
#[test]
fn no_page_waits_for_the_row_of_its_session() {
    let user = app().user();
    let id = user.get("/auth/verify").header("x-user-id").to_owned();
    let of_user = format!("WHERE user_id = '{id}'");
    let seen = format!("SELECT (last_seen_at > now() - interval '1 minute')::text FROM sessions {of_user}");
    let minutes_ago = "UPDATE sessions SET last_seen_at = last_seen_at - interval '2 minutes'";
    app().database.execute(&format!("{minutes_ago} {of_user}"));
    let mut holder = app().database.connect();
    let mut lock = holder.transaction().unwrap();
    lock.batch_execute(&format!("SELECT FROM sessions {of_user} FOR UPDATE")).unwrap();
    let cookie = token(&user);
    let started = Instant::now();
    thread::scope(|scope| {
        for path in ["/home", "/llm", "/ocr"].repeat(3) {
            let cookie = &cookie;
            scope.spawn(move || browser_with(cookie).get(path).expect(200));
        }
    });
    // PostgreSQL ends a statement that has waited for a row for two seconds.
    assert!(started.elapsed() < Duration::from_millis(1900), "{:?}", started.elapsed());
    lock.rollback().unwrap();
    assert_eq!(app().database.value(&seen).as_deref(), Some("false"));
    user.get("/home").expect(200);
    assert_eq!(app().database.value(&seen).as_deref(), Some("true"));
}
