//! `spin.toml` as data: read, changed by a test, written beside the test with absolute paths.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::settings;
use crate::trapping_component::trap_everywhere;

/// A manifest that can be changed before the runtime reads it.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Where it was read.
    folder: PathBuf,
    table: Table,
    /// Components whose program is to trap.
    trapping: Vec<String>,
}

impl Manifest {
    /// The manifest of this run, its component sources made absolute.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn load() -> Self {
        let path = settings::spin_toml();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let folder = fs::canonicalize(&path).ok().and_then(|path| path.parent().map(Path::to_path_buf));
        let folder = folder.unwrap_or_default();
        let mut manifest = Self {
            folder: folder.clone(),
            table: text.parse().unwrap_or_else(|error| panic!("spin.toml: {error}")),
            trapping: Vec::new(),
        };
        for (_, component) in manifest.section("component").iter_mut() {
            if let Some(source) = component.get_mut("source")
                && let Some(relative) = source.as_str()
            {
                *source = Value::String(folder.join(relative).to_string_lossy().into_owned());
            }
            // The tests do not build.
            component.as_table_mut().and_then(|component| component.remove("build"));
        }
        manifest
    }

    /// The names of the components.
    #[must_use]
    pub fn components(&self) -> Vec<String> {
        self.table["component"].as_table().map(|all| all.keys().cloned().collect()).unwrap_or_default()
    }

    /// `(route, component)` of every HTTP trigger.
    #[must_use]
    pub fn routes(&self) -> Vec<(String, String)> {
        let triggers = self.table["trigger"]["http"].as_array().cloned().unwrap_or_default();
        let text = |trigger: &Value, key: &str| trigger[key].as_str().unwrap_or_default().to_owned();
        triggers.iter().map(|trigger| (text(trigger, "route"), text(trigger, "component"))).collect()
    }

    /// A component's table, to be changed.
    ///
    /// # Panics
    /// When the manifest has no such component.
    pub fn component(&mut self, name: &str) -> &mut Table {
        let component = self.section("component").get_mut(name).and_then(Value::as_table_mut);
        component.unwrap_or_else(|| panic!("spin.toml has no component `{name}`"))
    }

    /// Sets one variable of a component, whatever the application's variable says.
    ///
    /// # Panics
    /// When the component has no variables.
    pub fn bind(&mut self, component: &str, variable: &str, value: &str) {
        let variables = self.component(component).get_mut("variables").and_then(Value::as_table_mut);
        variables.expect("a component with variables").insert(variable.into(), Value::String(value.into()));
    }

    /// Replaces a component's program by one that traps on every call.
    pub fn make_trap(&mut self, name: &str) {
        self.trapping.push(name.to_owned());
    }

    fn section(&mut self, name: &str) -> &mut Table {
        let section = self.table.get_mut(name).and_then(Value::as_table_mut);
        section.unwrap_or_else(|| panic!("spin.toml has no `{name}`"))
    }

    /// Writes the manifest, and the programs made for it, into `folder`.
    pub(crate) fn write(mut self, folder: &Path) -> PathBuf {
        for name in std::mem::take(&mut self.trapping) {
            let source = self.component(&name)["source"].as_str().unwrap_or_default().to_owned();
            let program = fs::read(&source).unwrap_or_else(|error| panic!("{source}: {error}"));
            let path = folder.join(format!("{name}-trap.wasm"));
            write(&path, &trap_everywhere(&program));
            self.component(&name).insert("source".into(), Value::String(path.to_string_lossy().into_owned()));
        }
        // Spin mounts only what is within the manifest's folder, and follows a link on the way there.
        let components: Vec<_> = self.section("component").values().cloned().collect();
        for mount in components.iter().filter_map(|component| component.get("files")?.as_array()).flatten() {
            let parent =
                Path::new(mount["source"].as_str().unwrap_or_default()).parent().unwrap_or(Path::new(""));
            let link = folder.join(parent);
            if !link.exists() {
                symlink(self.folder.join(parent), &link)
                    .unwrap_or_else(|error| panic!("{}: {error}", link.display()));
            }
        }
        let path = folder.join("spin.toml");
        write(&path, self.table.to_string().as_bytes());
        path
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
