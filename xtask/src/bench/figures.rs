//! What is measured, and how.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use argon2::{Algorithm, Argon2, Params, Version};
use serde_json::{Map, Value, json};

use super::load::{Connection, Load, median, throughput};
use crate::build::{self, Build, Native};
use crate::child::ChildSpec;
use crate::console;
use crate::paths::{COMPONENTS, Tree};
use crate::postgres::Purpose;
use crate::spin::Runtime;
use crate::test::Scratch;
use crate::up::{Environment, Launch, serve};

/// As in components/auth/src/password_hash.rs.
const HASH: (u32, u32, u32) = (19_456, 2, 1);
const SIGN_INS: usize = 41;
const PASSWORD: &str = "une phrase assez longue pour Atelier";

pub(super) fn measure(tree: &Tree, load: &Load) -> Result<Value> {
    Build::start(tree, &Native::ALL)?.finish()?;
    let guest = build::test_guest(tree, "runtime")?;
    let mut figures = Map::new();
    for name in COMPONENTS {
        let bytes = tree.components().join(format!("{name}.wasm")).metadata()?.len();
        figures.insert(format!("{name}_kib"), json!(bytes.div_ceil(1024)));
    }

    console::step("Measuring the native password hash.");
    let native = native_hash()?;
    figures.insert("native_hash_p50_ms".into(), rounded(native));

    let data = Scratch::make("bench")?;
    let runtime = Runtime::Embedded;
    let environment = Environment::empty();
    let launch = Launch {
        tree,
        data: &data.0,
        listen: ([127, 0, 0, 1], 0).into(),
        runtime: &runtime,
        environment: &environment,
        database: None,
        otlp: None,
        purpose: Purpose::ThrowAway,
    };
    let storage = launch.storage()?;
    let app = launch.start(storage)?;
    figures.insert("idle_mib".into(), rounded(resident_mib(app.runtime_pid())?));
    console::step("Measuring sign-ins.");
    let signing_in = sign_in(&mut Connection::open(app.address)?)?;
    figures.insert("sign_in_p50_ms".into(), rounded(signing_in));
    figures.insert("sign_in_to_native_hash".into(), rounded(signing_in / native));
    console::step("Measuring GET /auth.");
    let page = throughput(app.address, "/auth", load)?;
    figures.insert("auth_page_per_s".into(), rounded(page));
    figures.insert("after_load_mib".into(), rounded(resident_mib(app.runtime_pid())?));
    drop(app);

    console::step("Measuring a page that does nothing.");
    let manifest = data.0.join("trivial.toml");
    fs::write(
        &manifest,
        format!(
            "spin_manifest_version = 2\n[application]\nname = \"trivial\"\n[[trigger.http]]\nroute = \"/...\"\n\
             component = \"trivial\"\n[component.trivial]\nsource = {:?}\n",
            guest.display().to_string()
        ),
    )?;
    let spec = ChildSpec::new("the trivial page", runtime.program(tree))
        .arg("up")
        .arg("-f")
        .arg(&manifest)
        .arg("--listen")
        .arg("127.0.0.1:0");
    let (_child, address) = serve::listening(spec)?;
    let trivial = throughput(address, "/uri", load)?;
    figures.insert("trivial_page_per_s".into(), rounded(trivial));
    figures.insert("auth_page_to_trivial".into(), rounded(page / trivial));
    Ok(Value::Object(figures))
}

fn native_hash() -> Result<f64> {
    let bad = |error: argon2::Error| anyhow::anyhow!("argon2: {error}");
    let (memory, passes, lanes) = HASH;
    let params = Params::new(memory, passes, lanes, None).map_err(bad)?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut took = vec![];
    for _ in 0..SIGN_INS {
        let mut output = [0_u8; 32];
        let start = Instant::now();
        hasher.hash_password_into(PASSWORD.as_bytes(), b"sixteen bytes !!", &mut output).map_err(bad)?;
        took.push(start.elapsed());
        black_box(output);
    }
    Ok(median(took))
}

fn sign_in(connection: &mut Connection) -> Result<f64> {
    let form = format!("username=bench&password={}", PASSWORD.replace(' ', "+"));
    expect(connection.ask("POST", "/register", &form)?, 303, "register")?;
    let mut took = vec![];
    for _ in 0..SIGN_INS {
        let start = Instant::now();
        expect(connection.ask("POST", "/auth", &form)?, 303, "sign in")?;
        took.push(start.elapsed());
    }
    Ok(median(took))
}

fn expect(status: u16, wanted: u16, what: &str) -> Result<()> {
    if status == wanted { Ok(()) } else { bail!("cannot {what}: answered with {status}") }
}

fn resident_mib(pid: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("memory is measured on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no resident set")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

fn rounded(number: f64) -> Value {
    json!((number * 100.0).round() / 100.0)
}
