//! What is common to all routes.

use ::http::{StatusCode, header};

use super::{PASSWORD, Site, location, text};
use crate::throttle::REFUSED_ADDRESS;

#[test]
fn unknown_paths_are_404_and_wrong_methods_405_with_allow() {
    let site = Site::new();
    let browser = site.browser();
    assert_eq!(browser.get("/nowhere").status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/auth/assets/nothing.css").status, StatusCode::NOT_FOUND);
    let check = |method: &str, path: &str, allow: &str| {
        let reply = site.answer(browser.request(method, path));
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(reply.headers[header::ALLOW], allow);
    };
    check("DELETE", "/auth", "GET, HEAD, POST");
    check("PUT", "/logout", "POST");
    check("POST", "/home", "GET, HEAD");
    check("PUT", "/auth/internal/reservations", "POST");
    let options = site.answer(browser.request("OPTIONS", "/register"));
    assert_eq!(
        (options.status, &options.headers[header::ALLOW]),
        (StatusCode::NO_CONTENT, &"GET, HEAD, POST".parse().unwrap())
    );
}

#[test]
fn both_spellings_of_a_path_and_head_are_answered() {
    let site = Site::new();
    let browser = site.browser();
    for path in ["/auth", "/auth/", "/login", "/register", "/register/"] {
        assert_eq!(browser.get(path).status, StatusCode::OK, "{path}");
        assert_eq!(site.answer(browser.request("HEAD", path)).status, StatusCode::OK, "{path}");
    }
}

#[test]
fn another_site_cannot_act_for_the_user() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    for path in ["/auth", "/register", "/logout", "/account", "/auth/internal/reservations"] {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
        ] {
            let body = format!("username=alice&password={}", PASSWORD.replace(' ', "+"));
            let request = browser.request("POST", path).with(name, value);
            let reply = site.answer(request.with_body("application/x-www-form-urlencoded", body));
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} {name}");
            assert!(!reply.headers.contains_key(header::SET_COOKIE));
        }
    }
}

#[test]
fn bodies_that_are_no_form_are_refused() {
    let site = Site::new();
    let browser = site.browser();
    let check = |content_type: &str, body: &[u8], status| {
        let request = browser.request("POST", "/auth").with_body(content_type, body.to_vec());
        assert_eq!(site.answer(request).status, status, "{content_type} {body:?}");
    };
    check("text/plain", b"username=a&password=b", StatusCode::UNSUPPORTED_MEDIA_TYPE);
    check("multipart/form-data; boundary=x", b"--x--", StatusCode::UNSUPPORTED_MEDIA_TYPE);
    check("application/json", b"{", StatusCode::BAD_REQUEST);
    check("application/x-www-form-urlencoded", b"username=a&username=b&password=c", StatusCode::BAD_REQUEST);
    check("application/x-www-form-urlencoded", b"username=%ff&password=c", StatusCode::BAD_REQUEST);
}

#[test]
fn pages_come_in_both_languages() {
    let site = Site::new();
    let browser = site.browser();
    let english = |path: &str| {
        let mut request = browser.request("GET", path);
        request.context.lang = web::Lang::En;
        text(&site.answer(request))
    };
    for (path, fr, en) in [
        ("/auth", "Se connecter", "No account yet?"),
        ("/register", "Créer mon compte", "Create my account"),
        ("/help", "Confidentialité", "Privacy"),
        ("/", "Posez une question", "Ask a question"),
    ] {
        assert!(text(&browser.get(path)).contains(fr) && text(&browser.get(path)).contains("lang=\"fr\""));
        assert!(english(path).contains(en) && english(path).contains("lang=\"en\""));
    }
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    for (path, en) in [("/home", "Welcome"), ("/account", "Signed-in devices")] {
        let page = english(path);
        assert!(page.contains(en), "{page}");
        for french in ["é", "è", "à "] {
            assert!(!page.contains(french), "{path} has French in it: {page}");
        }
    }
    assert_eq!(location(&browser.get("/")), "/home");
}

#[test]
fn refused_forms_are_counted_like_attempts() {
    for path in ["/auth", "/register"] {
        let site = Site::new();
        let browser = site.browser();
        let many: Vec<(&str, &str)> =
            ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"]
                .map(|name| (name, "x"))
                .to_vec();
        for n in 0..REFUSED_ADDRESS.size {
            let fields = if n % 2 == 0 { many.as_slice() } else { &[("username", "")] };
            let status = browser.post(path, fields).status.as_u16();
            assert!(matches!(status, 400 | 422), "{path} {n}: {status}");
        }
        let refused = browser.post(path, &many);
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(refused.headers["retry-after"], "2");
        assert_eq!(browser.register("zoe").status, StatusCode::SEE_OTHER, "a form without a fault passes");
    }
}

#[test]
fn the_address_of_a_form_leads_a_browser_to_a_page_and_a_program_to_405() {
    let site = Site::new();
    let mut browser = site.browser();
    for path in ["/logout", "/language"] {
        assert_eq!(location(&browser.get(path)), "/", "{path}");
    }
    browser.json = true;
    for path in ["/logout", "/language", "/auth/internal/reservations"] {
        assert_eq!(browser.get(path).status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[test]
fn the_front_door_is_for_browsers_without_a_session() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = text(&browser.get("/"));
    assert!(page.contains("href=\"/register\"") && page.contains("\\int_0^1"), "{page}");
    let photo = page.split('"').find(|part| part.starts_with("/auth/assets/photo-")).unwrap();
    assert_eq!(browser.get(photo).status, StatusCode::OK);
    browser.json = true;
    assert_eq!(location(&browser.get("/")), "/auth", "a program is sent to sign in, as ever");
    browser.json = false;
    browser.register("alice");
    assert_eq!(location(&browser.get("/")), "/home");
}

#[test]
fn the_chosen_language_is_remembered() {
    let site = Site::new();
    let browser = site.browser();
    let reply = browser.post("/language", &[("lang", "en"), ("next", "/help")]);
    assert_eq!(location(&reply), "/help");
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("lang=en; Path=/; Max-Age=31536000"), "{cookie}");
    assert_eq!(location(&browser.post("/language", &[("lang", "fr"), ("next", "//evil.example")])), "/");
    assert_eq!(browser.post("/language", &[("lang", "de")]).status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn the_error_page_of_a_signed_in_user_looks_signed_in() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("Élodie");
    for (method, path) in [("GET", "/nowhere"), ("DELETE", "/home"), ("GET", "/auth/assets/nothing.css")] {
        let page = text(&site.answer(browser.request(method, path)));
        assert!(page.contains("Élodie") && page.contains("action=\"/logout\""), "{method} {path}: {page}");
    }
    let stranger = text(&site.browser().get("/nowhere"));
    assert!(stranger.contains("Page introuvable") && !stranger.contains("action=\"/logout\""), "{stranger}");
}
