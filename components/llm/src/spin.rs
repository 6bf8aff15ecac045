//! The edge: the only file that names `spin_sdk`. Reads the variables, hands the request over, returns the reply.

use std::time::Duration;

use bytes::Bytes;
use spin_sdk::http::{FullBody, IntoResponse, Request, Response};
use spin_sdk::http_service;
use web::spin::Network;

use crate::BODY_BYTES_MAX;
use crate::ask::{Clock, Desk, Random, Settings};

#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    answer(request).await
}

async fn answer(request: Request) -> Response<FullBody<Bytes>> {
    web::spin::serve(
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

/// The host's monotonic clock.
struct HostClock;

impl Clock for HostClock {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(web::spin::started())
    }

    async fn sleep(&self, wait: Duration) {
        spin_sdk::time::sleep(wait).await;
    }
}
