//! What the user sees, as a page and as JSON.

use askama::Template;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;
use session::{Denied, User};
use web::assets::Asset;
use web::{Lang, Layout, Problem, Reply, Request};

use crate::answer::{Answer, Place};
use crate::ask::Asked;
use crate::error::Failure;
use crate::markdown::{self, CodeBlock, Piece};
use crate::question::QUESTION_CHARS_MAX;
use crate::webhook::TOTAL_MAX;

/// What only this component's pages show.
pub const ASSETS: [Asset; 2] = [STYLE, SCRIPT];
const STYLE: Asset = Asset::new("llm", "css", "text/css; charset=utf-8", include_bytes!("../assets/llm.css"));
const SCRIPT: Asset =
    Asset::new("llm", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/llm.js"));

/// On a reply that repeats an answer of before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The form, with an answer or a problem under it.
#[derive(Template)]
#[template(path = "llm.html")]
struct AskPage<'a> {
    layout: Layout,
    user: &'a User,
    /// Makes a double click one question.
    form_key: &'a str,
    /// What was typed, kept so that nobody types it twice.
    question: &'a str,
    problem: Option<&'a Problem>,
    answer: Option<AnswerView>,
}

/// Who looks at a page, and the key of the form that it shows.
#[derive(Debug)]
pub struct Visit<'a> {
    pub request: &'a Request,
    pub user: &'a User,
    pub form_key: String,
}

/// An answer, ready for the template.
struct AnswerView {
    /// Empty when the answer holds no code.
    code: CodeBlock,
    /// Blocks that are neither the code nor in the explanation.
    others: Vec<CodeBlock>,
    explanation: Vec<Piece>,
    simulated: bool,
    left: u32,
    limit: u32,
}

impl AskPage<'_> {
    fn style(&self) -> String {
        STYLE.href("/llm")
    }

    fn script(&self) -> String {
        SCRIPT.href("/llm")
    }

    const fn chars_max(&self) -> usize {
        QUESTION_CHARS_MAX
    }

    const fn seconds_max(&self) -> u64 {
        TOTAL_MAX.as_secs()
    }
}

/// The page with an empty form.
#[must_use]
pub fn form(visit: &Visit<'_>) -> Reply {
    show(visit, "", None, None)
}

/// The answer, as the client asked for it.
#[must_use]
pub fn answered(visit: &Visit<'_>, asked: &Asked) -> Reply {
    let reply = answer(visit, asked);
    if asked.replayed { reply.with(REPLAYED, HeaderValue::from_static("true")) } else { reply }
}

fn answer(visit: &Visit<'_>, asked: &Asked) -> Reply {
    let request = visit.request;
    let lang = request.lang();
    let answer = &asked.answered.answer;
    if request.wants_json() {
        let block = |block: &crate::answer::Block| json!({ "language": block.language, "code": block.code });
        return Reply::json(
            StatusCode::OK,
            &json!({
                "code": answer.code,
                "explanation": explanation_or_default(answer, lang),
                "blocks": answer.blocks.iter().map(block).collect::<Vec<_>>(),
                "simulated": asked.answered.simulated,
                "left": asked.quota.left,
                "request_id": request.context.request_id.as_str(),
            }),
        );
    }
    let code = answer.blocks.iter().find(|block| block.place == Place::Code);
    let view = AnswerView {
        code: CodeBlock {
            // A block that was chosen for want of a tag is shown as Python: that is what was asked for.
            language: code
                .map(|block| block.language.clone())
                .filter(|tag| !tag.is_empty())
                .unwrap_or("python".into()),
            code: answer.code.clone(),
        },
        others: (answer.blocks.iter())
            .filter(|block| block.place == Place::Elsewhere && !block.code.is_empty())
            .map(|block| CodeBlock { language: block.language.clone(), code: block.code.clone() })
            .collect(),
        explanation: markdown::pieces(explanation_or_default(answer, lang)),
        simulated: asked.answered.simulated,
        left: asked.quota.left,
        limit: asked.quota.limit,
    };
    show(visit, asked.question.as_str(), None, Some(view))
}

/// A failure to answer somebody who is signed in: JSON, or the form again with what was typed.
#[must_use]
pub fn failed(visit: &Visit<'_>, typed: &str, failure: &Failure) -> Reply {
    let problem = failure.problem();
    if visit.request.wants_json() || *failure == Failure::Denied(Denied::SignedOut) {
        return turned_away(visit.request, failure);
    }
    show(visit, typed, Some(&problem), None)
}

/// A failure before we know who is asking: JSON, or a page of its own. Browsers are sent to sign in.
#[must_use]
pub fn turned_away(request: &Request, failure: &Failure) -> Reply {
    match failure {
        Failure::Denied(Denied::SignedOut) if !request.wants_json() => Reply::see_other("/auth?next=/llm"),
        Failure::Denied(denied) => denied.reply(request),
        other => other.problem().reply(request),
    }
}

fn show(visit: &Visit<'_>, question: &str, problem: Option<&Problem>, answer: Option<AnswerView>) -> Reply {
    let Visit { request, user, form_key } = visit;
    let layout = Layout { path: "/llm".to_owned(), ..Layout::for_user(request, &user.name) };
    let page = AskPage { layout, user, form_key, question, problem, answer };
    let reply = Reply::html(StatusCode::OK, &page);
    match problem {
        Some(problem) => problem.dress(reply),
        None => reply,
    }
}

/// The original's words for an answer without explanation.
fn explanation_or_default(answer: &Answer, lang: Lang) -> &str {
    if answer.explanation.is_empty() {
        return lang.pick("Aucune explication disponible.", "No explanation available.");
    }
    &answer.explanation
}
