use ::http::{StatusCode, header};

use super::{HOUR, MINUTE, PASSWORD, Site, location, text};

#[test]
fn an_unused_session_ends_after_thirty_minutes_and_use_prolongs_it() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    site.wait(30 * MINUTE - 1);
    assert!(browser.is_signed_in());
    site.wait(30 * MINUTE - 1);
    assert!(browser.is_signed_in());
    site.wait(30 * MINUTE);
    assert!(!browser.is_signed_in());
}

#[test]
fn a_used_session_ends_after_twelve_hours() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    for _ in 0..36 {
        assert!(browser.is_signed_in());
        site.wait(20 * MINUTE);
    }
    assert_eq!(site.now.get() - 1_795_000_000, 12 * HOUR);
    assert!(!browser.is_signed_in());
    assert_eq!(location(&browser.get("/home")), "/auth");
}

#[test]
fn each_sign_in_has_a_new_token_and_ends_the_browsers_old_session() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    let first = browser.cookie.borrow().clone();
    browser.sign_in("alice", PASSWORD);
    assert_ne!(*browser.cookie.borrow(), first);
    assert!(browser.is_signed_in());
    let thief = site.browser();
    *thief.cookie.borrow_mut() = first;
    assert!(!thief.is_signed_in());
}

#[test]
fn a_token_from_elsewhere_is_not_adopted() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    let planted = "ab".repeat(32);
    *browser.cookie.borrow_mut() = Some(planted.clone());
    browser.sign_in("alice", PASSWORD);
    assert_ne!(*browser.cookie.borrow(), Some(planted));
}

#[test]
fn signing_out_ends_the_session_on_the_server() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    let mut copy = site.browser();
    copy.cookie.clone_from(&browser.cookie);
    let reply = browser.post("/logout", &[]);
    assert_eq!(location(&reply), "/auth");
    assert_eq!(reply.headers["clear-site-data"], "\"cache\", \"storage\"");
    assert_eq!(*browser.cookie.borrow(), None);
    assert!(!copy.is_signed_in(), "the copied cookie is worthless");
    assert_eq!(location(&browser.post("/logout", &[])), "/auth", "twice is no error");
}

#[test]
fn verify_returns_the_user_and_only_the_cookie_counts() {
    let site = Site::new();
    let browser = site.browser();
    let refused = browser.get("/auth/verify");
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.headers.contains_key(header::WWW_AUTHENTICATE));
    browser.register("Zoé Dupont");
    browser.sign_in("zoé dupont", PASSWORD);
    let reply = browser.get("/auth/verify");
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.headers["x-user-name"], "Zo%C3%A9%20Dupont");
    assert_eq!(reply.headers["x-user-id"].len(), 36);
    let forged = site
        .browser()
        .request("GET", "/auth/verify")
        .with("x-user-id", "1")
        .with("authorization", "Bearer x");
    assert_eq!(site.answer(forged).status, StatusCode::UNAUTHORIZED);
    let tossed = browser.request("GET", "/auth/verify").with("cookie", "session=other");
    assert_eq!(site.answer(tossed).status, StatusCode::UNAUTHORIZED, "of two cookies neither counts");
}

#[test]
fn home_escapes_the_name_and_shows_what_is_left() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("<script>alert(1)</script>");
    browser.sign_in("<script>alert(1)</script>", PASSWORD);
    assert_eq!(location(&browser.get("/")), "/home");
    let page = text(&browser.get("/home"));
    assert!(page.contains("Bienvenue") && !page.contains("<script>alert"), "{page}");
    assert!(
        page.contains("<strong>50</strong>&nbsp;/&nbsp;50")
            && page.contains("<strong>100</strong>&nbsp;/&nbsp;100")
            && page.contains("1&nbsp;h, heure de Paris"),
        "{page}"
    );
    let mut program = site.browser();
    program.json = true;
    assert_eq!(program.get("/home").status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_flash_message_is_shown_once() {
    let site = Site::new();
    let browser = site.browser();
    let left = browser.register("alice");
    let cookie = left.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let reply = site.answer(browser.request("GET", "/home").with("cookie", &cookie));
    assert!(text(&reply).contains("Votre compte est créé"));
    assert!(reply.headers[header::SET_COOKIE].to_str().unwrap().starts_with("flash=; "));
    let forged = site.answer(browser.request("GET", "/auth").with("cookie", "flash=<b>x</b>"));
    assert!(!text(&forged).contains("<b>x"));
}

/// Envoy calls before it passes a body on, with the method and the path of the request that it holds back. It accepts
/// 200 only and forwards any other status, also 204, to the client.
#[test]
fn the_gateway_may_verify_any_request() {
    let site = Site::new();
    let browser = site.browser();
    let ask = |path| browser.site.answer(browser.request("POST", path)).status;
    assert_eq!(ask("/auth/verify/ocr"), StatusCode::UNAUTHORIZED);
    browser.register("marie");
    browser.sign_in("marie", PASSWORD);
    assert_eq!(ask("/auth/verify/ocr"), StatusCode::OK);
    assert_eq!(ask("/auth/verify/llm/send"), StatusCode::OK);
}
