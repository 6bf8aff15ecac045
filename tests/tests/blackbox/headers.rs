//! What every reply carries, whoever made it.

use atelier_tests::{Client, Reply};

use crate::shared::app;

#[track_caller]
fn check(reply: &Reply) {
    let policy = reply.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{}: {policy}",
        reply.asked
    );
    assert!(!policy.contains("unsafe"), "{}: {policy}", reply.asked);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(reply.all(name), [value], "{}", reply.asked);
    }
    assert!(!reply.header("referrer-policy").is_empty(), "{}", reply.asked);
    assert_eq!(reply.all("x-request-id").len(), 1, "{}", reply.asked);
    assert_eq!(reply.header("strict-transport-security"), "", "plain HTTP: {}", reply.asked);
    assert!(
        reply.header("server").is_empty() && reply.header("x-powered-by").is_empty(),
        "{:?}",
        reply.headers
    );
    let content_type = reply.header("content-type");
    if content_type.starts_with("text/") {
        assert!(content_type.to_lowercase().contains("charset=utf-8"), "{}: {content_type}", reply.asked);
    }
}

/// One reply of every kind, from each component.
fn replies(user: &Client) -> Vec<Reply> {
    let stranger = app().client();
    let mut replies: Vec<Reply> = ["/", "/auth", "/login", "/register", "/home", "/account", "/llm", "/ocr"]
        .into_iter()
        .flat_map(|path| [user.get(path), stranger.get(path), stranger.get_json(path)])
        .collect();
    replies.extend(["/nowhere", "/auth/nowhere", "/llm/nowhere", "/ocr/nowhere"].map(|path| user.get(path)));
    replies.extend(["/auth", "/llm", "/ocr"].map(|path| user.send("DELETE", path, &[], b"")));
    replies.push(user.get("/auth/verify"));
    replies.push(stranger.get("/auth/verify"));
    replies.push(user.get("/auth/readyz"));
    replies.push(stranger.ask("boucle"));
    replies.push(user.post_json("/send", &serde_json::json!({})));
    replies.push(stranger.sign_in("nobody", "pas le bon mot de passe"));
    replies
}

#[test]
fn every_reply_is_hardened_and_named() {
    for reply in replies(&app().user()) {
        check(&reply);
    }
}

#[test]
fn pages_are_not_kept_by_anybody() {
    for reply in replies(&app().user()) {
        assert!(reply.header("cache-control").contains("no-store"), "{}: {:?}", reply.asked, reply.headers);
    }
}

#[test]
fn assets_are_kept_for_ever_under_a_name_made_of_their_content() {
    let user = app().user();
    for page in ["/auth", "/home", "/llm", "/ocr"] {
        let client = app().client();
        let html = if page == "/auth" { client.get(page) } else { user.get(page) }.text();
        let assets: Vec<&str> = html
            .split(['"', '\''])
            .filter(|text| text.starts_with('/') && text.contains("/assets/"))
            .collect();
        assert!(assets.iter().any(|asset| asset.ends_with(".css")), "{page}: {assets:?}");
        for asset in assets {
            let reply = client.get(asset).expect(200);
            check(&reply);
            assert!(reply.header("cache-control").contains("immutable"), "{asset}: {:?}", reply.headers);
            assert!(!reply.body.is_empty());
        }
        assert!(
            !html.contains("style=\"") && !html.contains("<style") && !html.contains("onclick="),
            "{page}"
        );
        let scripts = html.matches("<script").count();
        assert_eq!(
            scripts,
            html.matches("<script src=\"/").count()
                + html.matches("<script defer src=\"/").count()
                + html.matches("<script type=\"module\" src=\"/").count(),
            "inline script on {page}"
        );
    }
}

#[test]
fn a_request_id_is_taken_over_when_it_is_harmless() {
    let client = app().client();
    let id = |given: &str| {
        client.send("GET", "/auth", &[("x-request-id", given)], b"").header("x-request-id").to_owned()
    };
    assert_eq!(id("req-0123456789abcdef"), "req-0123456789abcdef");
    for bad in ["with space", "<script>", &"x".repeat(500)] {
        assert_ne!(id(bad), bad);
    }
    assert_ne!(client.get("/auth").header("x-request-id"), client.get("/auth").header("x-request-id"));
}
