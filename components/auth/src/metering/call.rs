//! A call of a tool: the service key, and JSON both ways. The gateway does not route these paths; the key refuses
//! everybody else who reaches them.

use auth_api::wire::{AMOUNT_MAX, SERVICE_KEY_HEADER};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;
use web::{Problem, Reply, Request, Text};

use crate::{error::AuthError, metering::error::MeteringError, settings::ServiceKey};

/// Refuses a call without the service key; checked first, so that a stranger learns nothing.
pub(super) fn check_key(request: &Request, key: &ServiceKey) -> Result<(), MeteringError> {
    if !key.is_set() {
        return Err(Problem::not_configured("service_key").into());
    }
    let mut given = request.headers.get_all(SERVICE_KEY_HEADER).iter();
    match (given.next(), given.next()) {
        (Some(given), None) if key.is(given.as_bytes()) => Ok(()),
        _ => Err(MeteringError::WrongServiceKey),
    }
}

/// The JSON body. Unknown names are ignored: during a rollout the caller may be newer.
pub(super) fn body<T: DeserializeOwned>(request: &Request) -> Result<T, MeteringError> {
    if request.content_type().as_deref() != Some("application/json") {
        let text = Text::new("Envoyez du JSON (application/json).", "Send JSON (application/json).");
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text);
        return Err(problem.into());
    }
    serde_json::from_slice(&request.body).map_err(|error| {
        // Without the error's own text, which may quote a value.
        let cause =
            format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
        let problem = if error.classify() == Category::Data {
            let text =
                Text::new("Le corps n’a pas la forme attendue.", "The body does not have the expected form.");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", text)
        } else {
            let text = Text::new("Le corps n’est pas un objet JSON.", "The body is no JSON object.");
            Problem::new(StatusCode::BAD_REQUEST, "malformed_body", text)
        };
        problem.because(cause).into()
    })
}

pub(super) fn check_amount(amount: u32) -> Result<(), AuthError> {
    if (1..=AMOUNT_MAX).contains(&amount) {
        return Ok(());
    }
    let text = Text::owned(format!("1 à {AMOUNT_MAX}."), format!("1 to {AMOUNT_MAX}."));
    Err(AuthError::Invalid(vec![("amount", text)]))
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    Reply::new(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}
