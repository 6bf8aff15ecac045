//! Starting the runtime and waiting until it answers.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::child::{ChildSpec, RunningChild};
use crate::http;
use crate::postgres::Purpose;
use crate::spin::Runtime;

use super::launch::Launch;
use super::otlp::Otlp;

/// The runtime compiles the components first: some seconds, more on a busy machine.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(120);
/// Migrations of an empty database take about a second.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest reason that is shown; a page of HTML is of no use on a terminal.
const REASON_CHARS_MAX: usize = 400;

/// Starts the runtime and waits for the line that says where it listens.
///
/// # Errors
/// When it does not start.
pub(crate) fn start(
    launch: &Launch<'_>,
    variables: Vec<(String, String)>,
) -> Result<(RunningChild, SocketAddr)> {
    let mut spec = ChildSpec::new("the runtime", launch.runtime.program(launch.tree));
    spec.args = arguments(launch.runtime, launch.tree.spin_toml(), launch.listen, launch.data);
    spec.env = variables;
    if launch.purpose == Purpose::ThrowAway {
        // It inherits nothing.
        spec.env.extend(launch.environment.settings());
    }
    spec.env.extend(launch.otlp.and_then(Otlp::variable));
    spec.log = Some(launch.data.join("logs/runtime.log"));
    spec.isolated = launch.purpose == Purpose::ThrowAway;
    spec.show = launch.purpose == Purpose::Keep;
    listening(spec)
}

fn arguments(runtime: &Runtime, manifest: PathBuf, listen: SocketAddr, data: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        vec!["up".into(), "-f".into(), manifest.into(), "--listen".into(), listen.to_string().into()];
    if let Runtime::Spin(_) = runtime {
        // Spin also writes what components print to files, by default beside spin.toml and without a limit.
        let logs: [OsString; 3] =
            ["--log-dir".into(), data.join("logs/spin").into(), "--truncate-logs".into()];
        arguments.extend(logs);
    }
    arguments
}

/// Starts a program and waits for the line that says where it listens.
///
/// # Errors
/// As [`start`].
pub(crate) fn listening(spec: ChildSpec) -> Result<(RunningChild, SocketAddr)> {
    let mut child = spec.start()?;
    let address = child.wait_for_line(LISTEN_TIMEOUT, serving)?;
    Ok((child, address))
}

/// Waits until the database is migrated and the first page is answered.
///
/// # Errors
/// When that takes too long, with the reason that the app gives.
pub(crate) fn wait_until_ready(child: &mut RunningChild, address: SocketAddr) -> Result<()> {
    let start = Instant::now();
    loop {
        let reason = match (http::get(address, "/auth/readyz"), http::get(address, "/auth")) {
            (Ok(ready), Ok(page)) if ready.status == 200 && page.status == 200 => return Ok(()),
            (Ok(ready), _) if ready.status != 200 => {
                format!("/auth/readyz says {}: {}", ready.status, ready.rest.trim())
            }
            (_, Ok(page)) => format!("/auth says {}: {}", page.status, page.rest.trim()),
            (Err(error), _) | (_, Err(error)) => format!("{error:#}"),
        };
        child.check()?;
        if start.elapsed() > READY_TIMEOUT {
            bail!("the app is not ready after {} s: {}", READY_TIMEOUT.as_secs(), truncate(&reason));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The address in `Serving http://127.0.0.1:3000`.
fn serving(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("Serving http://")?.trim_end_matches('/').parse().ok()
}

fn truncate(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(REASON_CHARS_MAX) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_runtimes_line_and_from_no_other() {
        assert_eq!(serving("Serving http://127.0.0.1:3000"), Some("127.0.0.1:3000".parse().unwrap()));
        assert_eq!(serving("Serving http://127.0.0.1:3000/\r"), Some("127.0.0.1:3000".parse().unwrap()));
        assert_eq!(serving("  auth: http://127.0.0.1:3000/auth (wildcard)"), None);
    }

    #[test]
    fn spins_log_files_are_in_the_data_folder_and_are_truncated_at_each_start() {
        let arguments = |runtime: Runtime| {
            let listen = "127.0.0.1:3000".parse().unwrap();
            let all = arguments(&runtime, "/tree/spin.toml".into(), listen, Path::new("/data"));
            all.into_iter().map(|argument| argument.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        let common = "up -f /tree/spin.toml --listen 127.0.0.1:3000";
        assert_eq!(arguments(Runtime::Embedded), common, "it has no such files");
        assert_eq!(
            arguments(Runtime::Spin("/bin/spin".into())),
            format!("{common} --log-dir /data/logs/spin --truncate-logs")
        );
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        assert_eq!(truncate(" no\n database "), "no database");
        assert_eq!(truncate(&"é".repeat(1000)).chars().count(), 401);
    }
}
