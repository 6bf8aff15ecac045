//! Readiness, for Kubernetes, `xtask` and operators; always JSON.

use http::StatusCode;
use serde_json::json;
use web::{Reply, Request};

use crate::{app::AppContext, error::AuthError, store::Store};

/// `GET /auth/readyz`: 200 when the database answers and its schema is current (missing migrations are applied), else
/// 503 whose `code` names the cause.
pub async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let ready = async {
        app.store.make_ready().await?;
        // Kubernetes calls this every few seconds, so stored responses are deleted in time also without other requests.
        app.store.purge_reservations(request.now).await
    };
    match ready.await {
        Ok(()) => Reply::json(StatusCode::OK, &json!({ "status": "ready", "database": "current" })),
        Err(error) => {
            let problem = AuthError::from(error).problem();
            let body = problem.to_json(request).to_string();
            let mut reply = problem.apply_to(Reply::new(problem.status(), "application/problem+json", body));
            // Any failure of the database means not ready, also one that is a 500 elsewhere.
            reply.status = StatusCode::SERVICE_UNAVAILABLE;
            reply
        }
    }
}
