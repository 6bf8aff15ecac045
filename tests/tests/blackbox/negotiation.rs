//! HTML or JSON by `Accept`, French or English by `Accept-Language`.

use crate::applications::app;

#[test]
fn pages_are_french_and_english_on_request() {
    let user = app().user();
    for path in ["/auth", "/register", "/home", "/account", "/llm", "/ocr", "/nowhere"] {
        let client = if ["/auth", "/register"].contains(&path) { &app().client() } else { &user };
        let page = |language: &str| {
            client.send("GET", path, &[("accept-language", language), ("accept", "text/html")], b"")
        };
        let french = page("fr-FR,fr;q=0.9,en;q=0.8");
        assert!(french.text().contains("<html lang=\"fr\""), "{path}: {}", french.text());
        assert_eq!(french.header("content-language"), "fr", "{path}");
        assert!(page("en-GB,en;q=0.9").text().contains("<html lang=\"en\""), "{path}");
        assert!(page("de").text().contains("<html lang=\"fr\""), "{path}: French by default");
        assert!(french.header("vary").to_lowercase().contains("accept-language"), "{path}");
    }
}

#[test]
fn failures_are_pages_or_problems_as_asked() {
    let user = app().user();
    for path in ["/nowhere", "/llm/nowhere", "/ocr/nowhere", "/auth/nowhere"] {
        let page = user.send("GET", path, &[("accept", "text/html")], b"").expect(404);
        assert!(
            page.header("content-type").starts_with("text/html") && page.text().contains("<html"),
            "{path}"
        );
        user.get_json(path).expect_problem(404);
    }
    for (path, allowed) in
        [("/auth", "POST"), ("/home", "GET"), ("/llm", "GET"), ("/send", "POST"), ("/ocr", "POST")]
    {
        let reply = user.send("DELETE", path, &[("accept", "application/json")], b"");
        assert!(reply.header("allow").contains(allowed), "{path}: {:?}", reply.headers);
        reply.expect_problem(405);
    }
}

#[test]
fn a_browser_that_opens_the_address_of_a_form_gets_its_page_and_error_pages_show_who_is_signed_in() {
    let user = app().user();
    let open = |method: &str, path: &str| user.send(method, path, &[("accept", "text/html")], b"");
    for (path, page) in [("/send", "/llm"), ("/llm/send", "/llm"), ("/logout", "/"), ("/language", "/")] {
        open("GET", path).expect_see_other(page);
        user.get_json(path).expect_problem(405);
        user.get(path).expect(405);
    }
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/llm/nowhere", 404),
        ("GET", "/ocr/nowhere", 404),
        ("DELETE", "/llm", 405),
    ] {
        let page = open(method, path).expect(status).text();
        assert!(page.contains(&user.name) && page.contains("action=\"/logout\""), "{path}: {page}");
    }
}

#[test]
fn head_answers_like_get_without_a_body() {
    let user = app().user();
    for path in ["/auth", "/home", "/llm", "/ocr", "/nowhere"] {
        let (get, head) = (user.get(path), user.send("HEAD", path, &[], b""));
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
    }
}

#[test]
fn the_runtime_answers_its_health_check() {
    app().client().get("/.well-known/spin/health").expect(200);
}
