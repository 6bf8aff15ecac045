use ::http::StatusCode;

use super::{OTHER_PASSWORD, PASSWORD, Site, json, location, text};

#[test]
fn a_new_password_ends_the_other_sessions_and_renews_this_one() {
    let site = Site::new();
    let (here, there) = (site.browser(), site.browser());
    here.register("alice");
    here.sign_in("alice", PASSWORD);
    there.sign_in("alice", PASSWORD);
    let before = here.cookie.borrow().clone();
    let fields =
        [("action", "change_password"), ("current_password", PASSWORD), ("new_password", OTHER_PASSWORD)];
    assert_eq!(location(&here.post("/account", &fields)), "/account");
    assert!(here.is_signed_in() && !there.is_signed_in());
    assert_ne!(*here.cookie.borrow(), before);
    assert_eq!(there.sign_in("alice", PASSWORD).status, StatusCode::UNAUTHORIZED);
    assert_eq!(location(&there.sign_in("alice", OTHER_PASSWORD)), "/home");
}

#[test]
fn without_a_turn_to_hash_nobody_is_locked_out_of_the_own_account() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    let fields =
        [("action", "change_password"), ("current_password", PASSWORD), ("new_password", OTHER_PASSWORD)];
    site.store.no_turns.set(true);
    // More than the narrowest bucket holds: what was not verified is not counted.
    for _ in 0..50 {
        assert_eq!(browser.post("/account", &fields).status, StatusCode::SERVICE_UNAVAILABLE);
    }
    site.store.no_turns.set(false);
    assert_eq!(location(&browser.post("/account", &fields)), "/account");
}

#[test]
fn a_new_password_obeys_the_rules_and_needs_the_current_one() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    let check = |current: &str, new: &str, id: &str| {
        let fields = [("action", "change_password"), ("current_password", current), ("new_password", new)];
        let reply = browser.post("/account", &fields);
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(&reply);
        assert!(page.contains(&format!("id=\"{id}-error\"")), "{page}");
        assert!(!page.contains(OTHER_PASSWORD) && !page.contains("trop-court"));
    };
    check(OTHER_PASSWORD, OTHER_PASSWORD, "current-password");
    check(PASSWORD, "trop-court", "new-password");
    check(PASSWORD, "alicealicealicealice", "new-password");
    check(PASSWORD, PASSWORD, "new-password");
    assert!(browser.is_signed_in());
}

#[test]
fn guesses_at_the_current_password_are_throttled() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    let fields = [("action", "delete_account"), ("password", OTHER_PASSWORD)];
    let statuses: Vec<StatusCode> = (0..11).map(|_| browser.post("/account", &fields).status).collect();
    assert_eq!(statuses[9], StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(statuses[10], StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let site = Site::new();
    let (mut here, there, elsewhere) = (site.browser(), site.browser(), site.browser());
    here.register("alice");
    for browser in [&here, &there, &elsewhere] {
        browser.sign_in("alice", PASSWORD);
    }
    let page = text(&here.get("/account"));
    assert!(page.contains("Firefox, Linux") && page.contains("cet appareil"), "{page}");
    here.json = true;
    let list = json(&here.get("/account"));
    assert_eq!(list["sessions"].as_array().unwrap().len(), 3);
    let current = list["sessions"].as_array().unwrap().iter().filter(|line| line["current"] == true).count();
    assert_eq!(current, 1);

    there.json_handle_is_ended_by(&here, &list);
    assert_eq!(here.post("/account", &[("action", "end_other_sessions")]).status, StatusCode::OK);
    assert!(here.is_signed_in() && !there.is_signed_in() && !elsewhere.is_signed_in());
}

impl super::Browser<'_> {
    /// `other` ends one session that is not its own; one of the two others is signed out then.
    fn json_handle_is_ended_by(&self, other: &super::Browser<'_>, list: &serde_json::Value) {
        let line = list["sessions"].as_array().unwrap().iter().find(|line| line["current"] == false).unwrap();
        let fields = [("action", "end_session"), ("session", line["session"].as_str().unwrap())];
        assert_eq!(other.post("/account", &fields).status, StatusCode::OK);
        assert_eq!(json(&other.get("/account"))["sessions"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_user_cannot_end_a_session_of_another() {
    let site = Site::new();
    let (mut alice, bob) = (site.browser(), site.browser());
    alice.register("alice");
    bob.register("bob");
    alice.sign_in("alice", PASSWORD);
    bob.sign_in("bob", PASSWORD);
    alice.json = true;
    let handle = json(&alice.get("/account"))["sessions"][0]["session"].as_str().unwrap().to_owned();
    assert_eq!(
        location(&bob.post("/account", &[("action", "end_session"), ("session", &handle)])),
        "/account"
    );
    assert!(alice.is_signed_in());
    let unknown = bob.post("/account", &[("action", "end_session"), ("session", "x")]);
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn a_deleted_account_loses_its_sessions_and_its_name_is_free() {
    let site = Site::new();
    let (here, there) = (site.browser(), site.browser());
    here.register("alice");
    here.sign_in("alice", PASSWORD);
    there.sign_in("alice", PASSWORD);
    let wrong = here.post("/account", &[("action", "delete_account"), ("password", OTHER_PASSWORD)]);
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let reply = here.post("/account", &[("action", "delete_account"), ("password", PASSWORD)]);
    assert_eq!(location(&reply), "/auth");
    assert!(!here.is_signed_in() && !there.is_signed_in());
    assert_eq!(here.sign_in("alice", PASSWORD).status, StatusCode::UNAUTHORIZED);
    assert_eq!(location(&here.register("alice")), "/auth", "the name is free again");
}

#[test]
fn the_account_needs_a_session() {
    let site = Site::new();
    let mut browser = site.browser();
    assert_eq!(location(&browser.get("/account")), "/auth?next=/account");
    browser.json = true;
    assert_eq!(browser.get("/account").status, StatusCode::UNAUTHORIZED);
    let fields = [("action", "delete_account"), ("password", PASSWORD)];
    assert_eq!(browser.post("/account", &fields).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn an_action_that_does_not_exist_is_422() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    assert_eq!(
        browser.post("/account", &[("action", "become_admin")]).status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
