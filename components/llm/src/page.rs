//! The replies, as a page and as JSON.

use std::borrow::Cow;

use askama::Template;
use auth_api::{Denied, Quota, Refund, User};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use web::assets::Asset;
use web::{
    ContentSecurityPolicy, Fields, Lang, Layout, Problem, Reply, Request, Text, event_stream, preferred,
};

use crate::answer::{self, Answer, Block, Place};
use crate::conversation::{self, Conversation};
use crate::error::Failure;
use crate::markdown::{self, CodeBlock, Piece};
use crate::mode::{self, Mode};
use crate::model_answer::{Cut, ModelAnswer};
use crate::provider::Recipient;
use crate::python::{RUN, RUN_STYLE, WORKER};
use crate::question::{QUESTION_CHARS_MAX, Question};
use crate::route::PREFIX;

/// The assets of this component alone.
pub(crate) const ASSETS: [Asset; 7] = [STYLE, ANSWER_STYLE, SCRIPT, STREAM, RUN, RUN_STYLE, WORKER];
const ANSWER_STYLE: Asset =
    web::text_asset!("answer", "css", "text/css; charset=utf-8", include_bytes!("../assets/answer.css"));
const STREAM: Asset =
    web::text_asset!("stream", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/stream.js"));
const STYLE: Asset =
    web::text_asset!("llm", "css", "text/css; charset=utf-8", include_bytes!("../assets/llm.css"));
const SCRIPT: Asset =
    web::text_asset!("llm", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/llm.js"));

/// Marks a reply that repeats an earlier answer.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The form, and an answer or a problem below it.
#[derive(Template)]
#[template(path = "llm.html")]
struct AskPage<'a> {
    layout: Layout,
    /// Empty when the session has ended.
    user_id: &'a str,
    form: &'a Form,
    /// What the form contains.
    entered: &'a Entered,
    problem: Option<&'a Problem>,
    /// What is left today, where no answer says it.
    quota: Option<Quota>,
    answer: Option<AnswerView<'a>>,
}

impl AskPage<'_> {
    /// What is wrong with the question, shown beside it.
    fn field_error(&self) -> Option<String> {
        self.problem?.fields().first().map(|field| field.text.get(self.layout.lang))
    }

    /// Any other problem, shown above the form.
    fn notice(&self) -> Option<String> {
        let problem = self.problem.filter(|problem| problem.fields().is_empty())?;
        Some(problem.detail(self.layout.lang))
    }

    fn is_signed_out(&self) -> bool {
        self.problem.is_some_and(|problem| problem.status() == StatusCode::UNAUTHORIZED)
    }

    fn is_server_error(&self) -> bool {
        self.problem.is_some_and(|problem| problem.status().is_server_error())
    }

    /// Where the question goes.
    fn recipient(&self) -> Text {
        match &self.form.recipient {
            Recipient::Make => {
                Text::new("à Make.com et à son fournisseur d’IA", "to Make.com and its AI provider")
            }
            Recipient::Host(host) => Text::owned(format!("à {host}"), format!("to {host}")),
            Recipient::Operator => Text::new(
                "à un serveur d’IA géré par l’administrateur",
                "to an AI server run by the administrator",
            ),
        }
    }

    /// Questions to start with.
    fn examples(&self) -> [String; 3] {
        EXAMPLES.map(|(fr, en)| self.layout.lang.pick(fr, en).to_string())
    }
}

const EXAMPLES: [(&str, &str); 3] = [
    ("Comment lire un fichier CSV ligne par ligne ?", "How do I read a CSV file line by line?"),
    ("Explique-moi la récursivité avec un exemple.", "Explain recursion to me with an example."),
    ("Pourquoi « list index out of range » ?", "Why do I get “list index out of range”?"),
];

/// The form, whoever sees it.
#[derive(Clone)]
pub(crate) struct Form {
    /// The idempotency key: a double click is one question.
    pub(crate) key: String,
    /// Whether the operator offers the modes of a tutor.
    pub(crate) offers_modes: bool,
    /// Where a question goes.
    pub(crate) recipient: Recipient,
    /// Whether an answer can be read while it is written, and cancelling stops it.
    pub(crate) streams: bool,
    /// Whether Python is there for the browser, so that the script offers to run the code of an answer.
    pub(crate) runs_python: bool,
}

/// What every page needs: the request, its user, and the form.
pub(crate) struct PageContext {
    pub(crate) request: Request,
    pub(crate) user: User,
    pub(crate) form: Form,
    pub(crate) entered: Entered,
}

/// What the form was sent with, for the form of the reply.
#[derive(Default)]
pub(crate) struct Entered {
    question: String,
    pub(crate) conversation: Conversation,
    /// The client follows a conversation, perhaps an empty one.
    in_conversation: bool,
    mode: Mode,
}

impl Entered {
    pub(crate) fn read(fields: &Fields, offers_modes: bool) -> Self {
        let conversation = fields.get(conversation::FIELD);
        Self {
            question: fields.get("message").unwrap_or_default().to_owned(),
            conversation: Conversation::parse(conversation),
            in_conversation: conversation.is_some(),
            mode: Mode::parse(fields.get(mode::FIELD), offers_modes).unwrap_or_default(),
        }
    }
}

/// A question and its answer.
pub(crate) struct AnswerOutcome {
    pub(crate) question: Question,
    pub(crate) answer: ModelAnswer,
    pub(crate) quota: Quota,
    /// It is the stored response of an earlier request with the same idempotency key.
    pub(crate) replayed: bool,
    pub(crate) settled: Settled,
}

/// What auth did with the settlement; if that is not known, the cause, for the log.
pub(crate) type Settled = Result<Refund, String>;

impl AnswerOutcome {
    /// What is left, with the question that was given back.
    fn quota(&self) -> Quota {
        let Quota { left, limit } = self.quota;
        Quota { left: (left + u32::from(self.is_refunded())).min(limit), limit }
    }

    fn is_refunded(&self) -> bool {
        matches!(self.answer.cut, Some(Cut::Failure(_))) && self.settled == Ok(Refund::AsAsked)
    }

    /// Why the answer has no end.
    fn notice(&self) -> Option<Text> {
        let notice = match self.answer.cut.as_ref()? {
            Cut::Length => Text::new(
                "Réponse incomplète : elle a atteint la longueur maximale. Demandez la suite.",
                "Incomplete answer: it reached the maximum length. Ask for the rest.",
            ),
            Cut::Filter => Text::new(
                "Réponse incomplète : le filtre du fournisseur d’IA l’a interrompue. Reformulez votre question.",
                "Incomplete answer: the AI provider’s filter interrupted it. Rephrase your question.",
            ),
            Cut::Failure(_) if self.is_refunded() => Text::new(
                "Réponse incomplète : l’assistant a été interrompu. Reposez votre question : celle-ci n’est pas décomptée de votre quota.",
                "Incomplete answer: the assistant was interrupted. Ask your question again: this one does not count against your quota.",
            ),
            Cut::Failure(_) => Text::new(
                "Réponse incomplète : l’assistant a été interrompu. Reposez votre question.",
                "Incomplete answer: the assistant was interrupted. Ask your question again.",
            ),
        };
        Some(notice)
    }

    /// For the log: what went wrong although there is an answer.
    fn cause(&self) -> Option<String> {
        let cut = match &self.answer.cut {
            Some(Cut::Failure(error)) => Some(format!("answer cut: {}", error.cause())),
            Some(cut) => Some(format!("answer cut: {cut:?}")),
            None => None,
        };
        let settlement = self.settled.as_ref().err();
        let settlement = settlement.map(|cause| format!("answered; settlement failed: {cause}"));
        let causes: Vec<String> = cut.into_iter().chain(settlement).collect();
        (!causes.is_empty()).then(|| causes.join("; "))
    }
}

/// An answer for the template.
struct AnswerView<'a> {
    question: &'a str,
    /// The conversation that the question followed, to ask it again.
    earlier: &'a str,
    /// Empty when the answer contains no code.
    code: CodeBlock,
    /// The blocks that are neither the code nor part of the explanation.
    others: Vec<CodeBlock>,
    explanation: Vec<Piece>,
    simulated: bool,
    /// Why the answer has no end.
    notice: Option<String>,
    /// `None` for the answer before, which the page repeats when this question got none.
    quota: Option<Quota>,
}

impl<'a> AnswerView<'a> {
    fn new(outcome: &'a AnswerOutcome, earlier: &'a Conversation, lang: Lang) -> Self {
        Self {
            earlier: earlier.as_str(),
            simulated: outcome.answer.simulated,
            notice: outcome.notice().map(|notice| notice.get(lang)),
            quota: Some(outcome.quota()),
            ..Self::of(outcome.question.as_str(), &outcome.answer.parsed, lang)
        }
    }

    /// The last answer of a conversation, as far as the conversation keeps it.
    fn previous(conversation: &'a Conversation, lang: Lang) -> Option<Self> {
        let (question, answer) = conversation.exchanges().last()?;
        Some(Self::of(question, &answer::parse(answer), lang))
    }

    fn of(question: &'a str, answer: &Answer, lang: Lang) -> Self {
        let Answer { code, blocks, .. } = answer;
        let tag = blocks.iter().find(|block| block.place == Place::Code).map(|block| block.language.as_str());
        Self {
            question,
            earlier: "",
            // A block without a tag is shown as Python, because the question was about Python.
            code: CodeBlock::new(tag.filter(|tag| !tag.is_empty()).unwrap_or("python"), code),
            others: (blocks.iter())
                .filter(|block| block.place == Place::Elsewhere && !block.code.is_empty())
                .map(|block| CodeBlock::new(&block.language, &block.code))
                .collect(),
            explanation: markdown::pieces(&explanation_or_default(answer, lang)),
            simulated: false,
            notice: None,
            quota: None,
        }
    }
}

/// The page with an empty form.
#[must_use]
pub(crate) fn form(context: &PageContext, quota: Option<Quota>) -> Reply {
    rendered(&AskPage { quota, ..page(context, &Entered::default()) })
}

/// The answer, as JSON or as the page with the form.
#[must_use]
pub(crate) fn answered(context: &PageContext, outcome: &AnswerOutcome) -> Reply {
    let PageContext { request, entered, .. } = context;
    let continued = || entered.conversation.followed_by(&outcome.question, &outcome.answer.parsed);
    let mut reply = if request.prefers_json() {
        let conversation = entered.in_conversation.then(continued);
        Reply::json(StatusCode::OK, &json_answer(request, outcome, conversation.as_ref()))
    } else {
        // Ready for the next question.
        let next = Entered { conversation: continued(), mode: entered.mode, ..Entered::default() };
        let answer = AnswerView::new(outcome, &entered.conversation, request.lang());
        rendered(&AskPage { answer: Some(answer), ..page(context, &next) })
    };
    reply.cause = outcome.cause();
    if outcome.replayed { reply.with(REPLAYED, HeaderValue::from_static("true")) } else { reply }
}

/// A failure for a signed-in user: JSON, or the form with the text that was typed.
#[must_use]
pub(crate) fn failed(context: &PageContext, failure: &Failure) -> Reply {
    let request = &context.request;
    match failure {
        Failure::Denied(Denied::SignedOut) => unauthorized(request, &Denied::SignedOut, &context.form),
        _ if request.prefers_json() => failure.problem().reply(request),
        _ => {
            let problem = failure.problem();
            let answer = AnswerView::previous(&context.entered.conversation, request.lang());
            let page = AskPage { problem: Some(&problem), answer, ..page(context, &context.entered) };
            problem.apply_to(rendered(&page))
        }
    }
}

/// A failure before the user is known: JSON, or a page of its own. Without a session a client that wants a page is
/// redirected to the sign-in form; but a browser that sends a question gets it back, to send it again after signing in.
#[must_use]
pub(crate) fn unauthorized(request: &Request, denied: &Denied, form: &Form) -> Reply {
    if *denied != Denied::SignedOut || request.prefers_json() {
        return denied.reply(request);
    }
    match Fields::parse(request) {
        Ok(fields) if !request.is_get() && request.is_from_browser() => {
            let problem = denied.problem();
            let entered = Entered::read(&fields, form.offers_modes);
            let page = AskPage {
                layout: Layout::new(request).at(PREFIX),
                user_id: "",
                form,
                entered: &entered,
                problem: Some(&problem),
                quota: None,
                answer: AnswerView::previous(&entered.conversation, request.lang()),
            };
            let challenge = HeaderValue::from_static("Session realm=\"atelier\"");
            problem.apply_to(rendered(&page)).with(header::WWW_AUTHENTICATE, challenge)
        }
        _ => Reply::see_other("/auth?next=/llm"),
    }
}

/// `conversation`: for a client that follows one.
fn json_answer(
    request: &Request,
    outcome: &AnswerOutcome,
    conversation: Option<&Conversation>,
) -> serde_json::Value {
    let Answer { code, blocks, .. } = &outcome.answer.parsed;
    let block = |block: &Block| json!({ "language": block.language, "code": block.code });
    let mut answer = json!({
        "code": code,
        "explanation": explanation_or_default(&outcome.answer.parsed, request.lang()).as_ref(),
        "blocks": blocks.iter().map(block).collect::<Vec<_>>(),
        "simulated": outcome.answer.simulated,
        "complete": outcome.answer.cut.is_none(),
        "left": outcome.quota().left,
        "request_id": request.context.request_id.as_str(),
    });
    if let Some(answer) = answer.as_object_mut() {
        if let Some(conversation) = conversation {
            answer.insert(conversation::FIELD.to_owned(), conversation.as_str().into());
        }
        if let Some(notice) = outcome.notice() {
            answer.insert("notice".to_owned(), notice.get(request.lang()).into());
        }
    }
    answer
}

/// Whether a page reads the answer as events: it names them, and would get a page otherwise.
pub(crate) fn wants_events(request: &Request) -> bool {
    let offers = [("text/html", false), ("text/event-stream", true)];
    preferred(&request.headers, &offers) == Some(true) && !request.prefers_json()
}

/// The last event of a stream: the page, with an answer or with what failed. A script puts it in place of its own.
pub(crate) fn last_event(reply: &Reply) -> Bytes {
    let html = reply.body.whole().map(|body| String::from_utf8_lossy(body)).unwrap_or_default();
    event_stream::event("page", &json!({ "status": reply.status.as_u16(), "html": html }))
}

/// The form of a signed-in user, with what it contains.
fn page<'a>(context: &'a PageContext, entered: &'a Entered) -> AskPage<'a> {
    let PageContext { request, user, form, .. } = context;
    let layout = Layout::for_user(request, &user.name).at(PREFIX);
    AskPage { layout, user_id: &user.id, form, entered, problem: None, quota: None, answer: None }
}

/// The page, which may show the frame of « Exécuter ».
fn rendered(page: &AskPage<'_>) -> Reply {
    let policy = ContentSecurityPolicy { frames_own: page.form.runs_python, ..Default::default() };
    Reply::html(StatusCode::OK, page).with_policy(policy)
}

/// The explanation, or the original's sentence for an answer without one.
fn explanation_or_default(answer: &Answer, lang: Lang) -> Cow<'_, str> {
    match answer.explanation.as_str() {
        "" => lang.pick("Aucune explication disponible.", "No explanation available.").to_string().into(),
        explanation => explanation.into(),
    }
}
