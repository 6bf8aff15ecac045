use ::http::{StatusCode, header};
use web::UnixTime;

use super::{PASSWORD, Site, json, keys, location, text};
use crate::{
    store::ThrottleStore,
    throttle::{Bucket, REGISTER_ADDRESS, REGISTER_ALL, Subject},
};

#[test]
fn registering_signs_in_and_the_account_can_sign_in_again() {
    let site = Site::new();
    let browser = site.browser();
    let reply = browser.register("Élodie");
    assert_eq!(location(&reply), "/auth");
    assert!(browser.is_signed_in(), "registering signs in");
    assert_eq!(location(&browser.get("/auth")), "/home", "the sign-in page leads on");
    assert!(text(&browser.get("/home")).contains("Élodie"));
    assert_eq!(location(&browser.sign_in("élodie", PASSWORD)), "/home");
    assert!(browser.is_signed_in());
}

#[test]
fn a_taken_name_is_409_in_every_spelling_and_the_form_keeps_it() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("Élodie");
    for name in ["Élodie", "ÉLODIE", " élodie ", "E\u{301}lodie"] {
        let reply = browser.register(name);
        assert_eq!(reply.status, StatusCode::CONFLICT, "{name}");
        assert!(text(&reply).contains("déjà pris"), "{}", text(&reply));
    }
    assert!(text(&browser.register("ÉLODIE")).contains("value=\"ÉLODIE\""));
}

#[test]
fn every_rule_is_reported_with_its_field() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.json = true;
    let check = |name: &str, password: &str, fields: &[&str], words: &str| {
        let reply = browser.post("/register", &[("username", name), ("password", password)]);
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?} {password:?}");
        let body = json(&reply);
        let named: Vec<&String> = body["fields"].as_object().unwrap().keys().collect();
        assert_eq!(named, fields, "{name:?} {password:?}");
        assert!(body["error"].as_str().unwrap().contains(words), "{body}");
    };
    check("", "", &["password", "username"], "champs signalés");
    check("a", "court", &["password"], "15 caractères");
    check("a", &"x".repeat(129), &["password"], "128 caractères");
    check("a", "motdepassemotdepasse", &["password"], "facile à deviner");
    check("aghilas benali", "aghilasbenali12", &["password"], "facile à deviner");
    check(&"a".repeat(151), PASSWORD, &["username"], "150 caractères");
    check("a\u{202e}b", PASSWORD, &["username"], "invisibles");
}

#[test]
fn the_page_marks_fields_and_never_repeats_a_password() {
    let site = Site::new();
    let reply = site.browser().post("/register", &[("username", "<b>\"x"), ("password", "petit-secret")]);
    let page = text(&reply);
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("id=\"password-error\""), "{page}");
    assert!(!page.contains("petit-secret"));
    assert!(page.contains("value=\"&#60;b&#62;&#34;x\""), "{page}");
}

#[test]
fn a_json_client_gets_201_and_the_account() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.json = true;
    let reply = browser.register("Zoé");
    assert_eq!(reply.status, StatusCode::CREATED);
    let body = json(&reply);
    assert_eq!((keys(&body), keys(&body["user"])), ("next user".to_owned(), "id name".to_owned()), "{body}");
    assert_eq!((&body["user"]["name"], &body["next"]), (&"Zoé".into(), &"/auth".into()));
}

#[test]
fn registering_leads_on_to_the_page_that_was_opened_first() {
    let site = Site::new();
    let browser = site.browser();
    let page = text(&browser.get("/auth?next=%2Fllm"));
    assert!(page.contains("href=\"/register?next=%2Fllm\""), "{page}");
    let page = text(&browser.get("/register?next=%2Fllm"));
    assert!(
        page.contains("name=\"next\" value=\"/llm\"") && page.contains("href=\"/auth?next=%2Fllm\""),
        "{page}"
    );
    let fields = [("username", "Zoé"), ("password", PASSWORD), ("next", "/llm")];
    assert_eq!(location(&browser.post("/register", &fields)), "/auth?next=%2Fllm");
    assert_eq!(location(&browser.get("/auth?next=%2Fllm")), "/llm");
    let evil = [("username", "Ida"), ("password", PASSWORD), ("next", "//evil.example")];
    assert_eq!(location(&browser.post("/register", &evil)), "/auth");
}

#[test]
fn each_error_is_said_once() {
    let site = Site::new();
    site.browser().register("Élodie");
    let page = text(&site.browser().register("Élodie"));
    assert_eq!(page.matches("déjà pris").count(), 1, "{page}");
    assert!(page.contains("aria-invalid=\"true\"") && page.contains(" autofocus"), "{page}");
}

#[test]
fn unknown_fields_grant_nothing() {
    let site = Site::new();
    let browser = site.browser();
    let fields = [("username", "zoe"), ("password", PASSWORD), ("is_admin", "1"), ("id", "1")];
    assert_eq!(location(&browser.post("/register", &fields)), "/auth");
    let mut browser = browser;
    browser.sign_in("zoe", PASSWORD);
    browser.json = true;
    let user = json(&browser.get("/account"))["user"].clone();
    assert!(keys(&user) == "id name" && user["id"] != "1" && user["name"] == "zoe", "{user}");
}

#[test]
fn registrations_are_limited_per_address() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.register("zoe");
    // The bucket is filled without the hashes that so many registrations would cost.
    let address = Subject::address(Some("192.0.2.1".parse().unwrap()));
    for _ in 0..REGISTER_ADDRESS.size - 2 {
        assert!(
            web::testing::run(site.store.count_attempt(
                &REGISTER_ADDRESS,
                &address,
                UnixTime(site.now.get())
            ))
            .unwrap()
        );
    }
    assert_eq!(browser.register("zoe").status, StatusCode::CONFLICT, "the last one");
    let refused = browser.register("zoe");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "288");
    site.wait(288);
    assert_eq!(browser.register("zoe").status, StatusCode::CONFLICT, "time makes room");
    browser.address = "192.0.2.2:4711";
    assert_eq!(browser.register("zoe").status, StatusCode::CONFLICT);
}

#[test]
fn all_networks_together_create_a_bounded_number_of_accounts_a_day() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.register("zoe");
    let (everybody, now) = (Subject::everybody(), UnixTime(site.now.get()));
    for _ in 0..REGISTER_ALL.size - 2 {
        let counted = web::testing::run(site.store.count_attempt(&REGISTER_ALL, &everybody, now));
        assert!(counted.unwrap());
    }
    assert_eq!(browser.register("zoe").status, StatusCode::CONFLICT, "creates nothing and takes nothing");
    assert_eq!(location(&browser.register("yves")), "/auth");
    browser.address = "192.0.2.2:4711";
    let refused = browser.register("xavier");
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(&refused).contains("Trop de comptes") && text(&refused).contains("value=\"xavier\""));
    site.wait(refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap());
    assert_eq!(location(&browser.register("xavier")), "/auth");
}

#[test]
fn no_day_holds_more_registrations_than_the_documentation_says() {
    let day_max = |bucket: Bucket| bucket.size + (24 * 60 * 60_u32).div_ceil(bucket.seconds_per_attempt);
    assert_eq!(day_max(REGISTER_ADDRESS), 600);
    assert!(day_max(REGISTER_ALL) <= 4010);
    // What the purge deletes is empty.
    for bucket in [REGISTER_ADDRESS, REGISTER_ALL] {
        assert!(bucket.size * bucket.seconds_per_attempt <= 24 * 60 * 60, "{}", bucket.scope);
    }
}
