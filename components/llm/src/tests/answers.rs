//! A question and its answer.

use auth_api::wire;
use web::Lang;

use super::fakes::reservation;
use super::*;

#[test]
fn a_json_question_is_answered_in_json_and_settled() {
    let network = answering(ANSWER);
    let reply = handle(&network, &json_question("  Afficher é ?\r\n"));
    assert_eq!(reply.status, 200);
    assert_eq!(
        body(&reply),
        json!({
            "code": "print(\"é\") # <b>",
            "explanation": "on **affiche** `é`.",
            "blocks": [{ "language": "python", "code": "print(\"é\") # <b>" }],
            "simulated": false,
            "complete": true,
            "left": 49,
            "request_id": "07070707070707070707070707070707",
        })
    );
    assert_eq!(network.questions.borrow()[0].0, json!({ "message": "Afficher é ?" }));
    let settle = reservation().settle_path();
    assert_eq!(network.auth_paths(), [wire::VERIFY_PATH, wire::RESERVATIONS_PATH, &settle]);
    assert_eq!(network.auth_bodies(wire::RESERVATIONS_PATH), [json!({ "service": "llm", "amount": 1 })]);
    assert_eq!(network.auth_bodies(&settle), [json!({ "outcome": "delivered" })]);
}

#[test]
fn a_form_question_is_answered_with_the_page_with_question_and_answer() {
    let reply = handle(&answering(ANSWER), &form_question("message=Afficher+%3Cb%3E+%3F"));
    assert_eq!(
        (reply.status.as_u16(), reply.headers["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    let page = page(&reply);
    assert!(page.contains("</span>Afficher &#60;b&#62; ?</p>") && page.contains(">\n</textarea>"), "{page}");
    assert!(page.contains("<pre tabindex=\"0\"><code><span class=\"hl-b\">print</span>(<span class=\"hl-s\">&#34;é&#34;</span>) <span class=\"hl-c\"># &#60;b&#62;</span></code></pre>"), "{page}");
    assert!(page.contains("<p>on <strong>affiche</strong> <code>é</code>.</p>"), "{page}");
    assert!(page.contains("49&nbsp;/&nbsp;50") && !page.contains("id=\"simulated\""), "{page}");
}

#[test]
fn the_answer_of_a_mock_is_marked_as_simulated() {
    let simulated = || network([Ok(response(200, &[("x-atelier-simulated", "true")], ANSWER))]);
    assert_eq!(body(&handle(&simulated(), &json_question("a")))["simulated"], true);
    assert!(page(&handle(&simulated(), &form_question("message=a"))).contains("aucune IA n’a répondu"));
}

#[test]
fn a_fixed_sentence_replaces_missing_code_and_a_missing_explanation() {
    let reply = handle(&answering("```python\nx = 1\n```"), &json_question("a"));
    assert_eq!(body(&reply)["explanation"], "Aucune explication disponible.");
    let mut english = json_question("a");
    english.context.lang = Lang::En;
    assert_eq!(
        body(&handle(&answering("```python\nx\n```"), &english))["explanation"],
        "No explanation available."
    );
    let page = page(&handle(&answering("Je ne sais pas."), &form_question("message=a")));
    assert!(
        page.contains("Cette réponse ne contient pas de code.")
            && !page.contains("data-part=\"code\"")
            && page.contains("<p>Je ne sais pas.</p>"),
        "{page}"
    );
}

#[test]
fn no_text_of_a_model_becomes_markup() {
    let hostile = "```python\n</code></pre></textarea><script>alert(1)</script>\n```\n\n**Explication :**\n\
        <script>alert(2)</script>\n\n<img src=x onerror=alert(3)> [x](javascript:alert(4)) ![y](https://evil.example/p.png)\n\n\
        [z](https://evil.example/\"onmouseover=\"alert(5))\n\n```\"><script>\n<script>alert(6)</script>\n```";
    let page =
        page(&handle(&answering(hostile), &form_question("message=%3C%2Ftextarea%3E%3Cscript%3Ealert(7)")));
    // Two scripts are ours.
    assert_eq!(page.matches("<script").count(), 2, "{page}");
    assert_eq!(page.matches("</textarea>").count(), 1, "{page}");
    assert!(
        !page.contains("<img") && !page.contains("href=\"javascript") && !page.contains("\"onmouseover"),
        "{page}"
    );
    // The text is complete, except the addresses of refused links.
    let text: String =
        page.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    for number in [1, 2, 3, 6, 7] {
        assert!(text.contains(&format!("alert({number})")), "alert({number}): {text}");
    }
}

#[test]
fn blocks_beside_the_code_are_shown_too() {
    let text = "```bash\npip install rich\n```\n```python\nx = 1\n```\n**Explication :** a\n\nEn `console` :\n```text\n1\n```";
    let page = page(&handle(&answering(text), &form_question("message=a")));
    assert!(page.contains("<small>(bash)</small>") && page.contains("pip install rich"), "{page}");
    assert_eq!(page.matches("<pre").count(), 3, "{page}");
}
