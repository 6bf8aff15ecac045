//! The part `browser`: installs Chromium, WebKit and the suite's packages, starts the app and runs `tests/browser` on it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::counts::TestCounts;
use super::suite::{Scratch, Suite};
use crate::apt::Apt;
use crate::postgres::Purpose;
use crate::up::{App, Environment, Launch};
use crate::{console, mocks, node, process};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// WebKit's WebDriver on a screen of its own: there is no other engine of Safari for Linux.
const WEBKIT: [&str; 3] = ["xvfb-run", "xauth", "WebKitWebDriver"];
const MAC_BROWSER: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

pub(super) fn run(suite: &Suite) -> Result<TestCounts> {
    let browser = browser()?;
    let folder = node::packages(&suite.tree)?;
    let data = Scratch::make("browser")?;
    let app = start(suite, &data, &Environment::empty())?;
    // And one whose Python helper asks a chat API.
    let chat_data = Scratch::make("browser-chat")?;
    let upstreams = Scratch::make("browser-mocks")?;
    let (_upstreams, addresses) = mocks::start(&suite.tree, &upstreams.0)?;
    let chat_api = [("LLM_OPENAI_ORIGIN", &*addresses.openai_origin), ("LLM_OPENAI_MODEL", "simulated")];
    let chat = start(suite, &chat_data, &Environment::with(&chat_api))?;
    let mut node = Command::new("npm");
    node.current_dir(&folder).args(["test", "--silent", "--"]).args(&suite.filters);
    node.env("ATELIER_URL", format!("http://{}", app.address)).env("ATELIER_CHROMIUM", browser);
    node.env("ATELIER_CHAT_URL", format!("http://{}", chat.address))
        .env("ATELIER_CHAT_MOCK", addresses.openai_origin);
    if has_webkit() {
        node.env("ATELIER_WEBKIT", "xvfb-run -a WebKitWebDriver");
    }
    suite.count(node)
}

/// An app with a database of its own.
fn start(suite: &Suite, data: &Scratch, environment: &Environment) -> Result<App> {
    let launch = Launch {
        tree: &suite.tree,
        data: &data.0,
        listen: ([127, 0, 0, 1], 0).into(),
        runtime: &suite.runtime,
        environment,
        database: None,
        otlp: None,
        purpose: Purpose::ThrowAway,
    };
    let storage = launch.storage()?;
    launch.start(storage)
}

/// Whether there is WebKit's WebDriver, which is installed where that asks for no password. Its tests are skipped without.
fn has_webkit() -> bool {
    let is_there = || WEBKIT.iter().all(|program| process::on_path(program).is_some());
    if is_there() {
        return true;
    }
    let apt = Apt::detect();
    if apt.usable() {
        let why = "what Safari does in its own way is tested in WebKit (about 90 MB, a minute)";
        if let Err(error) = apt.install(&["webkit2gtk-driver", "xauth", "xvfb"], why) {
            console::detail(&format!("{error:#}"));
        }
    }
    if !is_there() {
        console::detail("WebKit's WebDriver is not there: its tests are skipped");
    }
    is_there()
}

/// The user's own browser, else Debian's.
fn browser() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("ATELIER_CHROMIUM") {
        return Ok(named.into());
    }
    let find = || {
        let mac = Some(PathBuf::from(MAC_BROWSER)).filter(|path| process::is_program(path));
        BROWSERS.iter().find_map(|name| process::on_path(name)).or(mac)
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    Apt::detect()
        .install(&["chromium"], "the pages are tested in a real browser (about 100 MB, a minute)")
        .context(
        "the browser tests need Chromium or Chrome: install one, or set ATELIER_CHROMIUM to its program",
    )?;
    find().context("the package chromium brought no program `chromium`")
}
