//! Questions that the webhook does not answer, and settlements that fail.

use std::time::Duration;

use web::outbound::SendError;

use super::fakes::LIMIT;
use super::*;

#[test]
fn a_question_without_an_answer_is_given_back() {
    for (answer, status) in [
        (Ok(response(200, &[], "Accepted")), 502),
        (Ok(response(500, &[], "Scenario failed to complete.")), 502),
        (Ok(response(302, &[("location", "https://evil.example")], "")), 502),
        (Ok(response(503, &[], "")), 502),
        (Ok(response(429, &[], "Too many requests")), 503),
        (Err(SendError::NotSent("refused".to_owned())), 502),
        (Err(SendError::TimedOut("70 s".to_owned())), 504),
        (Err(SendError::Cut("reset".to_owned())), 502),
        (Err(SendError::TooLarge), 502),
    ] {
        let network = network([answer.clone()]);
        let reply = handle(&network, &json_question("a"));
        assert_eq!((reply.status.as_u16(), &body(&reply)["refunded"]), (status, &json!(true)), "{answer:?}");
        assert_eq!(network.left.get(), LIMIT, "{answer:?}");
        assert!(reply.cause.is_some_and(|cause| cause.starts_with("upstream: ")));
    }
}

#[test]
fn the_settlement_names_the_failures_that_the_circuit_breaker_counts() {
    for (answer, reason, upstream_called) in [
        (Ok(response(410, &[], "Gone")), "upstream_failed", false),
        (Err(SendError::TimedOut(String::new())), "upstream_failed", true),
        (Ok(response(429, &[("retry-after", "900")], "Too many requests")), "other", false),
        (Ok(response(400, &[], "Validation failed")), "other", false),
        // Text that a model may have written.
        (Ok(response(200, &[], "Accepted")), "other", true),
        (Ok(response(200, &[], r#"{"error":{"message":"x","type":"server_error"}}"#)), "other", true),
    ] {
        let network = network([answer]);
        handle(&network, &json_question("a"));
        let failed =
            json!({ "outcome": "not_delivered", "reason": reason, "upstream_called": upstream_called });
        assert_eq!(network.auth_bodies("/settle"), [failed]);
    }
}

#[test]
fn a_failed_form_is_shown_again_with_its_text() {
    let network = network([Ok(response(410, &[], "Gone"))]);
    let reply = handle(&network, &form_question("message=Ma+question"));
    let page = page(&reply);
    assert_eq!(reply.status, 502);
    assert!(page.contains("Ma question</textarea>") && page.contains("role=\"alert\""), "{page}");
    let empty = handle(&network, &form_question("message="));
    assert!(super::page(&empty).contains("aria-invalid=\"true\""));
    assert_eq!(empty.status, 400);
}

#[test]
fn a_failed_settlement_does_not_cost_the_user_the_answer() {
    let network = answering(ANSWER);
    network.settling_fails.set(true);
    let reply = handle(&network, &json_question("a"));
    assert_eq!((reply.status.as_u16(), &body(&reply)["left"]), (200, &json!(49)));
    assert!(reply.cause.unwrap().contains("answered; settlement failed: "));
}

#[test]
fn a_failed_settlement_is_not_reported_as_refunded() {
    let network = network([Ok(response(410, &[], ""))]);
    network.settling_fails.set(true);
    let reply = handle(&network, &json_question("a"));
    assert_eq!(body(&reply)["refunded"], false);
    assert!(reply.cause.unwrap().contains("; settlement failed: "));
}

#[test]
fn only_a_question_that_was_not_accepted_is_sent_again_within_the_total_time() {
    let flaky = network([
        Err(SendError::NotSent("refused".to_owned())),
        Ok(response(429, &[("retry-after", "20")], "")),
        Ok(response(200, &[], ANSWER)),
    ]);
    flaky.webhook_takes.set(Duration::from_secs(5));
    assert_eq!(handle(&flaky, &json_question("a")).status, 200);
    let totals: Vec<_> = flaky.questions.borrow().iter().map(|(_, limits)| limits.total.as_secs()).collect();
    // Of the 75 s, 5 s and a wait of 1 s pass, then 5 s and a wait of 20 s.
    assert_eq!(totals, [75, 69, 44]);
    assert_eq!(flaky.left.get(), 49, "three calls, one question");
    // A question that may have arrived is not sent twice.
    let timed_out = network([Err(SendError::TimedOut(String::new()))]);
    handle(&timed_out, &json_question("a"));
    assert_eq!(timed_out.asked(), 1);
}
