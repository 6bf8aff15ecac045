//! The handle of a running mock: where it listens, its script of faults, the requests it received.

use std::fmt::Debug;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::request;

use crate::answer::Answer;
use crate::request_log::{Recorded, RequestLog};
use crate::script::Script;
use crate::server::{Handler, Server};

/// What one service answers.
pub trait Service: Debug + Default + Send + Sync + 'static {
    type Fault: Clone + Debug + Send + 'static;

    /// It may block: it runs on a thread for blocking work.
    #[doc(hidden)]
    fn answer(&self, parts: &request::Parts, body: Bytes, script: &Script<Self::Fault>) -> Answer;

    /// Clears what was scripted beside the faults.
    #[doc(hidden)]
    fn clear(&self) {}
}

/// A running mock; dropping it stops it.
#[derive(Debug)]
pub struct Mock<S: Service> {
    server: Server,
    pub(crate) state: Arc<State<S>>,
}

#[derive(Debug)]
pub(crate) struct State<S: Service> {
    pub(crate) service: S,
    script: Script<S::Fault>,
    /// Absent where nobody can ask for it, so that it does not grow for as long as the program runs.
    requests: Option<RequestLog>,
}

impl<S: Service> Mock<S> {
    /// Starts on a free loopback port and records every request.
    ///
    /// # Errors
    /// When no socket or thread can be had.
    pub fn start() -> io::Result<Self> {
        Self::launch(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Some(RequestLog::default()))
    }

    /// Starts on `listen` and records nothing.
    ///
    /// # Errors
    /// When the address is taken, or no socket or thread can be had.
    pub fn start_on(listen: SocketAddr) -> io::Result<Self> {
        Self::launch(listen, None)
    }

    fn launch(listen: SocketAddr, requests: Option<RequestLog>) -> io::Result<Self> {
        let state = Arc::new(State { service: S::default(), script: Script::default(), requests });
        let server = Server::start(listen, Arc::clone(&state) as Arc<dyn Handler>)?;
        Ok(Self { server, state })
    }

    /// `http://ADDRESS`
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Plays `fault` once, after those already queued.
    pub fn next(&self, fault: impl Into<S::Fault>) {
        self.state.script.next(fault.into());
    }

    /// Plays `fault` whenever nothing is queued.
    pub fn always(&self, fault: impl Into<S::Fault>) {
        self.state.script.always(fault.into());
    }

    /// Back to normal behaviour.
    pub fn clear(&self) {
        self.state.script.clear();
        self.state.service.clear();
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.requests.as_ref().map(RequestLog::all).unwrap_or_default()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.state.requests.iter().for_each(RequestLog::clear);
    }
}

impl<S: Service> Handler for State<S> {
    fn handle(&self, parts: &request::Parts, body: Bytes) -> Answer {
        if let Some(requests) = &self.requests {
            requests.push(parts, &body);
        }
        self.service.answer(parts, body, &self.script)
    }
}
