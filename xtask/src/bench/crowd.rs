//! A lecture hall that signs in at once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::load::{Connection, credentials, expect};
use super::memory::resident_mib;
use crate::up::App;

const SIGN_INS: usize = 200;
/// Each signs in ten times, within what the throttle allows an account.
const ACCOUNTS: usize = 20;
/// How often memory is looked at, and `/auth` asked for.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends all sign-ins at once: how many were answered and how fast, beside the native hash on every processor, how much
/// memory the host took, and how long somebody else waited for a page. The others must be told when to come back.
///
/// # Errors
/// When any is answered otherwise.
pub(super) fn measure(app: &App, native_hash_ms: f64) -> Result<[(&'static str, f64); 5]> {
    let (address, pid) = (app.address, app.runtime_pid());
    for number in 0..ACCOUNTS {
        expect(Connection::open(address)?.ask("POST", "/register", &form(number))?, 201, "register")?;
    }
    let done = AtomicBool::new(false);
    let start = Instant::now();
    let (signed_in, took, memory, page) = scope(|scope| {
        let memory = scope.spawn(|| most(&done, || resident_mib(pid)));
        let page = scope.spawn(|| {
            let mut other = Connection::open(address)?;
            most(&done, || {
                let start = Instant::now();
                expect(other.ask("GET", "/auth", "")?, 200, "open /auth")?;
                Ok(start.elapsed().as_secs_f64() * 1000.0)
            })
        });
        let all: Vec<_> = (0..SIGN_INS).map(|number| scope.spawn(move || sign_in(address, number))).collect();
        let signed_in: Result<Vec<bool>> =
            all.into_iter().map(|one| one.join().unwrap_or_else(|_| bail!("a sign-in panicked"))).collect();
        let took = start.elapsed();
        done.store(true, Ordering::SeqCst);
        let joined =
            |most: std::thread::Result<Result<f64>>| most.unwrap_or_else(|_| bail!("a watcher panicked"));
        anyhow::Ok((signed_in?, took, joined(memory.join())?, joined(page.join())?))
    })?;
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let answered = count(signed_in.into_iter().filter(|signed_in| *signed_in).count());
    let processors = count(std::thread::available_parallelism()?.get());
    let native = processors / (native_hash_ms / 1000.0);
    let seconds = took.as_secs_f64();
    Ok([
        ("crowd_answered", answered),
        ("crowd_s", seconds),
        ("crowd_to_native_hashes", answered / seconds / native),
        ("crowd_mib", memory),
        ("crowd_auth_max_ms", page),
    ])
}

/// Whether the user was signed in, and not told to come back.
fn sign_in(address: SocketAddr, number: usize) -> Result<bool> {
    let reply = Connection::open(address)?.ask("POST", "/auth", &form(number % ACCOUNTS))?;
    if reply.status == 503 && !reply.header("retry-after").is_empty() {
        return Ok(false);
    }
    expect(reply, 200, "sign in").map(|_| true)
}

fn form(number: usize) -> String {
    credentials(&format!("hall-{number}"))
}

/// The largest of what is measured until it is done.
fn most(done: &AtomicBool, mut what: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut most: f64 = 0.0;
    while !done.load(Ordering::SeqCst) {
        most = most.max(what()?);
        std::thread::sleep(PAUSE);
    }
    Ok(most)
}
