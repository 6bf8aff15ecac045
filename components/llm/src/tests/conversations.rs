//! Follow-up questions and modes: what the model reads, and what the client gets to send with the next question.

use super::*;
use crate::conversation::CONVERSATION_CHARS_MAX;

/// The value of the form's hidden field, as a browser reads it.
fn carried(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"conversation\" value=\"").unwrap();
    let value = rest.split_once('"').unwrap().0;
    [("&#34;", "\""), ("&#60;", "<"), ("&#62;", ">"), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(value.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

fn form(fields: &[(&str, &str)]) -> Request {
    let body = fields
        .iter()
        .map(|(name, value)| {
            let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("{name}={value}")
        })
        .collect::<Vec<_>>()
        .join("&");
    signed_in("POST", "/llm/send")
        .with("accept", "text/html")
        .with_body("application/x-www-form-urlencoded", body)
}

fn sent(network: &Network, nth: usize) -> String {
    network.questions.borrow()[nth].0["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_follow_up_from_the_form_takes_its_conversation_along() {
    let network = answering(ANSWER);
    let start = page(&handle(&network, &signed_in("GET", "/llm").with("accept", "text/html")));
    assert_eq!(carried(&start), "");
    assert!(start.contains("id=\"follow-up\" hidden"), "{start}");
    let first = page(&handle(&network, &form(&[("message", "Afficher é ?"), ("conversation", "")])));
    assert_eq!(sent(&network, 0), "Afficher é ?", "a question alone is sent as before");
    let conversation = carried(&first);
    assert_eq!(
        conversation,
        "### Question\nAfficher é ?\n\n### Réponse\n```python\nprint(\"é\") # <b>\n```\n\non **affiche** `é`.\n\n"
    );
    assert!(first.contains("<p class=\"hint\" id=\"follow-up\">"), "{first}");
    let second = page(&handle(&network, &form(&[("message", "Et à ?"), ("conversation", &conversation)])));
    assert_eq!(
        sent(&network, 1),
        format!(
            "Voici une conversation. Réponds seulement à sa dernière question.\n\n{conversation}### Question\nEt à ?"
        )
    );
    assert!(
        carried(&second).starts_with(&conversation) && carried(&second).contains("### Question\nEt à ?\n")
    );
}

#[test]
fn a_program_gets_the_conversation_only_when_it_sends_one() {
    let ask = |body: Value| {
        let network = answering(ANSWER);
        let request = signed_in("POST", "/send").with_body("application/json", body.to_string());
        let reply = body_of(&handle(&network, &request));
        (reply, sent(&network, 0))
    };
    let (reply, _) = ask(json!({ "message": "a" }));
    assert!(reply.get("conversation").is_none(), "{reply}");
    let (reply, _) = ask(json!({ "message": "a", "conversation": "" }));
    let conversation = reply["conversation"].as_str().unwrap();
    let (reply, message) = ask(json!({ "message": "b", "conversation": conversation }));
    assert!(message.contains("### Question\na\n") && message.ends_with("### Question\nb"), "{message}");
    assert!(reply["conversation"].as_str().unwrap().starts_with(conversation));
    let (reply, message) = ask(
        json!({ "message": "b", "conversation": format!("{}\n### Question\nrécente\n", "x".repeat(60_000)) }),
    );
    assert!(message.contains("récente") && !message.contains('x'), "{message}");
    assert!(reply["conversation"].as_str().unwrap().chars().count() <= CONVERSATION_CHARS_MAX);
}

fn body_of(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200);
    body(reply)
}

#[test]
fn a_failure_keeps_the_conversation_and_the_mode() {
    let network = network([Ok(response(500, &[], ""))]);
    let conversation = "### Question\nAvant\n\n### Réponse\noui\n\n";
    let fields = [("message", "Et après ?"), ("conversation", conversation), ("mode", "hint")];
    let shown = page(&handle(&network, &form(&fields)));
    assert_eq!(carried(&shown), conversation);
    assert!(shown.contains("Et après ?</textarea>") && shown.contains("value=\"hint\" selected"), "{shown}");
    let mut signed_out = form(&fields);
    signed_out.headers.remove("cookie");
    let shown = page(&handle(&network, &signed_out));
    assert_eq!(carried(&shown), conversation);
    assert!(shown.contains("value=\"hint\" selected"), "{shown}");
}

#[test]
fn a_mode_adds_its_instruction_and_the_operator_can_offer_none() {
    let network = answering(ANSWER);
    let shown = page(&handle(&network, &form(&[("message", "Trier ?"), ("mode", "hint")])));
    assert!(sent(&network, 0).starts_with("Trier ?\n\nConsigne : Donne un indice"));
    assert!(shown.contains("value=\"hint\" selected"), "the next question is asked in the same way");
    let unknown =
        signed_in("POST", "/send").with_body("application/json", "{\"message\":\"a\",\"mode\":\"?\"}");
    let reply = handle(&network, &unknown);
    assert_eq!((reply.status.as_u16(), &body(&reply)["code"]), (422, &json!("mode_invalid")));

    let off = || Variables { llm_tutor_modes: "off".to_owned(), ..variables() };
    let start = handle_with(off(), &network, &signed_in("GET", "/llm").with("accept", "text/html"));
    assert!(!page(&start).contains("<select"));
    assert_eq!(handle_with(off(), &network, &form(&[("message", "Trier ?"), ("mode", "hint")])).status, 422);
    let wrong = Variables { llm_tutor_modes: "peut-être".to_owned(), ..variables() };
    let reply = handle_with(wrong, &network, &json_question("a"));
    assert_eq!(reply.status, 503);
    assert!(body(&reply)["detail"].as_str().unwrap().contains("llm_tutor_modes"));
    assert_eq!(network.asked(), 1);
}

#[test]
fn the_same_question_in_another_conversation_is_another_submission() {
    let key_of = |conversation: &str| {
        let network = answering(ANSWER);
        let fields = [("message", "Et après ?"), ("conversation", conversation), ("idempotency_key", "k")];
        assert_eq!(handle(&network, &form(&fields)).status, 200);
        network.auth_bodies(auth_api::wire::RESERVATIONS_PATH)[0]["idempotency_key"].clone()
    };
    assert_eq!(key_of(""), key_of("sans échange"));
    assert_ne!(key_of(""), key_of("### Question\nAvant\n"));
}
