//! What only llm and ocr may ask, between the pods. The gateway does not route it; the service key keeps out
//! whoever reaches it all the same. Reads who calls and what the JSON says; decides nothing.

use http::StatusCode;
use serde_json::{Map, Value};
use web::{Problem, Request, Text};

use crate::{error::AuthError, service::Service, settings::ServiceKey, ticket::Ticket};

/// What is wrong with one field.
pub(crate) type FieldProblem = (&'static str, Text);

/// The most that one request may take: far above any page limit, far below any overflow.
const AMOUNT_MAX: i64 = 10_000;

/// Whether one of our services calls; asked first, so that a stranger learns nothing.
pub(crate) fn check_key(request: &Request, key: &ServiceKey) -> Result<(), AuthError> {
    if !key.is_set() {
        return Err(Problem::not_configured("service_key").into());
    }
    let mut given = request.headers.get_all("x-service-key").iter();
    match (given.next(), given.next()) {
        (Some(given), None) if key.is(given.as_bytes()) => Ok(()),
        _ => Err(AuthError::WrongServiceKey),
    }
}

/// The JSON object that a service sent. Names it does not know are ignored: an older auth serves a newer caller.
pub(crate) struct Body(Map<String, Value>);

impl Body {
    pub(crate) fn parse(request: &Request) -> Result<Self, AuthError> {
        if request.content_type().as_deref() != Some("application/json") {
            let text = Text::new("Envoyez du JSON (application/json).", "Send JSON (application/json).");
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text);
            return Err(problem.into());
        }
        let Ok(Value::Object(body)) = serde_json::from_slice(&request.body) else {
            let text = Text::new("Le corps n’est pas un objet JSON.", "The body is no JSON object.");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_body", text).into());
        };
        Ok(Self(body))
    }

    pub(crate) fn service(&self) -> Result<Service, FieldProblem> {
        let service = self.0.get("service").and_then(Value::as_str).and_then(Service::parse);
        service.ok_or(("service", Text::new("« llm » ou « ocr ».", "“llm” or “ocr”.")))
    }

    pub(crate) fn amount(&self) -> Result<i64, FieldProblem> {
        let amount = self.0.get("amount").and_then(Value::as_i64);
        amount.filter(|amount| (1..=AMOUNT_MAX).contains(amount)).ok_or_else(|| {
            ("amount", Text::owned(format!("1 à {AMOUNT_MAX}."), format!("1 to {AMOUNT_MAX}.")))
        })
    }

    pub(crate) fn ticket(&self) -> Result<Ticket, FieldProblem> {
        let ticket = self.0.get("ticket").and_then(Value::as_str).and_then(Ticket::parse);
        ticket.ok_or(("ticket", Text::new("Ce que « spend » a donné.", "What “spend” gave.")))
    }

    pub(crate) fn ticket_if_any(&self) -> Result<Option<Ticket>, FieldProblem> {
        if self.0.contains_key("ticket") { self.ticket().map(Some) } else { Ok(None) }
    }

    /// A SHA-256 in hexadecimal.
    pub(crate) fn hash(&self, name: &'static str) -> Result<[u8; 32], FieldProblem> {
        let hash = self.0.get(name).and_then(Value::as_str).and_then(|text| hex::decode(text).ok());
        let wrong = || (name, Text::new("64 chiffres hexadécimaux.", "64 hexadecimal digits."));
        hash.and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)
    }

    /// Both hashes of an idempotency key, or neither.
    pub(crate) fn hashes_if_any(&self) -> Result<Option<[[u8; 32]; 2]>, FieldProblem> {
        if !self.0.contains_key("key_hash") && !self.0.contains_key("request_hash") {
            return Ok(None);
        }
        Ok(Some([self.hash("key_hash")?, self.hash("request_hash")?]))
    }

    /// What is to be kept for whoever asks again.
    pub(crate) fn answer_if_any(&self) -> Result<Option<&str>, FieldProblem> {
        let Some(given) = self.0.get("answer") else { return Ok(None) };
        given.as_str().map(Some).ok_or(("answer", Text::new("Un texte.", "A text.")))
    }

    /// A yes or no; no when it is not said.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, FieldProblem> {
        let Some(given) = self.0.get(name) else { return Ok(false) };
        given.as_bool().ok_or((name, Text::new("Vrai ou faux.", "True or false.")))
    }
}

/// All that is wrong, for one reply.
pub(crate) fn invalid(problems: impl IntoIterator<Item = Option<FieldProblem>>) -> AuthError {
    AuthError::Invalid(problems.into_iter().flatten().collect())
}
