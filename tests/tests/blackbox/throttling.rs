//! Password guesses are throttled by account and address, and a forged address does not evade that.

use atelier_tests::{App, Client, PASSWORD};

use crate::applications::app;

const WRONG: &str = "pas le bon mot de passe";
/// More than the narrowest bucket holds.
const TRIES: usize = 25;

/// Tries until the first 429; `headers` may change from try to try.
fn tries_until_refused(
    client: &Client,
    name: &str,
    headers: impl Fn(usize) -> Vec<(String, String)>,
) -> Option<usize> {
    (0..TRIES).find(|attempt| {
        let own = headers(*attempt);
        let mut headers: Vec<(&str, &str)> =
            own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        let body = serde_json::json!({ "username": name, "password": WRONG }).to_string();
        let reply = client.send("POST", "/auth", &headers, body.as_bytes());
        if reply.status == 429 {
            assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        }
        reply.status == 429
    })
}

#[test]
fn guessing_is_stopped_and_the_owner_is_not_locked_out() {
    let guesser = app().client();
    app().client().register("guessed", PASSWORD).expect_see_other("/auth");
    assert!(tries_until_refused(&guesser, "guessed", |_| Vec::new()).is_some());
    // From that address even the right password is refused; from another one it is accepted.
    guesser.sign_in("guessed", PASSWORD).expect(429);
    app().client().sign_in("guessed", PASSWORD).expect_see_other("/home");
}

#[test]
fn a_forged_spin_client_addr_does_not_evade_throttling() {
    let guesser = app().client();
    let forged = |attempt: usize| vec![("spin-client-addr".to_owned(), format!("198.51.100.{attempt}:99"))];
    assert!(tries_until_refused(&guesser, "victim-of-forgery", forged).is_some());
}

#[test]
fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let app = App::start_with(|setup| setup.set("trusted_proxies", ""));
    let mut guesser = app.client();
    guesser.set_address("");
    let forged = |attempt: usize| vec![("x-forwarded-for".to_owned(), format!("198.51.100.{attempt}"))];
    assert!(tries_until_refused(&guesser, "victim", forged).is_some());
}

#[test]
fn behind_a_trusted_proxy_the_last_hop_counts() {
    // The client wrote the left part itself; our proxy appended the right one.
    let mut guesser = app().client();
    let own = guesser.address().to_owned();
    guesser.set_address("");
    let forged =
        |attempt: usize| vec![("x-forwarded-for".to_owned(), format!("198.51.100.{attempt}, {own}"))];
    assert!(tries_until_refused(&guesser, "victim-behind-proxy", forged).is_some());
}

/// Else one client fills the table as fast as it can send, and accounts of others with it.
#[test]
fn guesses_from_one_address_beyond_its_limit_are_counted_nowhere() {
    let app = App::start();
    let guesser = app.client();
    guesser.sign_in("nobody at all", WRONG).expect(401);
    app.database.execute("UPDATE throttles SET level = 1e6 WHERE scope = 'sign-in-address'");
    let levels = || app.database.value("SELECT sum(level)::text || ' in ' || count(*) FROM throttles");
    let before = levels();
    for number in 0..20 {
        guesser.sign_in(&format!("name {number}"), WRONG).expect(429);
    }
    assert_eq!(levels(), before);
}
