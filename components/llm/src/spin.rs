//! The edge, and the only file that names `spin_sdk`. It reads the variables and passes the request on.

use std::sync::LazyLock;

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use web::files::Folder;
use web::spin::{HostClock, Network, random, secret_variable, serve_whole, variable};

use crate::BODY_BYTES_MAX;
use crate::app::{Ports, Random};
use crate::settings::{Settings, Variables};

/// Where spin.toml mounts Python for the browser.
static PYTHON: LazyLock<Folder> = LazyLock::new(|| Folder::new("/pyodide"));

#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    serve_whole(
        "llm",
        |_| BODY_BYTES_MAX,
        request,
        async |request| {
            let ports = Ports { outbound: Network, clock: HostClock, python: PYTHON.clone() };
            crate::handle(request, ports, settings().await, Random::from_bytes(random())).await
        },
    )
    .await
}

async fn settings() -> Settings {
    Settings::parse(Variables {
        auth_url: variable("auth_url").await,
        service_key: secret_variable("service_key").await,
        webhook_url: secret_variable("webhook_url").await,
        webhook_api_key: secret_variable("webhook_api_key").await,
        llm_openai_origin: variable("llm_openai_origin").await,
        llm_openai_key: secret_variable("llm_openai_key").await,
        llm_openai_model: variable("llm_openai_model").await,
        llm_tutor_modes: variable("llm_tutor_modes").await,
    })
}
