use ::http::{StatusCode, header};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version, password_hash::SaltString};

use super::{OTHER_PASSWORD, PASSWORD, Site, json, keys, location, text};
use crate::{
    password_hash::PasswordHash,
    store::{ThrottleStore, UserStore},
    throttle::{Bucket, SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS, Subject},
    username::Username,
};
use web::UnixTime;

#[test]
fn a_wrong_password_and_an_unknown_name_get_the_same_page() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    let wrong = browser.sign_in("alice", OTHER_PASSWORD);
    let unknown = browser.sign_in("bobby", OTHER_PASSWORD);
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(text(&wrong).replace("alice", "NAME"), text(&unknown).replace("bobby", "NAME"));
    assert_eq!(wrong.headers, unknown.headers);
    assert!(text(&wrong).contains("Nom d’utilisateur ou mot de passe incorrect"));
    assert!(!text(&wrong).contains(OTHER_PASSWORD) && text(&wrong).contains("value=\"alice\""));
    assert_eq!(wrong.cause.as_deref(), Some("wrong password"));
    assert_eq!(unknown.cause.as_deref(), Some("unknown account"));
}

#[test]
fn names_and_passwords_that_are_not_valid_get_401() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    let long = "x".repeat(9000);
    for (name, password) in [(long.as_str(), PASSWORD), ("a\u{0}b", PASSWORD), ("alice", long.as_str())] {
        assert_eq!(browser.sign_in(name, password).status, StatusCode::UNAUTHORIZED);
    }
}

#[test]
fn an_empty_field_is_named() {
    let site = Site::new();
    let reply = site.browser().post("/auth", &[("username", " ")]);
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&reply).contains("username-error") && text(&reply).contains("password-error"));
}

#[test]
fn a_password_does_not_expire() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    site.wait(10 * 365 * 24 * 60 * 60);
    assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
}

#[test]
fn the_redirect_stays_on_this_site() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    let to = |next| {
        let fields = [("username", "alice"), ("password", PASSWORD), ("next", next)];
        location(&browser.post("/auth", &fields)).to_owned()
    };
    assert_eq!(to("/ocr"), "/ocr");
    assert_eq!(to("//evil.example"), "/home");
    assert_eq!(to("https://evil.example/"), "/home");
    assert_eq!(location(&browser.get("/auth?next=/llm")), "/llm", "signed in already");
    let page = text(&site.browser().get("/auth?next=%22%3E%3Cscript%3E"));
    assert!(page.contains("value=\"/home\""), "{page}");
}

#[test]
fn a_json_client_gets_its_account_and_a_cookie() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.json = true;
    browser.register("Zoé");
    let body = serde_json::json!({ "username": "zoé", "password": PASSWORD }).to_string();
    let reply = site.answer(browser.request("POST", "/login").with_body("application/json", body));
    assert_eq!(reply.status, StatusCode::OK);
    // These and no other: neither token nor hash.
    let body = json(&reply);
    assert_eq!(
        (keys(&body), keys(&body["user"])),
        ("next session_expires user".to_owned(), "id name".to_owned()),
        "{body}"
    );
    assert_eq!((&body["user"]["name"], &body["next"]), (&"Zoé".into(), &"/home".into()));
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    let token = cookie.strip_prefix("session=").unwrap().split(';').next().unwrap();
    assert!(!body.to_string().contains(token));
}

#[test]
fn guesses_at_one_account_are_limited_and_never_lock_it_permanently() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    for _ in 0..10 {
        assert_eq!(browser.sign_in("alice", OTHER_PASSWORD).status, StatusCode::UNAUTHORIZED);
    }
    let refused = browser.sign_in("ALICE", PASSWORD);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "30");
    let mut elsewhere = site.browser();
    elsewhere.address = "198.51.100.7:1";
    assert_eq!(location(&elsewhere.sign_in("alice", PASSWORD)), "/home", "from another address");
    site.wait(30);
    assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
    for _ in 0..10 {
        assert_eq!(browser.sign_in("alice", OTHER_PASSWORD).status, StatusCode::UNAUTHORIZED, "a new count");
    }
}

/// Fills a bucket but for one attempt, without the hashes that so many attempts would cost.
fn fill(site: &Site, bucket: &Bucket, subject: &Subject) {
    for _ in 0..bucket.size - 1 {
        let now = UnixTime(site.now.get());
        assert!(web::testing::run(site.store.count_attempt(bucket, subject, now)).unwrap());
    }
}

#[test]
fn guesses_at_one_account_from_everywhere_are_limited_and_do_not_shut_out_its_owner() {
    let site = Site::new();
    let owner = site.browser();
    owner.register("alice");
    assert_eq!(location(&owner.sign_in("alice", PASSWORD)), "/home");
    fill(&site, &SIGN_IN_ACCOUNT, &Subject::account(Username::parse("alice").unwrap().key()));
    let from = |address| {
        let mut browser = site.browser();
        browser.address = address;
        browser
    };
    assert_eq!(from("198.51.100.1:1").sign_in("alice", OTHER_PASSWORD).status, StatusCode::UNAUTHORIZED);
    let refused = from("198.51.100.2:1").sign_in("alice", PASSWORD);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "20");
    // From where the account was used, and from a session of it.
    let fields =
        [("action", "change_password"), ("current_password", PASSWORD), ("new_password", OTHER_PASSWORD)];
    assert_eq!(location(&owner.post("/account", &fields)), "/account");
    assert_eq!(location(&owner.sign_in("alice", OTHER_PASSWORD)), "/home");
    site.wait(8 * 24 * 3600);
    fill(&site, &SIGN_IN_ACCOUNT, &Subject::account(Username::parse("alice").unwrap().key()));
    assert_eq!(from("198.51.100.1:1").sign_in("alice", PASSWORD).status, StatusCode::UNAUTHORIZED);
    let forgotten = owner.sign_in("alice", OTHER_PASSWORD);
    assert_eq!(forgotten.status, StatusCode::TOO_MANY_REQUESTS, "a week is over");
}

#[test]
fn guesses_from_one_address_at_many_accounts_are_limited() {
    let site = Site::new();
    let browser = site.browser();
    fill(&site, &SIGN_IN_ADDRESS, &Subject::address(Some("192.0.2.1".parse().unwrap())));
    assert_eq!(browser.sign_in("alice", PASSWORD).status, StatusCode::UNAUTHORIZED);
    let refused = browser.sign_in("bobby", PASSWORD);
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "2");
}

#[test]
fn unknown_accounts_are_throttled_like_known_ones() {
    let site = Site::new();
    let browser = site.browser();
    let statuses: Vec<StatusCode> = (0..11).map(|_| browser.sign_in("nobody", PASSWORD).status).collect();
    assert_eq!(statuses[9], StatusCode::UNAUTHORIZED);
    assert_eq!(statuses[10], StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn successful_sign_ins_are_never_throttled() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    for _ in 0..25 {
        assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
    }
}

#[test]
fn a_forged_client_address_does_not_help() {
    let site = Site::new();
    let browser = site.browser();
    let try_as = |forged: &str| {
        let request = web::Request::test("POST", "/auth")
            .with("host", "localhost")
            .with("spin-client-addr", forged)
            .with("spin-client-addr", browser.address)
            .with("x-forwarded-for", forged)
            .with_body("application/x-www-form-urlencoded", "username=alice&password=wrong");
        site.answer(request).status
    };
    for number in 0..10 {
        assert_eq!(try_as(&format!("203.0.113.{number}:1")), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(try_as("203.0.113.99:1"), StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn an_outdated_hash_is_replaced_when_its_owner_signs_in() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 1, 1, None).unwrap());
    let salt = SaltString::encode_b64(&[9; 16]).unwrap();
    let old = weaker.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string();
    let username = Username::parse("alice").unwrap();
    site.store.set_hash(username.key(), PasswordHash::from_stored(old));
    let stored = || web::testing::run(site.store.find_by_username(username.key())).unwrap().unwrap();
    assert_eq!(browser.sign_in("alice", OTHER_PASSWORD).status, StatusCode::UNAUTHORIZED);
    assert!(stored().password_hash.as_str().contains("m=8192"));
    assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
    assert!(stored().password_hash.as_str().contains("m=19456,t=2,p=1"));
    assert!(browser.is_signed_in());
    assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
}

#[test]
fn some_attempts_purge_expired_rows() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    browser.sign_in("alice", PASSWORD);
    assert_eq!(site.store.purges.get(), 0);
    site.purge_sample.set(0);
    // Those that fail too, since they leave rows.
    browser.sign_in("alice", PASSWORD);
    browser.sign_in("nobody", OTHER_PASSWORD);
    browser.sign_in("", PASSWORD);
    browser.register("alice");
    assert_eq!(site.store.purges.get(), 4);
}

#[test]
fn without_a_turn_to_hash_the_form_says_when_to_try_again_and_keeps_the_name() {
    let site = Site::new();
    let browser = site.browser();
    browser.register("alice");
    site.store.no_turns.set(true);
    // More than the narrowest bucket holds: what was not verified is not counted.
    for _ in 0..50 {
        let reply = browser.sign_in("alice", PASSWORD);
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(reply.headers[header::RETRY_AFTER], "5");
        assert!(text(&reply).contains("Beaucoup de personnes se connectent"), "{}", text(&reply));
        assert!(text(&reply).contains("value=\"alice\"") && !text(&reply).contains(PASSWORD));
    }
    assert_eq!(browser.register("bobby").status, StatusCode::SERVICE_UNAVAILABLE);
    site.store.no_turns.set(false);
    browser.register("bobby");
    assert_eq!(location(&browser.sign_in("alice", PASSWORD)), "/home");
}
