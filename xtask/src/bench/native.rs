//! What the pages are compared with: the same bytes from axum, after one prepared query through deadpool.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::{Router, extract::State, http::StatusCode, response::Html, routing::get};
use deadpool_postgres::{Manager, Pool};
use tokio_postgres::NoTls;

/// What any page of a session has to ask.
const QUERY: &str =
    "SELECT u.username FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = $1 LIMIT 1";

/// A server on all processors; dropping it stops it.
pub(super) struct NativeServer {
    pub(super) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct Page {
    pool: Pool,
    html: &'static str,
}

impl NativeServer {
    /// Answers `GET /` with `html` for as long as there is a session of the user `bench`.
    pub(super) fn start(database_url: &str, html: String) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let manager = Manager::new(database_url.parse()?, NoTls);
        let pool = Pool::builder(manager).max_size(16).build()?;
        let page = Page { pool, html: html.leak() };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr().context("it was just bound")?;
        let routes = Router::new().route("/", get(answer)).with_state(page);
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, _runtime: runtime })
    }
}

async fn answer(State(page): State<Page>) -> Result<Html<&'static str>, StatusCode> {
    let unavailable = |_| StatusCode::SERVICE_UNAVAILABLE;
    let client = page.pool.get().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let statement = client.prepare_cached(QUERY).await.map_err(unavailable)?;
    let row = client.query_opt(&statement, &[&"bench"]).await.map_err(unavailable)?;
    row.map(|_| Html(page.html)).ok_or(StatusCode::UNAUTHORIZED)
}
