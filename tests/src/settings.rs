//! What the environment says about this run. `cargo xtask test` sets these variables, and
//! `ATELIER_TEST_DATABASE_URL`; without them the defaults hold.
//!
//! | variable | default |
//! |---|---|
//! | `ATELIER_RUNTIME` | `embedded`; or `spin` |
//! | `ATELIER_RUNTIME_BIN` | `<target>/native/atelier-runtime`, or `spin` on the PATH |
//! | `ATELIER_SPIN_TOML` | `spin.toml` of the repository |

use std::path::{Path, PathBuf};

use crate::workspace::repository;

/// Which program serves the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuntimeKind {
    Embedded,
    Spin,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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

/// The build folder: this program is in its `debug/deps`.
fn target() -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    here.ancestors().nth(3).map_or_else(|| repository().join("target"), Path::to_path_buf)
}
