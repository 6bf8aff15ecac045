//! The headers that every reply carries, whichever component or use case made it.

use atelier_tests::{App, Client, Reply};

use mocks::sample;

use crate::applications::app;

#[track_caller]
fn check(reply: &Reply) {
    let policy = reply.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{}: {policy}",
        reply.request
    );
    assert!(!policy.contains("unsafe"), "{}: {policy}", reply.request);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(reply.all(name), [value], "{}", reply.request);
    }
    assert_eq!(reply.all("x-request-id").len(), 1, "{}", reply.request);
    assert_eq!(reply.header("strict-transport-security"), "", "plain HTTP: {}", reply.request);
    assert!(
        reply.header("server").is_empty() && reply.header("x-powered-by").is_empty(),
        "{:?}",
        reply.headers
    );
    let content_type = reply.header("content-type");
    assert!(reply.body.is_empty() || !content_type.is_empty(), "{}: no type", reply.request);
    if content_type.starts_with("text/") || content_type.contains("+xml") {
        assert!(content_type.to_lowercase().contains("charset=utf-8"), "{}: {content_type}", reply.request);
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
    replies.push(user.ask("boucle").expect(200));
    let exam = sample::pdf(&[&["Exercice"]]);
    let converted = user.upload(&exam).expect(200);
    replies.push(
        user.post_json("/ocr/check", &serde_json::json!({ "snip": converted.json()["latex"] })).expect(200),
    );
    replies.push(user.upload_as("a.pdf", "application/pdf", "text/event-stream", &exam).expect(200));
    replies.push(converted);
    replies
}

#[test]
fn every_reply_has_the_security_headers_and_a_request_id() {
    for reply in replies(&app().user()) {
        check(&reply);
    }
}

#[test]
fn no_reply_allows_another_origin() {
    let user = app().user();
    for (method, path) in
        [("GET", "/home"), ("GET", "/llm"), ("OPTIONS", "/send"), ("OPTIONS", "/ocr"), ("POST", "/send")]
    {
        let asked = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
        let reply = user.send(method, path, &asked, b"");
        let opened = reply.headers.iter().find(|(name, _)| name.starts_with("access-control-"));
        assert_eq!(opened, None, "{method} {path}: {:?}", reply.headers);
    }
}

#[test]
fn a_long_reply_is_compressed_for_a_client_that_accepts_gzip() {
    let client = app().client();
    let plain = client.get("/register").expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    let packed = client.send("GET", "/register", &[("accept-encoding", "br, gzip")], b"").expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.header("vary").contains("accept-encoding"), "{:?}", packed.headers);
    assert!(packed.body.starts_with(b"\x1f\x8b") && packed.body.len() < plain.body.len() * 2 / 3);
}

#[test]
fn pages_are_not_cached() {
    for reply in replies(&app().user()) {
        assert!(reply.header("cache-control").contains("no-store"), "{}: {:?}", reply.request, reply.headers);
    }
}

#[test]
fn assets_are_cached_for_ever_under_a_hash_of_their_content() {
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
            assert_eq!(reply.header("content-language"), "", "{asset}: a copy in a cache is in no language");
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
fn a_valid_request_id_is_kept_and_any_other_replaced() {
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

#[test]
fn only_a_trusted_proxy_gives_a_request_its_id() {
    let app = App::start_with(|setup| setup.set("trusted_proxies", "10.0.0.0/8"));
    let given = "req-0123456789abcdef";
    let user = app.user();
    for (method, page) in [("GET", "/auth"), ("GET", "/llm"), ("GET", "/ocr"), ("POST", "/send")] {
        let reply = user.send(method, page, &[("x-request-id", given)], b"");
        assert_ne!(reply.header("x-request-id"), given, "{page}");
    }
    // The id of a question goes with it to auth, which is asked by a component.
    let id = user.ask("boucle").expect(200).header("x-request-id").to_owned();
    let named = |line: &str| (line.contains("/auth/verify") && line.contains(&id)).then_some(());
    assert!(app.runtime.log.wait_for(std::time::Duration::from_secs(10), named).is_some());
}
