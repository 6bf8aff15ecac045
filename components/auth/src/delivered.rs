//! What was spent for has arrived. The one small call after each answer: it ends a row of failures, closes the
//! breaker when the answer is a probe's, and keeps the answer for a request that is sent again.

use web::{Reply, Request};

use crate::{
    app::AppContext,
    error::AuthError,
    service_call::{self, Body},
    store::Store,
};

/// `POST /auth/internal/delivered` with `{"service":…,"ticket":…}` and the `answer` if it is to be kept: 204. Needs no
/// session: the user may have signed out while the answer was on its way.
pub async fn delivered<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let noted = async {
        service_call::check_key(request, &app.settings.service_key)?;
        let body = Body::parse(request)?;
        let (service, ticket, answer) = match (body.service(), body.ticket(), body.answer_if_any()) {
            (Ok(service), Ok(ticket), Ok(answer)) => (service, ticket, answer),
            (service, ticket, answer) => {
                return Err(service_call::invalid([service.err(), ticket.err(), answer.err()]));
            }
        };
        match answer {
            Some(answer) => app.store.keep_answer(&ticket, answer, request.now).await?,
            None => app.store.free_key(&ticket).await?,
        }
        app.store.upstream_answered(service, &ticket).await?;
        Ok::<_, AuthError>(Reply::no_content())
    };
    noted.await.unwrap_or_else(|error| error.problem().reply(request))
}
