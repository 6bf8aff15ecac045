//! The database is unreachable, or a variable is not valid.

use ::http::StatusCode;

use super::{PASSWORD, Site, json, location, text};
use crate::settings::Misconfigured;

#[test]
fn without_the_database_every_page_is_503_until_it_is_back() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    site.store.unreachable.set(true);
    for path in ["/home", "/account", "/auth/verify"] {
        let reply = browser.get(path);
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(text(&reply).contains("base de données") && !text(&reply).contains("switched off"), "{path}");
        assert_eq!(reply.cause.as_deref(), Some("switched off"));
        assert!(reply.headers.contains_key("retry-after"));
    }
    assert_eq!(browser.register("bob").status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.sign_in("alice", PASSWORD).status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.get("/auth").status, StatusCode::OK, "the form needs no database");
    assert_eq!(browser.get("/").status, StatusCode::OK, "nor does the front door");
    let out = browser.post("/logout", &[]);
    assert_eq!(out.status, StatusCode::SERVICE_UNAVAILABLE, "the session did not end on the server");
    site.store.unreachable.set(false);
    assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
}

#[test]
fn readiness_names_the_cause_without_details() {
    let site = Site::new();
    let browser = site.browser();
    let ready = browser.get("/auth/readyz");
    assert_eq!((ready.status, json(&ready)["status"].as_str()), (StatusCode::OK, Some("ready")));
    site.store.unreachable.set(true);
    let reply = browser.get("/auth/readyz");
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(&reply)["code"], "database_unreachable");
    assert!(!text(&reply).contains("switched off"));
}

#[test]
fn a_variable_that_cannot_be_read_is_named() {
    let site = Site::new();
    let request = site.browser().request("GET", "/home");
    let random = crate::app::Random::from_bytes([1; 81]);
    let settings = Err(Misconfigured("llm_daily_quota"));
    let reply = web::testing::run(crate::handle(&request, &site.store, settings, random));
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(&reply).contains("llm_daily_quota"));
}
