//! What the use cases of one request share: the clients of auth and the webhook, the ports, and random bytes.

use auth_api::{AuthClient, Service};
use web::{Clock, files::Folder, outbound::Outbound};

use crate::settings::{Misconfigured, Settings};
use crate::webhook::Webhook;

/// The network, the time and the mounted files, as the edge provides them.
#[derive(Clone)]
pub struct Ports<O, C> {
    pub outbound: O,
    pub clock: C,
    /// Python for the browser; empty when the build could not get it.
    pub python: Folder,
}

/// Random bytes for one request.
#[derive(Clone, Copy)]
pub struct Random {
    jitter: u8,
    form_key: [u8; 16],
}

/// What a use case works with.
pub(crate) struct AppContext<O, C> {
    pub(crate) auth: AuthClient<O>,
    /// The webhook, or why no question can be answered.
    pub(crate) webhook: Result<Webhook, Misconfigured>,
    /// Whether the page offers the modes of a tutor.
    pub(crate) tutor_modes: Result<bool, Misconfigured>,
    pub(crate) ports: Ports<O, C>,
    /// Spreads retries.
    pub(crate) jitter: u8,
}

impl Random {
    /// Divides bytes from a cryptographically secure generator.
    #[must_use]
    pub const fn from_bytes([jitter, form_key @ ..]: [u8; 17]) -> Self {
        Self { jitter, form_key }
    }

    /// The idempotency key of the form on the page that answers this request.
    pub(crate) fn form_key(&self) -> String {
        hex::encode(self.form_key)
    }
}

impl<O: Outbound + Clone, C: Clock> AppContext<O, C> {
    pub(crate) fn new(ports: Ports<O, C>, settings: Settings, random: Random) -> Self {
        let Settings { auth_url, service_key, webhook, tutor_modes } = settings;
        let auth = AuthClient::new(ports.outbound.clone(), Service::Llm, &auth_url, service_key);
        Self { auth, webhook, tutor_modes, ports, jitter: random.jitter }
    }
}
