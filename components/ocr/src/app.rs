//! What the use cases of one request share: the client of auth, what is configured for Gemini, and the ports.

use auth_api::{AuthClient, Service};
use web::Clock;
use web::files::Folder;
use web::outbound::Outbound;

use crate::settings::{GeminiSettings, Settings};

/// The network, the time and the mounted files, as the edge provides them.
#[derive(Clone)]
pub struct Ports<N, C> {
    pub network: N,
    pub clock: C,
    /// What draws PDFs in the browser; empty when the build could not get it.
    pub pdfjs: Folder,
}

/// Random bytes for one request.
#[derive(Clone, Copy)]
pub struct Random {
    jitter: u8,
}

/// What a use case works with.
pub(crate) struct AppContext<N, C> {
    pub(crate) auth: AuthClient<N>,
    /// Or the variable because of which nothing can be converted.
    pub(crate) gemini: Result<GeminiSettings, &'static str>,
    pub(crate) ports: Ports<N, C>,
    /// Spreads retries.
    pub(crate) jitter: u8,
}

impl Random {
    /// From a cryptographically secure generator.
    #[must_use]
    pub const fn from_bytes([jitter]: [u8; 1]) -> Self {
        Self { jitter }
    }
}

impl<N: Outbound + Clone, C: Clock> AppContext<N, C> {
    pub(crate) fn new(ports: Ports<N, C>, settings: Settings, random: Random) -> Self {
        let Settings { auth_url, service_key, gemini } = settings;
        let auth = AuthClient::new(ports.network.clone(), Service::Ocr, &auth_url, service_key);
        Self { auth, gemini, ports, jitter: random.jitter }
    }
}
