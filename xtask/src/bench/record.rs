//! The record of measurements: docs/benchmarks/server.json has every run, server.md shows the last of each host and how
//! its ratios have changed.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::figures::Figures;
use crate::paths::Tree;
use crate::process;

/// The name of a figure, what it is, and what it should be.
const MEANINGS: [(&str, &str, &str); 45] = [
    ("auth_page_to_trivial", "`/auth` against a guest that does nothing", "≥ 0.85"),
    ("register_page_to_trivial", "`/register` against the same", "≥ 0.85"),
    (
        "home_page_to_native",
        "`/home` against axum with the same page and one query",
        "≥ 0.4 embedded, ≥ 0.15 Spin",
    ),
    ("llm_page_to_native", "`/llm` against the same", "≥ 0.4 embedded, ≥ 0.15 Spin"),
    ("ocr_page_to_native", "`/ocr` against the same", "≥ 0.4 embedded, ≥ 0.15 Spin"),
    ("trivial_page_per_s", "a guest that does nothing, requests a second", ""),
    ("native_page_per_s", "axum, requests a second", ""),
    ("auth_page_per_s", "`/auth`, requests a second", ""),
    ("register_page_per_s", "`/register`, requests a second", ""),
    ("home_page_per_s", "`/home`, requests a second", ""),
    ("llm_page_per_s", "`/llm`, requests a second", ""),
    ("ocr_page_per_s", "`/ocr`, requests a second", ""),
    ("auth_packed_to_plain", "`/auth` packed with gzip, as for browsers, against not packed", ""),
    ("register_packed_to_plain", "`/register`, the same", ""),
    ("home_packed_to_plain", "`/home`, the same", ""),
    ("llm_packed_to_plain", "`/llm`, the same", ""),
    ("ocr_packed_to_plain", "`/ocr`, the same", ""),
    ("auth_p50_ms", "`/auth` on one connection, median in ms", "≤ 3 on Spin"),
    ("register_p50_ms", "`/register` on one connection, median in ms", "≤ 3 on Spin"),
    ("home_p50_ms", "`/home` on one connection, median in ms", "≤ 3 on Spin"),
    ("llm_p50_ms", "`/llm` on one connection, median in ms", "≤ 3 on Spin"),
    ("ocr_p50_ms", "`/ocr` on one connection, median in ms", "≤ 3 on Spin"),
    ("sign_in_to_native_hash", "a sign-in against the native password hash", "≤ 1.5"),
    ("sign_in_p50_ms", "a sign-in, median in ms", ""),
    ("native_hash_p50_ms", "the native hash, median in ms", ""),
    ("crowd_answered", "of 200 sign-ins at once, answered", "200"),
    ("crowd_s", "how long they took, in seconds", ""),
    ("crowd_to_native_hashes", "sign-ins a second of them against native hashes on every processor", ""),
    ("crowd_mib", "memory meanwhile at most, MiB", "< 300"),
    ("crowd_auth_max_ms", "`/auth` meanwhile at most, in ms", "< 250"),
    ("send_beyond_webhook_ms", "what `/send` adds to the webhook, median in ms", "≤ 5"),
    ("send_p50_ms", "`/send`, median in ms", ""),
    ("upload_to_piping", "50 MB to Gemini's mock against 50 MB through a guest and back", "≥ 0.6"),
    ("upload_ms", "a conversion of 50 MB, median in ms", ""),
    ("start_ms", "from the start to the first page, compiled code cached, in ms", "≤ 150"),
    ("idle_mib", "memory after the start, MiB", ""),
    ("after_load_mib", "memory after the pages, MiB", ""),
    ("after_uploads_mib", "memory after the uploads, MiB", ""),
    ("waiting_mib", "memory with 1,000 questions that wait, MiB", "< 512"),
    ("auth_kib", "auth.wasm, KiB", "< 1,024"),
    ("llm_kib", "llm.wasm, KiB", "< 1,024"),
    ("ocr_kib", "ocr.wasm, KiB", "< 1,024"),
    ("processors", "processors of the machine", ""),
    ("connections", "connections at once", ""),
    ("seconds", "how long each page is asked for, in seconds", ""),
];

/// Adds a run to the record.
///
/// # Errors
/// When the record cannot be read or written.
pub(super) fn add(tree: &Tree, host: &str, figures: Figures) -> Result<()> {
    let folder = tree.root.join("docs/benchmarks");
    let path = folder.join("server.json");
    let mut runs: Vec<Value> = match fs::read_to_string(&path) {
        Ok(text) => {
            serde_json::from_str(&text).with_context(|| format!("{} is no record", path.display()))?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let output = |program: &str, arguments: &[&str]| {
        process::output(Command::new(program).args(arguments).current_dir(&tree.root))
            .map(|text| text.trim().to_owned())
    };
    runs.push(json!({
        "date": output("date", &["-u", "+%Y-%m-%d"])?,
        "commit": output("git", &["describe", "--always", "--dirty", "--exclude=*"]).unwrap_or_default(),
        "host": host,
        "figures": figures,
    }));
    fs::write(&path, serde_json::to_string_pretty(&runs)? + "\n")?;
    fs::write(folder.join("server.md"), page(&runs)?)?;
    Ok(())
}

fn page(runs: &[Value]) -> Result<String> {
    let mut page = String::from(
        "# The server, measured\n\n\
         Written by `cargo xtask bench --record`; every run is in [server.json](server.json). Each ratio is one within its\n\
         run, on one machine. The mocks stand for Make.com and Gemini, and share the processors with what is measured, as\n\
         do PostgreSQL and the load generator.\n",
    );
    let of = |run: &Value, name: &str| run["figures"].get(name).map(Value::to_string).unwrap_or_default();
    let mut hosts: Vec<&str> = runs.iter().filter_map(|run| run["host"].as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    for host in hosts {
        let runs: Vec<&Value> = runs.iter().filter(|run| run["host"] == host).collect();
        let Some(last) = runs.last() else { continue };
        let text = |key: &str| last[key].as_str().unwrap_or_default().to_owned();
        write!(
            page,
            "\n## {host}, {} at {}\n\n| what | figure | aim |\n|---|---|---|\n",
            text("date"),
            text("commit")
        )?;
        for (name, meaning, aim) in MEANINGS {
            writeln!(page, "| {meaning} | {} | {aim} |", of(last, name))?;
        }
        page.push_str("\n### All runs\n\n| date | commit |");
        let aims = MEANINGS.iter().filter(|(_, _, aim)| !aim.is_empty());
        let names: Vec<&str> = aims.map(|(name, ..)| *name).filter(|name| !name.ends_with("kib")).collect();
        writeln!(page, " {} |\n|---|---|{}", names.join(" | "), "---|".repeat(names.len()))?;
        for run in &runs {
            let figures: Vec<String> = names.iter().map(|name| of(run, name)).collect();
            let text = |key: &str| run[key].as_str().unwrap_or_default();
            writeln!(page, "| {} | {} | {} |", text("date"), text("commit"), figures.join(" | "))?;
        }
    }
    Ok(page)
}
