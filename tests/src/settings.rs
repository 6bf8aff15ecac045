//! What the environment says about this run. `cargo xtask test` sets these; alone, the defaults serve.
//!
//! | variable | default |
//! |---|---|
//! | `ATELIER_TEST_DATABASE_URL` | a private cluster, started once per process |
//! | `ATELIER_RUNTIME` | `embedded`; or `spin` |
//! | `ATELIER_RUNTIME_BIN` | `<target>/native/atelier-runtime`, or `spin` on the PATH |
//! | `ATELIER_SPIN_TOML` | `spin.toml` of the repository |

use std::path::{Path, PathBuf};

/// Which program serves the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeKind {
    Embedded,
    Spin,
}

/// The folder that holds `spin.toml`.
#[must_use]
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the rig is configured by xtask through the environment, here only"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(crate) fn database_url() -> Option<String> {
    variable("ATELIER_TEST_DATABASE_URL")
}

/// # Panics
/// When the variable names neither runtime.
pub(crate) fn runtime_kind() -> RuntimeKind {
    match variable("ATELIER_RUNTIME").as_deref() {
        None | Some("embedded") => RuntimeKind::Embedded,
        Some("spin") => RuntimeKind::Spin,
        Some(other) => panic!("ATELIER_RUNTIME is `{other}`; it can be `embedded` or `spin`"),
    }
}

pub(crate) fn runtime_binary() -> PathBuf {
    match (variable("ATELIER_RUNTIME_BIN"), runtime_kind()) {
        (Some(path), _) => path.into(),
        (None, RuntimeKind::Spin) => "spin".into(),
        (None, RuntimeKind::Embedded) => target().join("native/atelier-runtime"),
    }
}

/// The manifest under test.
#[must_use]
pub fn spin_toml() -> PathBuf {
    variable("ATELIER_SPIN_TOML").map_or_else(|| repository().join("spin.toml"), PathBuf::from)
}

/// The folders in which a program may lie.
pub(crate) fn search_path() -> Vec<PathBuf> {
    variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// The build folder: this program lies in its `debug/deps`.
fn target() -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    here.ancestors().nth(3).map_or_else(|| repository().join("target"), Path::to_path_buf)
}
