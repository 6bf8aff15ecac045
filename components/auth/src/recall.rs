//! Whether a request that is sent again has its answer by now. Takes nothing and claims nothing, so it can be
//! asked every second while the first one runs.

use web::{Reply, Request};

use crate::{
    app::AppContext,
    authentication,
    error::AuthError,
    idempotency::{Found, RequestKey},
    quota,
    service_call::{self, Body},
    store::Store,
};

/// `POST /auth/internal/recall` with `{"service":…,"key_hash":…,"request_hash":…}`: 200 with the answer, 409 while the
/// first request runs, 404 when there is none: it failed, or it was too long ago.
pub async fn recall<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let recalled = async {
        service_call::check_key(request, &app.settings.service_key)?;
        let session = authentication::require_session(request, app).await?;
        let body = Body::parse(request)?;
        let (service, key_hash, request_hash) =
            match (body.service(), body.hash("key_hash"), body.hash("request_hash")) {
                (Ok(service), Ok(key), Ok(asked)) => (service, key, asked),
                (service, key, asked) => {
                    return Err(service_call::invalid([service.err(), key.err(), asked.err()]));
                }
            };
        let key = RequestKey { user: &session.user_id, service, key_hash, request_hash };
        match app.store.recall(&key, request.now).await? {
            Found::Answered(answer) => quota::answered_before(request, app, &key, &answer).await,
            Found::Running => Err(AuthError::StillRunning),
            Found::AnotherRequest => Err(AuthError::KeyReused),
            Found::Nothing => Err(AuthError::NothingKept),
        }
    };
    recalled.await.unwrap_or_else(|error| error.problem().reply(request))
}
