//! A failure as the client receives it: a page, or `application/problem+json` (RFC 9457) with the additional key
//! `error`, which the clients of the original read.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{Lang, Layout, Reply, Request, Text};

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    pub field: &'static str,
    pub text: Text,
}

/// A failure with a fixed sentence for the user. The cause goes to the log and nowhere else.
///
/// Boxed, because it is the `Err` of most functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: Text,
    retry_after_seconds: Option<u32>,
    fields: Vec<FieldProblem>,
    extra: Vec<(&'static str, serde_json::Value)>,
    cause: Option<String>,
}

impl Problem {
    /// `code` is stable and for programs; `detail` says what happened and what to do next.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: Text) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail,
            retry_after_seconds: None,
            fields: Vec::new(),
            extra: Vec::new(),
            cause: None,
        }))
    }

    /// 404 for a path that no page has.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            Text::new(
                "Cette page n’existe pas. Vérifiez l’adresse ou revenez à l’accueil.",
                "This page does not exist. Check the address or go back home.",
            ),
        )
    }

    /// 405 (RFC 9110 §15.5.6).
    #[must_use]
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            Text::new(
                "Cette page ne s’ouvre pas de cette façon. Revenez à l’accueil et recommencez.",
                "This page cannot be opened this way. Go back home and try again.",
            ),
        )
    }

    /// 413; the limit is given as text in French and in English (`50 Mo`, `50 MB`).
    #[must_use]
    pub fn too_large(limit_fr: &str, limit_en: &str) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            Text::owned(
                format!(
                    "L’envoi est trop volumineux : {limit_fr} au maximum. Réduisez-le, puis recommencez."
                ),
                format!("This is too large: {limit_en} at most. Make it smaller, then try again."),
            ),
        )
    }

    /// 503 for a variable that the operator has not set; its name is shown, its value never.
    #[must_use]
    pub fn not_configured(variable: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_configured",
            Text::owned(
                format!(
                    "Ce service n’est pas encore configuré : la variable « {variable} » manque. Prévenez l’administrateur."
                ),
                format!(
                    "This service is not configured yet: the variable “{variable}” is missing. Tell the administrator."
                ),
            ),
        )
    }

    /// Adds `Retry-After` in seconds (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// Adds a sentence to the detail.
    #[must_use]
    pub fn continued(mut self, sentence: &Text) -> Self {
        self.0.detail = self.0.detail.followed_by(sentence);
        self
    }

    /// Adds what is wrong with one field.
    #[must_use]
    pub fn field(mut self, field: &'static str, text: Text) -> Self {
        self.0.fields.push(FieldProblem { field, text });
        self
    }

    /// The same problem in other words, for a tool that can say more precisely what happened.
    #[must_use]
    pub fn reworded(mut self, detail: Text) -> Self {
        self.0.detail = detail;
        self
    }

    /// Adds a member to the JSON form.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.0.extra.push((name, value.into()));
        self
    }

    /// Notes the cause for the log; the user never sees it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    #[must_use]
    pub fn detail(&self, lang: Lang) -> String {
        self.0.detail.get(lang)
    }

    #[must_use]
    pub fn fields(&self) -> &[FieldProblem] {
        &self.0.fields
    }

    /// The problem as `application/problem+json`'s object.
    #[must_use]
    pub fn to_json(&self, request: &Request) -> serde_json::Value {
        let lang = request.lang();
        let mut object = json!({
            "type": "about:blank",
            "title": self.0.status.canonical_reason().unwrap_or("Error"),
            "status": self.0.status.as_u16(),
            "detail": self.detail(lang),
            "code": self.0.code,
            "error": self.detail(lang),
            "request_id": request.context.request_id.as_str(),
        });
        if let Some(members) = object.as_object_mut() {
            let mut fields = serde_json::Map::new();
            for problem in self.fields() {
                fields.insert(problem.field.to_owned(), problem.text.get(lang).into());
            }
            if !fields.is_empty() {
                members.insert("fields".to_owned(), fields.into());
            }
            for (name, value) in &self.0.extra {
                members.insert((*name).to_owned(), value.clone());
            }
        }
        object
    }

    /// The reply: JSON for a client that prefers it, else a page with links to continue.
    #[must_use]
    pub fn reply(&self, request: &Request) -> Reply {
        let reply = if request.prefers_json() {
            Reply::new(self.0.status, "application/problem+json", crate::json_text(&self.to_json(request)))
        } else {
            Reply::html(self.0.status, &ProblemPage { layout: Layout::new(request), problem: self })
        };
        self.apply_to(reply)
    }

    /// Sets the status, `Retry-After` and cause of a page that shows this problem in its own way.
    #[must_use]
    pub fn apply_to(&self, mut reply: Reply) -> Reply {
        reply.status = self.0.status;
        if let Some(seconds) = self.0.retry_after_seconds {
            reply.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if reply.cause.is_none() {
            reply.cause.clone_from(&self.0.cause);
        }
        reply
    }

    fn signed_out(&self) -> bool {
        self.0.status == StatusCode::UNAUTHORIZED
    }

    /// The heading of the page.
    fn title(&self) -> Text {
        match self.0.status {
            StatusCode::NOT_FOUND => Text::new("Page introuvable", "Page not found"),
            StatusCode::UNAUTHORIZED => Text::new("Connexion requise", "Sign-in required"),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::FORBIDDEN => {
                Text::new("Action impossible", "This is not possible")
            }
            StatusCode::TOO_MANY_REQUESTS => Text::new("Limite atteinte", "Limit reached"),
            _ => Text::new("Un problème est survenu", "Something went wrong"),
        }
    }

    /// Where a signed-out user signs in; a page leads back to itself.
    fn sign_in(&self, layout: &Layout) -> String {
        match layout.path.as_str() {
            path @ ("/account" | "/llm" | "/ocr") => format!("/auth?next={path}"),
            _ => "/auth".to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    layout: Layout,
    problem: &'a Problem,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> Problem {
        let detail = Text::new("Quota épuisé. Revenez demain.", "Quota used up. Come back tomorrow.");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota", detail)
            .retry_after(60)
            .with("left", 0)
            .because("db row 7")
    }

    #[test]
    fn a_program_gets_problem_json_with_the_originals_error_key() {
        let reply = quota().reply(&Request::test("POST", "/send").with("accept", "application/json"));
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.headers["retry-after"], "60");
        let body: serde_json::Value = serde_json::from_slice(reply.body.whole().unwrap()).unwrap();
        assert_eq!(body["error"], "Quota épuisé. Revenez demain.");
        assert_eq!(body["code"], "quota");
        assert_eq!(body["left"], 0);
        assert!(!body.to_string().contains("db row 7"), "the cause is for the log only");
        assert_eq!(reply.cause.as_deref(), Some("db row 7"));
    }

    #[test]
    fn a_browser_gets_a_page_in_its_language() {
        let mut request = Request::test("GET", "/llm").with("accept", "text/html");
        request.context.lang = Lang::En;
        let page = String::from_utf8(quota().reply(&request).body.whole().unwrap().to_vec()).unwrap();
        assert!(
            page.contains("Quota used up") && page.contains("lang=\"en\"") && !page.contains("db row 7"),
            "{page}"
        );
    }

    #[test]
    fn the_problem_of_a_field_is_given_under_its_name() {
        let problem = Problem::not_found().field("username", Text::new("Trop long", "Too long"));
        let body = problem.to_json(&Request::test("POST", "/register"));
        assert_eq!(body["fields"]["username"], "Trop long");
    }
}
