//! The page, its assets and languages, and requests without a route.

use web::Lang;

use super::*;

#[test]
fn the_page_needs_a_session_and_shows_the_form() {
    let network = answering(ANSWER);
    let reply = handle(&network, &signed_in("GET", "/llm/").with("accept", "text/html"));
    let page = page(&reply);
    assert_eq!(reply.status, 200);
    assert!(
        page.contains("action=\"/llm/send\"") && page.contains("Léa") && page.contains("<html lang=\"fr\">"),
        "{page}"
    );
    assert!(page.contains("aria-current=\"page\""), "the navigation marks this page");
    assert!(page.contains("Questions restantes aujourd’hui\u{a0}: 50&nbsp;/&nbsp;50."), "{page}");
    assert_eq!(network.asked(), 0);
    assert_eq!(network.auth_paths(), ["/home"]);
}

#[test]
fn wrong_methods_and_unknown_paths_are_problems_without_a_session() {
    let network = answering(ANSWER);
    let reply = handle(&network, &signed_in("GET", "/send").with("accept", "application/json"));
    assert_eq!((reply.status.as_u16(), &reply.headers["allow"]), (405, &"POST".parse().unwrap()));
    let reply = handle(&network, &signed_in("POST", "/llm"));
    assert_eq!((reply.status.as_u16(), &reply.headers["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    assert_eq!(handle(&network, &signed_in("OPTIONS", "/send")).status, 204);
    let reply = handle(&network, &signed_in("GET", "/llm/other").with("accept", "application/json"));
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["content-type"]),
        (404, &"application/problem+json".parse().unwrap())
    );
    assert!(network.auth_paths().is_empty());
}

#[test]
fn a_browser_that_opens_the_address_of_the_form_gets_the_page() {
    for path in ["/send", "/llm/send"] {
        let reply = handle(&answering(ANSWER), &signed_in("GET", path).with("accept", "text/html"));
        assert_eq!((reply.status.as_u16(), &reply.headers["location"]), (303, &"/llm".parse().unwrap()));
    }
}

#[test]
fn the_error_page_of_a_signed_in_user_looks_signed_in() {
    for (method, path) in [("GET", "/llm/other"), ("PUT", "/llm/send"), ("DELETE", "/llm")] {
        let request = signed_in(method, path).with("accept", "text/html");
        let shown = page(&handle(&answering(ANSWER), &request));
        assert!(shown.contains("Léa") && shown.contains("action=\"/logout\""), "{method} {path}: {shown}");
        let mut stranger = request;
        stranger.headers.remove("cookie");
        assert!(!page(&handle(&answering(ANSWER), &stranger)).contains("Léa"));
    }
}

#[test]
fn a_cross_site_question_is_refused_before_auth_is_asked() {
    let network = answering(ANSWER);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let reply = handle(&network, &json_question("a").with("host", "localhost:3000").with(name, value));
        assert_eq!(reply.status, 403);
    }
    assert!(network.auth_paths().is_empty() && network.asked() == 0);
}

#[test]
fn every_asset_of_the_page_exists_and_nothing_is_inline() {
    let network = answering(ANSWER);
    let page = page(&handle(&network, &signed_in("GET", "/llm").with("accept", "text/html")));
    let assets: Vec<_> = page.split('"').filter(|part| part.starts_with("/llm/assets/")).collect();
    assert_eq!(assets.len(), 6, "{assets:?}");
    for asset in assets {
        let reply = handle(&network, &Request::test("GET", asset));
        assert_eq!(reply.status, 200, "{asset}");
        assert!(reply.headers["cache-control"].to_str().unwrap().contains("immutable"), "{asset}");
    }
    assert_eq!(handle(&network, &Request::test("GET", "/llm/assets/none.js")).status, 404);
    // The content security policy allows neither inline scripts nor inline styles.
    assert!(
        !page.contains("<style")
            && !page.contains(" style=")
            && !page.contains("<script>")
            && !page.contains(" onclick")
    );
}

#[test]
fn the_page_is_in_the_language_of_the_request() {
    for (lang, expected, foreign) in [
        (Lang::Fr, ["Posez votre question", "Envoyer", "Explication", "Historique"], "Ask your question"),
        (Lang::En, ["Ask your question", "Send", "Explanation", "History"], "Posez votre question"),
    ] {
        let mut request = form_question("message=a");
        request.context.lang = lang;
        let page = page(&handle(&answering(ANSWER), &request));
        for text in expected {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains(foreign));
    }
}
