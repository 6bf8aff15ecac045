//! The edge: the only file that names `spin_sdk`. Reads the variables, hands the request over, returns the reply.

use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_service;
use web::spin::{HostClock, Network, ResponseBody};

use crate::BODY_BYTES_MAX;
use crate::ask::{Desk, Random, Settings};

#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    answer(request).await
}

async fn answer(request: Request) -> Response<ResponseBody> {
    web::spin::serve_whole(
        "llm",
        |_| BODY_BYTES_MAX,
        request,
        async |request| {
            let [jitter, form_key @ ..]: [u8; 17] = web::spin::random();
            let random = Random { jitter, form_key };
            crate::handle(&request, &Desk::open(settings().await, Network, HostClock, random)).await
        },
    )
    .await
}

async fn settings() -> Settings {
    Settings {
        auth_url: web::spin::variable("auth_url").await,
        service_key: web::spin::variable("service_key").await,
        webhook_url: web::spin::variable("webhook_url").await,
        webhook_api_key: web::spin::variable("webhook_api_key").await,
    }
}
