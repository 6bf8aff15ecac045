//! What is measured, and how. Each ratio is one within this run.

use std::fs;
use std::hint::black_box;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use argon2::{Algorithm, Argon2, Params, Version};
use serde_json::{Map, Value, json};

use super::crowd;
use super::load::{Connection, Load, PASSWORD, Page, credentials, expect, median_of, throughput};
use super::memory::resident_mib;
use super::native::NativeServer;
use crate::build::{self, Build, Native};
use crate::child::{ChildSpec, RunningChild};
use crate::paths::{COMPONENTS, Tree};
use crate::postgres::Purpose;
use crate::spin::Runtime;
use crate::test::Scratch;
use crate::up::{App, Environment, Launch, serve};
use crate::{console, mocks};

/// As in components/auth/src/password_hash.rs.
const HASH: (u32, u32, u32) = (19_456, 2, 1);
const SIGN_INS: usize = 41;
const QUESTIONS: usize = 101;
const ONE_BY_ONE: usize = 301;
const WAITING: usize = 1000;
const ARRIVAL_MAX: Duration = Duration::from_secs(60);
const UPLOADS: usize = 5;
const FAILURES_PRINTED_MAX: usize = 20;
const UPLOAD_BYTES: usize = 49 << 20;
/// Pages without a session, and with one.
const PUBLIC: [&str; 2] = ["/auth", "/register"];
const PRIVATE: [&str; 3] = ["/home", "/llm", "/ocr"];

/// What is measured, on what.
pub(super) struct Bench<'a> {
    pub(super) tree: &'a Tree,
    pub(super) runtime: &'a Runtime,
    pub(super) load: &'a Load,
}

/// Figures by their names; [`super::record`] says what each is.
pub(super) type Figures = Map<String, Value>;

impl Bench<'_> {
    /// # Errors
    /// When something does not start, or answers otherwise than it should.
    pub(super) fn measure(&self) -> Result<Figures> {
        let data = Scratch::make("bench")?;
        self.measure_with(&data).inspect_err(|_| print_failures(&data.0.join("logs")))
    }

    fn measure_with(&self, data: &Scratch) -> Result<Figures> {
        Build::start(self.tree, &Native::ALL)?.finish()?;
        let guest = build::test_guest(self.tree, "runtime")?;
        let mut figures = Figures::new();
        figures.insert("processors".into(), json!(std::thread::available_parallelism()?.get()));
        figures.insert("connections".into(), json!(self.load.connections));
        figures.insert("seconds".into(), json!(self.load.duration.as_secs()));
        for name in COMPONENTS {
            let bytes = self.tree.components().join(format!("{name}.wasm")).metadata()?.len();
            figures.insert(format!("{name}_kib"), json!(bytes.div_ceil(1024)));
        }
        let (_mocks, upstreams) = mocks::start(self.tree, &data.0)?;
        let variables = [
            ("WEBHOOK_URL", &*upstreams.webhook_url),
            ("WEBHOOK_ORIGIN", &upstreams.webhook_origin),
            ("GEMINI_ORIGIN", &upstreams.gemini_origin),
            ("GEMINI_AI_API_KEY", "any"),
            ("LLM_DAILY_QUOTA", "100000"),
            ("OCR_DAILY_PAGES", "100000"),
        ];
        let environment = Environment::with(&variables);
        // The first start fills the cache of compiled components.
        drop(self.start(data, &environment)?.0);
        let (app, started) = self.start(data, &environment)?;
        put(&mut figures, "start_ms", started);
        put(&mut figures, "idle_mib", resident_mib(app.runtime_pid())?);
        let (trivial, trivial_address) = self.trivial(data, &guest)?;

        let user = signing_in(&app, &mut figures)?;
        self.pages(&app, trivial_address, &user, &mut figures)?;
        questions(user.again()?, &upstreams.webhook_url, &mut figures)?;
        uploads(user.again()?, trivial_address, &mut figures)?;
        put(&mut figures, "after_uploads_mib", resident_mib(app.runtime_pid())?);
        drop((app, trivial));

        console::step("Measuring a lecture hall that signs in at once.");
        let app = self.start(data, &environment)?.0;
        let native_hash =
            figures.get("native_hash_p50_ms").and_then(Value::as_f64).context("it was measured")?;
        for (name, number) in crowd::measure(&app, native_hash)? {
            put(&mut figures, name, number);
        }
        drop(app);

        console::step(&format!("Measuring {WAITING} questions that wait."));
        put(&mut figures, "waiting_mib", self.waiting(data, &environment)?);
        Ok(figures)
    }

    fn pages(&self, app: &App, trivial: SocketAddr, user: &Connection, figures: &mut Figures) -> Result<()> {
        console::step("Measuring the pages beside a guest that does nothing and a native server.");
        let home =
            String::from_utf8_lossy(&expect(user.again()?.ask("GET", "/home", "")?, 200, "open /home")?.body)
                .into_owned();
        let native = NativeServer::start(&app.database_url().context("a private cluster")?, home)?;
        let page = |path, cookie| Page { address: app.address, path, cookie, gzip: false };
        let bare = throughput(Page { address: trivial, ..page("/uri", "") }, self.load)?;
        let axum = throughput(Page { address: native.address, ..page("/", "") }, self.load)?;
        put(figures, "trivial_page_per_s", bare);
        put(figures, "native_page_per_s", axum);
        for (path, cookie) in
            PUBLIC.map(|path| (path, "")).into_iter().chain(PRIVATE.map(|path| (path, &*user.cookie)))
        {
            let name = path.trim_start_matches('/');
            let per_second = throughput(page(path, cookie), self.load)?;
            put(figures, &format!("{name}_page_per_s"), per_second);
            let (other, of) = if cookie.is_empty() { ("trivial", bare) } else { ("native", axum) };
            put(figures, &format!("{name}_page_to_{other}"), per_second / of);
            let packed = throughput(Page { gzip: true, ..page(path, cookie) }, self.load)?;
            put(figures, &format!("{name}_packed_to_plain"), packed / per_second);
            let mut one = Connection::open(app.address)?;
            cookie.clone_into(&mut one.cookie);
            let took =
                median_of(ONE_BY_ONE, || expect(one.ask("GET", path, "")?, 200, "open a page").map(drop))?;
            put(figures, &format!("{name}_p50_ms"), took);
        }
        put(figures, "after_load_mib", resident_mib(app.runtime_pid())?);
        drop(native);
        Ok(())
    }

    /// The application, and how many milliseconds it took to the first page.
    fn start(&self, data: &Scratch, environment: &Environment) -> Result<(App, f64)> {
        let launch = Launch {
            tree: self.tree,
            data: &data.0,
            listen: ([127, 0, 0, 1], 0).into(),
            runtime: self.runtime,
            environment,
            database: None,
            otlp: None,
            purpose: Purpose::ThrowAway,
        };
        let storage = launch.storage()?;
        let start = Instant::now();
        let app = launch.start(storage)?;
        Ok((app, start.elapsed().as_secs_f64() * 1000.0))
    }

    /// A guest that does next to nothing, on the same host.
    fn trivial(&self, data: &Scratch, guest: &Path) -> Result<(RunningChild, SocketAddr)> {
        let manifest = data.0.join("trivial.toml");
        fs::write(
            &manifest,
            format!(
                "spin_manifest_version = 2\n[application]\nname = \"trivial\"\n[[trigger.http]]\nroute = \"/...\"\n\
                 component = \"trivial\"\n[component.trivial]\nsource = {:?}\n",
                guest.display().to_string()
            ),
        )?;
        let spec = ChildSpec::new("the trivial page", self.runtime.program(self.tree));
        serve::listening(spec.arg("up").arg("-f").arg(&manifest).arg("--listen").arg("127.0.0.1:0"))
    }

    /// The memory of a host in which questions wait for a webhook that does not answer.
    fn waiting(&self, data: &Scratch, environment: &Environment) -> Result<f64> {
        let webhook = TcpListener::bind("127.0.0.1:0")?;
        let origin = format!("http://{}", webhook.local_addr()?);
        let environment =
            environment.and(&[("WEBHOOK_URL", &format!("{origin}/hook")), ("WEBHOOK_ORIGIN", &origin)]);
        let (app, _) = self.start(data, &environment)?;
        let mut user = Connection::open(app.address)?;
        sign_in(&mut user)?;
        let arrived = Arc::new(AtomicUsize::new(0));
        std::thread::spawn({
            let arrived = arrived.clone();
            move || {
                let mut kept = vec![];
                for question in webhook.incoming().flatten() {
                    kept.push(question);
                    arrived.store(kept.len(), Ordering::SeqCst);
                }
            }
        });
        let mut asking = vec![];
        for _ in 0..WAITING {
            let mut connection = Connection::open(app.address)?;
            user.cookie.clone_into(&mut connection.cookie);
            connection.begin(
                "POST",
                "/send",
                "application/x-www-form-urlencoded",
                b"message=Une+boucle+%3F",
            )?;
            asking.push(connection);
        }
        let start = Instant::now();
        while arrived.load(Ordering::SeqCst) < WAITING {
            let so_far = arrived.load(Ordering::SeqCst);
            if start.elapsed() > ARRIVAL_MAX {
                bail!("only {so_far} of {WAITING} questions have reached the webhook");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let memory = resident_mib(app.runtime_pid())?;
        drop(asking);
        Ok(memory)
    }
}

/// Prints what the logs say last of requests that failed and of components that did. They are removed with the data.
fn print_failures(logs: &Path) {
    let folders = [logs.to_owned(), logs.join("spin")];
    for file in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        let failed = |line: &&str| line.contains("\"status\":5") || line.starts_with("component ");
        text.lines().rev().filter(failed).take(FAILURES_PRINTED_MAX).for_each(|line| eprintln!("{line}"));
    }
}

/// Gives the session that the rest is measured with. Its connection says nothing for long, and the host ends it: each part
/// takes another one.
fn signing_in(app: &App, figures: &mut Figures) -> Result<Connection> {
    console::step("Measuring sign-ins beside the native hash.");
    let native_hash = native_hash()?;
    let mut user = Connection::open(app.address)?;
    let sign_in = sign_in(&mut user)?;
    put(figures, "native_hash_p50_ms", native_hash);
    put(figures, "sign_in_p50_ms", sign_in);
    put(figures, "sign_in_to_native_hash", sign_in / native_hash);
    Ok(user)
}

fn questions(mut user: Connection, webhook_url: &str, figures: &mut Figures) -> Result<()> {
    console::step("Measuring questions beside the webhook alone.");
    let asked = median_of(QUESTIONS, || {
        expect(user.ask("POST", "/send", "message=Comment+trier+une+liste+%3F")?, 200, "ask").map(drop)
    })?;
    let webhook = webhook_url.trim_start_matches("http://");
    let (address, path) = webhook.split_once('/').context("a webhook has a path")?;
    let mut direct = Connection::open(address.parse()?)?;
    let body = br#"{"message":"Comment trier une liste ?"}"#;
    let path = format!("/{path}");
    let answered = median_of(QUESTIONS, || {
        expect(direct.send("POST", &path, "application/json", body)?, 200, "ask the webhook").map(drop)
    })?;
    put(figures, "send_p50_ms", asked);
    put(figures, "send_beyond_webhook_ms", asked - answered);
    Ok(())
}

fn uploads(mut user: Connection, trivial: SocketAddr, figures: &mut Figures) -> Result<()> {
    console::step("Measuring an upload of 50 MB beside the same bytes through a guest that does nothing.");
    let (kind, upload) = upload();
    let uploaded =
        median_of(UPLOADS, || expect(user.send("POST", "/ocr", &kind, &upload)?, 200, "convert").map(drop))?;
    let mut echo = Connection::open(trivial)?;
    let echoed =
        median_of(UPLOADS, || expect(echo.send("POST", "/echo", &kind, &upload)?, 200, "echo").map(drop))?;
    put(figures, "upload_ms", uploaded);
    put(figures, "upload_to_piping", echoed / uploaded);
    Ok(())
}

fn native_hash() -> Result<f64> {
    let bad = |error: argon2::Error| anyhow::anyhow!("argon2: {error}");
    let (memory, passes, lanes) = HASH;
    let params = Params::new(memory, passes, lanes, None).map_err(bad)?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    median_of(SIGN_INS, || {
        let mut output = [0_u8; 32];
        hasher.hash_password_into(PASSWORD.as_bytes(), b"sixteen bytes !!", &mut output).map_err(bad)?;
        black_box(output);
        Ok(())
    })
}

/// Registers where that was not done, and signs in; the connection has the session then.
fn sign_in(connection: &mut Connection) -> Result<f64> {
    let form = credentials("bench");
    connection.ask("POST", "/register", &form)?;
    connection.cookie.clear();
    let mut cookie = String::new();
    let took = median_of(SIGN_INS, || {
        let reply = expect(connection.ask("POST", "/auth", &form)?, 200, "sign in")?;
        cookie = reply
            .all("set-cookie")
            .iter()
            .filter_map(|one| one.split(';').next())
            .collect::<Vec<_>>()
            .join("; ");
        Ok(())
    })?;
    connection.cookie = cookie;
    Ok(took)
}

/// A PDF of one scanned page as a form, 50 MB long, and its content type.
fn upload() -> (String, Vec<u8>) {
    let boundary = "----bench";
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"
    );
    let image = format!(
        "<</Type/XObject/Subtype/Image/Filter/DCTDecode/Width 9000/Height 9000/ColorSpace/DeviceRGB\
         /BitsPerComponent 8/Length {UPLOAD_BYTES}>>\nstream\n"
    );
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n",
        &image,
    ];
    let mut body = [head.as_bytes(), b"%PDF-1.4\n"].concat();
    let mut table = "xref\n0 5\n0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(objects) {
        table.push_str(&format!("{:010} 00000 n \n", body.len() - head.len()));
        body.extend_from_slice(format!("{number} 0 obj\n{object}").as_bytes());
    }
    // What compressed pixels look like: no byte is rarer than another. A linear congruential generator (Knuth's MMIX).
    let mut state = 1_u64;
    body.extend((0..UPLOAD_BYTES).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    }));
    body.extend_from_slice(b"\nendstream\nendobj\n");
    let start = body.len() - head.len();
    let tail =
        format!("{table}trailer\n<</Root 1 0 R/Size 5>>\nstartxref\n{start}\n%%EOF\n\r\n--{boundary}--\r\n");
    body.extend_from_slice(tail.as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

fn put(figures: &mut Figures, name: &str, number: f64) {
    figures.insert(name.to_owned(), json!((number * 100.0).round() / 100.0));
}
