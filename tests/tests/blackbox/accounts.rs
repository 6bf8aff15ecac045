//! Registering and signing in.

use std::thread;

use atelier_tests::{Client, PASSWORD};
use serde_json::json;

use crate::applications::app;

#[test]
fn the_start_is_a_front_door_for_browsers_and_leads_others_to_sign_in_or_home() {
    let open = |client: &Client| client.send("GET", "/", &[("accept", "text/html")], b"");
    let page = open(&app().client()).expect(200).text();
    assert!(page.contains("href=\"/register\"") && page.contains("href=\"/help#privacy\""), "{page}");
    app().client().get("/").expect_see_other("/auth");
    app().user().get("/").expect_see_other("/home");
    open(&app().user()).expect_see_other("/home");
}

#[test]
fn registering_signs_a_browser_in_and_leads_on() {
    let client = app().client();
    let fields = [("username", "newcomer"), ("password", PASSWORD), ("next", "/llm")];
    client.post_form("/register", &fields).expect_see_other("/auth?next=%2Fllm");
    client.get("/auth?next=%2Fllm").expect_see_other("/llm");
    client.get("/llm").expect(200);
    let program = app().client();
    program.post_json("/register", &json!({ "username": "program", "password": PASSWORD })).expect(201);
    program.get_json("/home").expect_problem(401);
}

#[test]
fn the_chosen_language_is_remembered_by_every_component() {
    let user = app().user();
    user.post_form("/language", &[("lang", "en"), ("next", "/help")]).expect_see_other("/help");
    for path in ["/help", "/home", "/llm", "/ocr", "/nowhere"] {
        let page = user.send("GET", path, &[("accept-language", "fr"), ("accept", "text/html")], b"");
        assert!(page.text().contains("<html lang=\"en\""), "{path}: {}", page.text());
    }
    user.post_form("/language", &[("lang", "de")]).expect(422);
}

#[test]
fn a_new_user_registers_signs_in_and_is_welcomed() {
    let user = app().user();
    let page = user.get("/home").expect(200).text();
    assert!(page.contains("Bienvenue") && page.contains(&user.name), "{page}");
    assert!(page.contains("href=\"/llm\"") && page.contains("href=\"/ocr\""), "{page}");
}

#[test]
fn registering_and_signing_in_work_in_json() {
    let client = app().client();
    let account = json!({ "username": "json-user", "password": PASSWORD });
    let made = client.post_json("/register", &account).expect(201).json();
    assert_eq!(made["user"]["name"], "json-user");
    let signed_in = client.post_json("/auth", &account).expect(200).json();
    assert_eq!(signed_in["user"], made["user"]);
    assert_eq!(client.get_json("/home").expect(200).json()["user"]["name"], "json-user");
}

#[test]
fn a_name_is_taken_in_every_spelling() {
    let client = app().client();
    client.register("Élodie Taken", PASSWORD).expect_see_other("/auth");
    for spelling in ["Élodie Taken", "élodie taken", " ÉLODIE TAKEN ", "E\u{301}lodie Taken", "Élodie Ｔaken"]
    {
        let reply = client.register(spelling, PASSWORD).expect(409);
        assert!(reply.text().contains("déjà pris"), "{spelling}: {}", reply.text());
    }
    let body = json!({ "username": "ÉLODIE taken", "password": PASSWORD });
    assert_eq!(client.post_json("/register", &body).expect_problem(409)["code"], "username_taken");
}

#[test]
fn of_simultaneous_registrations_of_one_name_exactly_one_succeeds() {
    let replies: Vec<u16> = thread::scope(|scope| {
        let racers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| app().client().register("racer", PASSWORD).status)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let count = |status| replies.iter().filter(|seen| **seen == status).count();
    assert_eq!((count(303), count(409)), (1, 7), "{replies:?}");
    assert_eq!(
        app().database.value("SELECT count(*) FROM users WHERE username = 'racer'").as_deref(),
        Some("1")
    );
}

#[test]
fn each_broken_rule_is_reported_at_its_field() {
    let client = app().client();
    let long_name = "n".repeat(151);
    let long_password = "é".repeat(129);
    for (username, password, field) in [
        ("", PASSWORD, "username"),
        ("   ", PASSWORD, "username"),
        (long_name.as_str(), PASSWORD, "username"),
        ("zero\u{200b}width", PASSWORD, "username"),
        ("bidi\u{202e}name", PASSWORD, "username"),
        ("bell\u{7}name", PASSWORD, "username"),
        ("rules", "", "password"),
        ("rules", "14 characters.", "password"),
        ("rules", long_password.as_str(), "password"),
        ("rules", "aaaaaaaaaaaaaaaaaaaa", "password"),
        ("rules", "passwordpassword", "password"),
        ("somebody-with-a-name", "somebody-with-a-name", "password"),
    ] {
        let body = json!({ "username": username, "password": password });
        let problem = client.post_json("/register", &body).expect_problem(422);
        assert!(problem["fields"][field].is_string(), "{username} {password}: {problem}");
        let page = client.register(username, password).expect(422).text();
        assert!(
            !page.contains(password) || password.is_empty() || password == username,
            "the page repeats the password: {page}"
        );
    }
    assert_eq!(
        app().database.value("SELECT count(*) FROM users WHERE username = 'rules'").as_deref(),
        Some("0")
    );
}

#[test]
fn passwords_of_15_and_of_128_characters_work() {
    for (name, password) in
        [("short-one", "vélo 7 mûr, oui".to_owned()), ("long-one", "à b2 ".repeat(25) + "fin")]
    {
        let client = app().client();
        assert!([15, 128].contains(&password.chars().count()), "{}", password.chars().count());
        client.register(name, &password).expect_see_other("/auth");
        client.sign_in(name, &password).expect_see_other("/home");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_name_read_the_same() {
    let client = app().client();
    client.register("zelda-7f", PASSWORD).expect_see_other("/auth");
    let sign_in = |name: &str| {
        let mut problem = client
            .post_json("/auth", &json!({ "username": name, "password": "pas le bon mot de passe" }))
            .expect_problem(401);
        problem["request_id"] = "".into();
        problem
    };
    assert_eq!(sign_in("zelda-7f"), sign_in("umberto-9c"));
    let page = |name: &str| {
        let reply = client.sign_in(name, "pas le bon mot de passe").expect(401);
        let page = reply.text();
        assert!(page.contains("incorrect") && page.contains(name), "{page}");
        page.replace(name, "").replace(reply.header("x-request-id"), "")
    };
    assert_eq!(page("zelda-7f"), page("umberto-9c"));
}

#[test]
fn names_are_neither_sql_nor_markup() {
    for name in ["' OR 1=1 --", "<script>alert(1)</script>", "\"; DROP TABLE users; --", "{{ 7*7 }}", "%00\\"]
    {
        let client = app().client();
        client.register(name, PASSWORD).expect_see_other("/auth");
        client.sign_in(name, PASSWORD).expect_see_other("/home");
        let page = client.get("/home").expect(200).text();
        assert!(!page.contains("<script>alert"), "{page}");
        assert_eq!(client.get_json("/home").expect(200).json()["user"]["name"], name);
    }
    app().client().sign_in("' OR 1=1 --", "' OR 1=1 --").expect(401);
    // A form that is refused shows the name that was typed.
    let typed = "\"><script>alert(1)</script>";
    for page in [app().client().sign_in(typed, PASSWORD), app().client().register(typed, "court")] {
        let page = page.text();
        assert!(page.contains("script&#62;alert(1)") && !page.contains("<script>alert"), "{page}");
    }
}

#[test]
fn signing_in_redirects_to_this_site_only() {
    let client = app().client();
    client.register("wanderer", PASSWORD).expect_see_other("/auth");
    for (next, expected) in [
        ("/llm", "/llm"),
        ("/ocr?x=1", "/ocr?x=1"),
        ("//evil.example", "/home"),
        ("https://evil.example/", "/home"),
        ("/\\evil.example", "/home"),
        ("\\\\evil.example", "/home"),
        ("/\t/evil.example", "/home"),
        ("javascript:alert(1)", "/home"),
        ("evil.example", "/home"),
        ("/%0d%0aSet-Cookie:x=1", "/%0d%0aSet-Cookie:x=1"),
        ("/a\r\nSet-Cookie: x=1", "/home"),
        ("", "/home"),
    ] {
        let fields = [("username", "wanderer"), ("password", PASSWORD), ("next", next)];
        let reply = client.post_form("/auth", &fields).expect_see_other(expected);
        assert!(client.cookie("x").is_none() && !reply.all("set-cookie").iter().any(|c| c.starts_with("x=")));
    }
    let page = app().client().get("/auth?next=https%3A%2F%2Fevil.example").expect(200).text();
    assert!(!page.contains("evil.example"), "{page}");
}

#[test]
fn login_is_an_alias_of_auth() {
    let client = app().client();
    assert!(client.get("/login").expect(200).text().contains("name=\"password\""));
    client.register("alias", PASSWORD).expect_see_other("/auth");
    client.post_form("/login", &[("username", "alias"), ("password", PASSWORD)]).expect_see_other("/home");
}

#[test]
fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let client = app().client();
    client.register("timed", PASSWORD).expect_see_other("/auth");
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..9 {
        for (which, name) in ["timed".to_owned(), format!("nobody-{round}")].iter().enumerate() {
            let start = std::time::Instant::now();
            client.sign_in(name, "pas le bon mot de passe").expect(401);
            times[which].push(start.elapsed());
        }
    }
    // The shortest of each, because load can only add time. Without the dummy hash the ratio
    // is about 20.
    let [known, unknown] = times.map(|times| times.iter().min().unwrap().as_secs_f64());
    assert!((0.5..2.0).contains(&(known / unknown)), "known {known} s, unknown {unknown} s");
}
