//! The edge, and the only file that names `spin_sdk`. It reads the variables and passes the request on.

use std::sync::LazyLock;

use spin_sdk::http::Request;
use spin_sdk::http_service;
use web::files::Folder;
use web::spin::{Answer, HostClock, Network, random, secret_variable, serve as serve_request, variable};

use crate::app::{Ports, Random};
use crate::settings::{Settings, Variables};

/// Where spin.toml mounts what draws PDFs in the browser.
static PDFJS: LazyLock<Folder> = LazyLock::new(|| Folder::new("/pdfjs"));

#[http_service]
async fn serve(request: Request) -> Answer {
    serve_request("ocr", request, async |request, body| {
        let ports = Ports { network: Network, clock: HostClock, pdfjs: PDFJS.clone() };
        crate::handle(request, body, ports, settings().await, Random::from_bytes(random())).await
    })
    .await
}

async fn settings() -> Settings {
    Settings::parse(Variables {
        auth_url: variable("auth_url").await,
        service_key: secret_variable("service_key").await,
        gemini_ai_api_key: secret_variable("gemini_ai_api_key").await,
        gemini_model: variable("gemini_model").await,
        gemini_fallback_models: variable("gemini_fallback_models").await,
        gemini_origin: variable("gemini_origin").await,
        ocr_page_mode: variable("ocr_page_mode").await,
        compile_url: variable("compile_url").await,
    })
}
