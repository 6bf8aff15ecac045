//! Fetches what pages load from npm's packages, and lays out in `target` what `spin.toml` mounts into the components:
//! Pyodide, the Python that « Exécuter » runs in the browser, and pdf.js, which draws the pages of a PDF there.
//! `cargo run --profile native --package atelier-browser-files`.
//!
//! A file beside each component pins version and integrity. A tarball comes from npm's registry over HTTPS, without npm,
//! and is kept in `.atelier/tools`, so that a later build needs no network. When it cannot be had, its folder stays empty,
//! the page does without, and the build goes on: the program says why and succeeds.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;
use sha2::{Digest as _, Sha512};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// What is taken from one package.
struct Bundle {
    /// Its name on npm, as a file name.
    name: &'static str,
    /// The file that pins it, from the root. A copy of it in the folder says that the folder is whole.
    pinned: &'static str,
    folder: &'static str,
    /// Paths in the package. Served packed, as `<name>.gz`: every browser accepts gzip.
    packed: &'static [&'static str],
    /// Packed by itself.
    as_it_is: &'static [&'static str],
    /// What the pages lack without it.
    lacking: &'static str,
}

const BUNDLES: [Bundle; 2] = [
    Bundle {
        name: "pyodide",
        pinned: "components/llm/pyodide.json",
        folder: "target/pyodide",
        packed: &["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"],
        as_it_is: &["python_stdlib.zip"],
        lacking: "« Exécuter » is not offered",
    },
    Bundle {
        name: "pdfjs-dist",
        pinned: "components/ocr/pdfjs.json",
        folder: "target/pdfjs",
        packed: &[
            "legacy/build/pdf.min.mjs",
            "legacy/build/pdf.worker.min.mjs",
            "wasm/jbig2_nowasm_fallback.js",
            "wasm/openjpeg_nowasm_fallback.js",
        ],
        as_it_is: &[],
        lacking: "a PDF is shown by the browser's own viewer, and no figure is cut out of it",
    },
];
/// Pyodide's tarball has 6 MB, and its files 14 MB; that of pdf.js 10 and 45.
const BYTES_MAX: u64 = 64 << 20;
const TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
struct Pinned {
    version: String,
    tarball: String,
    /// As npm writes it: `sha512-` and base64.
    integrity: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atelier-browser-files: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    BUNDLES.iter().try_for_each(|bundle| bundle.bring(&root))
}

impl Bundle {
    fn bring(&self, root: &Path) -> Result<()> {
        let pinned_file = root.join(self.pinned);
        let pinned =
            fs::read(&pinned_file).with_context(|| format!("cannot read {}", pinned_file.display()))?;
        let folder = root.join(self.folder);
        if fs::read(folder.join(self.mark())).is_ok_and(|there| there == pinned) {
            return Ok(());
        }
        // spin.toml names it, so it has to exist.
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let Pinned { version, tarball, integrity } =
            serde_json::from_slice(&pinned).with_context(|| format!("in {}", pinned_file.display()))?;
        let file = format!("{}-{version}.tgz", self.name);
        match archive(&root.join(".atelier/tools").join(&file), &tarball, &integrity) {
            Ok(archive) => self
                .lay_out(&archive, &pinned, &folder)
                .with_context(|| format!("the tarball of {} cannot be unpacked", self.name)),
            Err(error) => {
                eprintln!(
                    "  {}: {} {version} cannot be fetched ({error:#}). Everything else is built; to have it, build again \
                     with a network, or put {tarball} at .atelier/tools/{file}.",
                    self.lacking, self.name
                );
                Ok(())
            }
        }
    }

    /// The name of the copy of what is pinned.
    fn mark(&self) -> &'static str {
        base(self.pinned)
    }

    /// Writes the files that are served, and the copy of what is pinned last.
    fn lay_out(&self, archive: &[u8], pinned: &[u8], folder: &Path) -> Result<()> {
        let mut missing = [self.packed, self.as_it_is].concat();
        for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            let Some(index) = missing.iter().position(|name| path == Path::new("package").join(name)) else {
                continue;
            };
            let name = missing.swap_remove(index);
            let mut bytes = Vec::new();
            entry.by_ref().take(BYTES_MAX).read_to_end(&mut bytes)?;
            if self.as_it_is.contains(&name) {
                write(&folder.join(base(name)), &bytes)?;
            } else {
                write(&folder.join(format!("{}.gz", base(name))), &pack(&bytes)?)?;
            }
        }
        if !missing.is_empty() {
            bail!("it lacks {}", missing.join(", "));
        }
        write(&folder.join(self.mark()), pinned)
    }
}

/// The last part of a path.
fn base(path: &'static str) -> &'static str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The tarball, from the file where it is kept or from the network; checked in either case.
fn archive(kept: &Path, address: &str, integrity: &str) -> Result<Vec<u8>> {
    match fs::read(kept) {
        Ok(bytes) if check(&bytes, integrity).is_ok() => return Ok(bytes),
        Ok(_) => eprintln!("  {} is not what is pinned; it is fetched again.", kept.display()),
        Err(_) => {}
    }
    let bytes = fetch(address)?;
    check(&bytes, integrity)?;
    if let Some(parent) = kept.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    write(kept, &bytes)?;
    Ok(bytes)
}

/// With the machine's certificates, so that a proxy of a school or a company works; `HTTPS_PROXY` is honoured.
fn fetch(address: &str) -> Result<Vec<u8>> {
    let certificates = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = certificates.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let roots = if roots.is_empty() { RootCerts::WebPki } else { RootCerts::from(roots) };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .https_only(true)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(TIMEOUT))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into();
    let mut response = agent.get(address).call().with_context(|| format!("from {address}"))?;
    let bytes = response.body_mut().with_config().limit(BYTES_MAX).read_to_vec();
    bytes.with_context(|| format!("from {address}"))
}

fn check(bytes: &[u8], integrity: &str) -> Result<()> {
    let expected = integrity.strip_prefix("sha512-").context("the pinned integrity is no sha512")?;
    let found = STANDARD.encode(Sha512::digest(bytes));
    if found != expected {
        bail!("its integrity is sha512-{found}, and sha512-{expected} is pinned");
    }
    Ok(())
}

/// The same bytes for the same content: no time and no name.
fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// By rename, so that no reader sees half a file.
fn write(place: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = PathBuf::from(format!("{}.{}.new", place.display(), std::process::id()));
    fs::write(&fresh, bytes)
        .and_then(|()| fs::rename(&fresh, place))
        .with_context(|| format!("cannot write {}", place.display()))
        .inspect_err(|_| match fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                eprintln!("  cannot remove {}", fresh.display());
            }
            _ => {}
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("atelier-browser-files-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A tarball as npm makes them.
    fn tarball(files: &[&str]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for name in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(name.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, format!("package/{name}"), name.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn integrity(bytes: &[u8]) -> String {
        format!("sha512-{}", STANDARD.encode(Sha512::digest(bytes)))
    }

    const FILES: [&str; 4] = ["package.json", "legacy/a.mjs", "b.zip", "a.mjs"];
    const BUNDLE: Bundle = Bundle {
        name: "a",
        pinned: "components/x/a.json",
        folder: "target/a",
        packed: &["legacy/a.mjs"],
        as_it_is: &["b.zip"],
        lacking: "",
    };

    #[test]
    fn what_is_served_is_laid_out_and_nothing_else() {
        let folder = scratch("layout");
        BUNDLE.lay_out(&tarball(&FILES), b"pinned", &folder).unwrap();
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["a.json", "a.mjs.gz", "b.zip"]);
        let mut unpacked = String::new();
        let packed = fs::read(folder.join("a.mjs.gz")).unwrap();
        GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, "legacy/a.mjs");
        assert_eq!(fs::read(folder.join("b.zip")).unwrap(), b"b.zip");
        assert_eq!(fs::read(folder.join("a.json")).unwrap(), b"pinned");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_tarball_that_lacks_a_file_is_refused_and_not_marked_as_whole() {
        let folder = scratch("lacking");
        let error = BUNDLE.lay_out(&tarball(&FILES[..2]), b"pinned", &folder).unwrap_err();
        assert!(error.to_string().contains("b.zip"), "{error}");
        assert!(!folder.join(BUNDLE.mark()).exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_kept_tarball_needs_no_network_and_another_one_is_not_taken() {
        let folder = scratch("kept");
        let kept = folder.join("pyodide.tgz");
        let bytes = tarball(&FILES);
        fs::write(&kept, &bytes).unwrap();
        // Nothing listens there.
        let nowhere = "https://127.0.0.1:9/pyodide.tgz";
        assert_eq!(archive(&kept, nowhere, &integrity(&bytes)).unwrap(), bytes);
        let error = archive(&kept, nowhere, &integrity(b"other")).unwrap_err();
        assert!(format!("{error:#}").contains(nowhere), "{error:#}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn integrity_is_checked() {
        assert!(check(b"a", &integrity(b"a")).is_ok());
        let error = check(b"a", &integrity(b"b")).unwrap_err().to_string();
        assert!(error.contains(&integrity(b"a")) && error.contains(&integrity(b"b")), "{error}");
        assert!(check(b"a", "md5-x").is_err());
    }

    #[test]
    fn plain_http_is_refused() {
        assert!(fetch("http://127.0.0.1:9/pyodide.tgz").is_err());
    }

    #[test]
    fn what_is_pinned_is_of_one_version() {
        for Bundle { name, pinned, .. } in BUNDLES {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(pinned);
            let pinned: Pinned = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            assert!(
                pinned.tarball.ends_with(&format!("/{name}-{}.tgz", pinned.version)),
                "{}",
                pinned.tarball
            );
            assert_eq!(STANDARD.decode(pinned.integrity.strip_prefix("sha512-").unwrap()).unwrap().len(), 64);
        }
    }
}
