//! What `up`, `bench` and the browser tests start.

use std::net::SocketAddr;
use std::path::Path;

use super::database::Database;
use super::environment::Environment;
use super::otlp::Otlp;
use crate::paths::Tree;
use crate::postgres::Purpose;
use crate::spin::Runtime;

/// What to start.
pub(crate) struct Launch<'a> {
    pub(crate) tree: &'a Tree,
    /// Where the database, the logs and the secrets are.
    pub(crate) data: &'a Path,
    pub(crate) listen: SocketAddr,
    pub(crate) runtime: &'a Runtime,
    pub(crate) environment: &'a Environment,
    /// The caller's server; without one, a private cluster unless the environment names one.
    pub(crate) database: Option<Database>,
    /// Where traces go, with `--otel`.
    pub(crate) otlp: Option<&'a Otlp>,
    pub(crate) purpose: Purpose,
}
