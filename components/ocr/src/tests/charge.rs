//! What a conversion costs.

use auth_api::Denied;
use serde_json::json;

use super::fake_gemini::Reply;
use super::fakes::*;
use super::samples::{EXAM, LATEX};
use crate::charge::TOKENS_PER_PAGE;
use crate::error::Failure;
use crate::events::Event;

fn exam() -> FakeUpload {
    upload(form("a.pdf", EXAM))
}

#[test]
fn pages_are_reserved_before_anything_is_read_and_before_a_model_is_asked() {
    let ports = FakePorts::new([]);
    ports.left.set(0);
    let denied = |left| Err(Failure::Denied(Denied::QuotaExhausted { left, retry_after_seconds: 60 }));
    assert_eq!(convert(&ports, exam()).map(|_| ()), denied(0));
    ports.left.set(2);
    assert_eq!(convert(&ports, exam()).map(|_| ()), denied(1));
    assert_eq!((ports.left.get(), ports.sent().len()), (2, 0), "the first page is given back");
}

#[test]
fn pages_that_gemini_read_beyond_our_count_are_reserved_before_more_is_delivered() {
    let stream = || Reply::stream(&[LATEX], "STOP");
    let page = TOKENS_PER_PAGE;
    let check = |tokens, charged| {
        for modality in ["DOCUMENT", "IMAGE"] {
            let ports = FakePorts::new([stream().reading(modality, tokens)]);
            assert_eq!(convert(&ports, exam()).unwrap().pages_charged, charged, "{tokens}");
            assert_eq!(ports.left.get(), 100 - charged, "{tokens}");
        }
    };
    check(3 * page, 3);
    check(4 * page - 1, 3);
    check(4 * page, 4);
    check(100 * page, 100);
    // Our count holds when Gemini read less: models before Gemini 3 take fewer tokens.
    check(page, 3);
    let ports = FakePorts::new([stream().reading("TEXT", 600 * page)]);
    assert_eq!(convert(&ports, exam()).unwrap().pages_charged, 3);
}

#[test]
fn a_document_with_more_pages_than_the_user_has_left_is_not_delivered_and_its_pages_stay_spent() {
    let ports = FakePorts::new([Reply::stream(&[LATEX], "STOP").reading("IMAGE", 600 * TOKENS_PER_PAGE)]);
    let failure = convert(&ports, exam()).err().unwrap();
    let problem = failure.problem();
    assert_eq!((problem.status().as_u16(), problem.code(), ports.left.get()), (429, "quota_exhausted", 97));
    assert!(problem.detail(web::Lang::Fr).contains("restent décomptées"));
    assert_eq!(ports.reason.get(), None, "the upstream works");
    assert!(!ports.emitted.borrow().iter().any(|event| matches!(event, Event::Latex(_))));
}

#[test]
fn an_estimate_is_settled_on_what_gemini_read() {
    let unknown = [b"%PDF-1.7\n".as_slice(), &vec![b' '; 1_500_000], b"\n%%EOF\n"].concat();
    let convert = |reply| {
        let ports = FakePorts::new([reply]);
        let conversion = convert(&ports, upload(form("a.pdf", &unknown))).unwrap();
        assert_eq!((conversion.pages, ports.left.get()), (None, 100 - conversion.pages_charged));
        conversion.pages_charged
    };
    let stream = || Reply::stream(&[LATEX], "STOP");
    assert_eq!(convert(stream()), 6);
    assert_eq!(convert(stream().reading("IMAGE", 2 * TOKENS_PER_PAGE)), 2);
    assert_eq!(convert(stream().reading("IMAGE", 9 * TOKENS_PER_PAGE)), 9);
}

#[test]
fn a_failure_that_auth_does_not_refund_says_that_the_pages_stay_spent() {
    let ports = FakePorts::new([Reply::stream(&[], "SAFETY")]);
    ports.refunds.set(false);
    let failure = convert(&ports, exam()).err().unwrap();
    let problem = failure.problem();
    assert_eq!((problem.status().as_u16(), ports.left.get(), ports.model_called.get()), (422, 97, true));
    assert!(problem.detail(web::Lang::En).contains("still count"));

    let refused = Reply::error(403, &json!({"code": 403}));
    let ports = FakePorts::new([refused]);
    ports.refunds.set(false);
    let failure = convert(&ports, exam()).err().unwrap();
    assert_eq!((failure.problem().status().as_u16(), ports.left.get()), (502, 100), "no model was called");
}
