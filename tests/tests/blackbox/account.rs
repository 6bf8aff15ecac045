//! The account page: changing the password, ending sessions, deleting the account.

use atelier_tests::{Client, PASSWORD};

use crate::applications::app;

const NEW_PASSWORD: &str = "trois girafes mangent du thym";

fn second_browser(user: &Client) -> Client {
    let client = app().client();
    client.sign_in(&user.name, PASSWORD).expect_see_other("/home");
    client
}

fn change(user: &Client, current: &str, new: &str) -> u16 {
    let fields = [("action", "change_password"), ("current_password", current), ("new_password", new)];
    user.post_form("/account", &fields).status
}

#[test]
fn changing_the_password_ends_the_other_sessions() {
    let user = app().user();
    let other = second_browser(&user);
    let before = user.cookie("session");
    assert_eq!(change(&user, PASSWORD, NEW_PASSWORD), 303);
    assert_ne!(user.cookie("session"), before, "a new session after a new password");
    user.get("/home").expect(200);
    other.get_json("/home").expect_problem(401);
    app().client().sign_in(&user.name, PASSWORD).expect(401);
    app().client().sign_in(&user.name, NEW_PASSWORD).expect_see_other("/home");
}

#[test]
fn changing_the_password_needs_the_current_one_and_a_valid_new_one() {
    let user = app().user();
    assert_eq!(change(&user, "pas le bon mot de passe", NEW_PASSWORD), 422);
    assert_eq!(change(&user, PASSWORD, "trop court"), 422);
    assert_eq!(change(&user, PASSWORD, PASSWORD), 422, "the one in use");
    assert_eq!(change(&app().client(), PASSWORD, NEW_PASSWORD), 303, "signed out: to the sign-in page");
    app().client().sign_in(&user.name, PASSWORD).expect_see_other("/home");
}

#[test]
fn sessions_are_listed_and_ended() {
    let user = app().user();
    let (other, third) = (second_browser(&user), second_browser(&user));
    let list = user.get_json("/account").expect(200).json();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    // These and no other: neither token nor hash.
    let names = |object: &serde_json::Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (names(&list), names(&list["user"])),
        (vec!["sessions".into(), "user".into()], vec!["id".into(), "name".into()])
    );
    for session in sessions {
        assert_eq!(names(session), ["current", "last_seen", "session", "started", "user_agent"]);
    }
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);

    let other_list = other.get_json("/account").expect(200).json();
    let handle = other_list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == true)
        .and_then(|session| session["session"].as_str())
        .unwrap()
        .to_owned();
    user.post_form("/account", &[("action", "end_session"), ("session", &handle)])
        .expect_see_other("/account");
    other.get_json("/home").expect_problem(401);
    third.get("/home").expect(200);
    user.post_form("/account", &[("action", "end_other_sessions")]).expect_see_other("/account");
    third.get_json("/home").expect_problem(401);
    user.get("/home").expect(200);
}

#[test]
fn a_deleted_account_leaves_no_rows_and_no_session() {
    let user = app().user();
    let id = user.get("/auth/verify").header("x-user-id").to_owned();
    user.post_form("/account", &[("action", "delete_account"), ("password", "pas le bon mot de passe")])
        .expect(422);
    user.get("/home").expect(200);
    user.post_form("/account", &[("action", "delete_account"), ("password", PASSWORD)])
        .expect_see_other("/auth");
    user.get_json("/home").expect_problem(401);
    app().client().sign_in(&user.name, PASSWORD).expect(401);
    for table in ["sessions", "users"] {
        let column = if table == "users" { "id" } else { "user_id" };
        let rows = format!("SELECT count(*) FROM {table} WHERE {column}::text = '{id}'");
        assert_eq!(app().database.value(&rows).as_deref(), Some("0"), "{table}");
    }
    // The name is free again.
    app().client().register(&user.name, PASSWORD).expect_see_other("/auth");
}

#[test]
fn an_unknown_action_is_refused() {
    let problem = app().user().post_json("/account", &serde_json::json!({ "action": "become_admin" }));
    problem.expect_problem(422);
}
