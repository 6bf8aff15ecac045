//! `spin.toml`, manifest version 2: the part of it that Atelier uses.
//!
//! Unknown keys are errors, as in Spin, so a typing mistake cannot pass for a setting. Keys that Spin knows
//! and this runtime does not implement (key-value stores, dependencies …) are errors too, with a hint
//! to use Spin: ignoring one would give a component less than it was promised.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

#[derive(Debug)]
pub struct Manifest {
    pub name: String,
    pub version: Option<String>,
    pub variables: BTreeMap<String, Variable>,
    /// In the order of the manifest: of two equal routes the later one wins.
    pub triggers: Vec<HttpTrigger>,
    pub components: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Debug)]
pub struct HttpTrigger {
    pub component: String,
    /// `None` is a private endpoint: reached by service chaining only.
    pub route: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The path of the `.wasm` file, relative to the manifest.
    pub source: String,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// The folders that it may read.
    #[serde(default)]
    pub files: Vec<Mount>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "build")]
    _build: Option<toml::Table>,
    #[serde(rename = "tool")]
    _tool: Option<toml::Table>,
    #[serde(rename = "targets")]
    _targets: Option<toml::Value>,
}

/// A folder of this machine, and where the component sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Relative to the manifest.
    pub source: String,
    pub destination: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "spin_manifest_version")]
    _spin_manifest_version: toml::Value,
    application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    trigger: BTreeMap<String, Vec<toml::Table>>,
    #[serde(default)]
    component: BTreeMap<String, toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
    #[serde(rename = "tool")]
    _tool: Option<toml::Table>,
    #[serde(rename = "targets")]
    _targets: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTrigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    component: Option<String>,
    route: Route,
    #[serde(rename = "executor")]
    _executor: Option<Executor>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Route {
    Pattern(String),
    Private { private: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "type")]
enum Executor {
    #[serde(alias = "spin")]
    Http,
}

/// Keys of `[component.<id>]` that Spin implements and this runtime does not.
const SPIN_ONLY_COMPONENT_KEYS: [&str; 9] = [
    "ai_models",
    "allowed_http_hosts",
    "dependencies",
    "dependencies_inherit_configuration",
    "exclude_files",
    "key_value_stores",
    "middleware",
    "profile",
    "sqlite_databases",
];

impl Manifest {
    /// # Errors
    /// A file that cannot be read, or anything [`Manifest::parse`] refuses; the message names the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the manifest {}: give its path with -f", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    /// # Errors
    /// Not TOML, another manifest version, an unknown key, a trigger without a component, a component
    /// setting that only Spin implements.
    pub fn parse(text: &str) -> Result<Self> {
        let version = toml::from_str::<toml::Table>(text).map_err(|error| located(text, &error))?;
        match version.get("spin_manifest_version") {
            Some(toml::Value::Integer(2)) => {}
            Some(other) => {
                bail!("spin_manifest_version is {other}: write version 2, the only one supported here")
            }
            None => {
                bail!("there is no spin_manifest_version: begin the file with 'spin_manifest_version = 2'")
            }
        }
        let document: Document = toml::from_str(text).map_err(|error| located(text, &error))?;
        for (name, variable) in &document.variables {
            if variable.required == variable.default.is_some() {
                bail!(
                    "the variable {name:?} needs either 'default = \"…\"' or 'required = true', and not both"
                );
            }
        }
        let components = document
            .component
            .into_iter()
            .map(|(id, table)| Ok((id.clone(), component(&id, table)?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        let mut triggers = Vec::new();
        for (kind, tables) in document.trigger {
            if kind != "http" {
                bail!(
                    "[[trigger.{kind}]] is not implemented here: use only [[trigger.http]], or run this application with Spin"
                );
            }
            for table in tables {
                triggers.push(trigger(table, &components)?);
            }
        }
        if triggers.is_empty() {
            bail!("there is no [[trigger.http]]: add one with a route and a component");
        }
        Ok(Self {
            name: document.application.name,
            version: document.application.version,
            variables: document.variables,
            triggers,
            components,
        })
    }
}

fn component(id: &str, table: toml::Table) -> Result<Component> {
    check_component_id(id)?;
    if let Some(key) = SPIN_ONLY_COMPONENT_KEYS.iter().find(|key| table.contains_key(**key)) {
        bail!(
            "[component.{id}] has {key:?}, which the embedded runtime does not implement: remove it, or run this application with Spin"
        );
    }
    if table.get("source").is_some_and(toml::Value::is_table) {
        bail!(
            "[component.{id}] has a remote source: give the path of a local .wasm file, or run this application with Spin"
        );
    }
    let files = table.get("files").and_then(toml::Value::as_array).into_iter().flatten();
    if let Some(pattern) = files.filter_map(toml::Value::as_str).next() {
        bail!(
            "[component.{id}] mounts the files {pattern:?} by their names: name a folder and where it is seen, \
             as in {{ source = \"folder\", destination = \"/folder\" }}, or run this application with Spin"
        );
    }
    table.try_into().map_err(|error: toml::de::Error| anyhow!("in [component.{id}], {}", error.message()))
}

fn trigger(table: toml::Table, components: &BTreeMap<String, Component>) -> Result<HttpTrigger> {
    let described = match table.get("route") {
        Some(route) => format!("the [[trigger.http]] of route {route}"),
        None => bail!("a [[trigger.http]] has no route: add 'route = \"/...\"'"),
    };
    if table.get("component").is_some_and(toml::Value::is_table) {
        bail!("{described} defines its component inline: move it to a [component.<id>] of its own");
    }
    if table.contains_key("static_response") {
        bail!(
            "{described} has a static_response, which the embedded runtime does not implement: run this application with Spin"
        );
    }
    let raw: RawTrigger =
        table.try_into().map_err(|error: toml::de::Error| anyhow!("in {described}, {}", error.message()))?;
    let Some(component) = raw.component else {
        bail!("{described} has no component: add 'component = \"<id>\"'");
    };
    if !components.contains_key(&component) {
        let known = components.keys().cloned().collect::<Vec<_>>().join(", ");
        bail!(
            "{described} names the component {component:?}, which does not exist: add [component.{component}] or name one of: {known}"
        );
    }
    let route = match raw.route {
        Route::Pattern(route) => Some(route),
        Route::Private { private: true } => None,
        Route::Private { private: false } => bail!("{described} must be a string or '{{ private = true }}'"),
    };
    Ok(HttpTrigger { component, route })
}

/// Kebab case, as in Spin: words of letters and digits, each beginning with a letter, joined by single dashes.
fn check_component_id(id: &str) -> Result<()> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
            && (word.chars().all(|c| !c.is_ascii_uppercase())
                || word.chars().all(|c| !c.is_ascii_lowercase()))
    };
    if id.split('-').all(word) {
        return Ok(());
    }
    bail!(
        "rename the component {id:?}: an id is words of letters and digits, each beginning with a letter, joined by dashes"
    )
}

/// A TOML error in one line: the library's own message spans several with a drawing of the source.
fn located(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let line =
        error.span().map_or(0, |span| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1);
    let message = crate::logs::one_line(error.message());
    anyhow!("correct line {line}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
spin_manifest_version = 2
[application]
name = "demo"
version = "1.2.3"
[variables]
a = { default = "x" }
b = { required = true, secret = true, description = "d" }
[[trigger.http]]
route = "/one/..."
component = "one"
[[trigger.http]]
id = "second"
route = { private = true }
component = "two-more"
executor = { type = "http" }
[component.one]
source = "one.wasm"
allowed_outbound_hosts = ["https://*.make.com"]
[component.one.variables]
k = "{{ a }}"
[component.one.build]
command = "make"
watch = ["src"]
[component.two-more]
source = "two.wasm"
environment = { RUST_LOG = "info" }
files = [{ source = "static", destination = "/" }]
"#;

    #[test]
    fn a_complete_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!((manifest.name.as_str(), manifest.version.as_deref()), ("demo", Some("1.2.3")));
        assert_eq!(manifest.triggers[0].route.as_deref(), Some("/one/..."));
        assert_eq!(
            (manifest.triggers[1].route.as_deref(), manifest.triggers[1].component.as_str()),
            (None, "two-more")
        );
        assert_eq!(manifest.components["one"].allowed_outbound_hosts, ["https://*.make.com"]);
        assert_eq!(manifest.components["two-more"].environment["RUST_LOG"], "info");
        let mount = Mount { source: "static".to_owned(), destination: "/".to_owned() };
        assert_eq!(
            (&manifest.components["one"].files[..], &manifest.components["two-more"].files[..]),
            (&[][..], &[mount][..])
        );
        assert_eq!(manifest.variables["a"].default.as_deref(), Some("x"));
    }

    #[test]
    fn the_projects_own_manifest_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
        let manifest = Manifest::read(&path).unwrap();
        assert_eq!(manifest.components.keys().collect::<Vec<_>>(), ["auth", "llm", "ocr"]);
    }

    #[test]
    fn each_mistake_says_in_one_line_what_to_do() {
        for (from, to, expected) in [
            ("spin_manifest_version = 2", "spin_manifest_version = 1", "write version 2"),
            ("spin_manifest_version = 2", "spin_manifest_version = \"1\"", "write version 2"),
            ("spin_manifest_version = 2", "", "begin the file with"),
            ("version = \"1.2.3\"", "verzion = \"1.2.3\"", "unknown field `verzion`"),
            ("name = \"demo\"", "name = demo", "correct line 4"),
            ("a = { default = \"x\" }", "a = {}", "needs either"),
            ("a = { default = \"x\" }", "a = { default = \"x\", required = true }", "not both"),
            ("component = \"one\"", "component = \"nosuch\"", "component \"nosuch\", which does not exist"),
            ("component = \"one\"", "", "has no component"),
            ("component = \"one\"", "component = { source = \"x\" }", "inline"),
            ("component = \"one\"", "component = \"one\"\nrout = 1", "unknown field `rout`"),
            ("route = \"/one/...\"", "", "has no route"),
            ("route = { private = true }", "route = { private = false }", "private = true"),
            ("{ type = \"http\" }", "{ type = \"wagi\" }", "unknown variant `wagi`"),
            (
                "[[trigger.http]]\nroute = \"/one/...\"",
                "[[trigger.redis]]\nchannel = \"c\"\nroute=\"/\"",
                "trigger.redis",
            ),
            ("source = \"one.wasm\"", "source = { url = \"https://x\", digest = \"\" }", "remote source"),
            (
                "source = \"one.wasm\"",
                "source = \"one.wasm\"\nkey_value_stores = [\"default\"]",
                "run this application with Spin",
            ),
            (
                "source = \"one.wasm\"",
                "source = \"one.wasm\"\nallowed_hosts = []",
                "unknown field `allowed_hosts`",
            ),
            (
                "source = \"one.wasm\"",
                "source = \"one.wasm\"\nfiles = [\"static/*\"]",
                "mounts the files \"static/*\" by their names",
            ),
            (
                "source = \"one.wasm\"",
                "source = \"one.wasm\"\nfiles = [{ source = \"static\" }]",
                "missing field `destination`",
            ),
            ("source = \"one.wasm\"", "", "missing field `source`"),
            ("[component.two-more]", "[component.two_more]", "rename the component"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let message = format!("{:#}", Manifest::parse(&GOOD.replacen(from, to, 1)).unwrap_err());
            assert!(message.contains(expected), "{to:?} gave: {message}");
            assert!(!message.contains('\n'), "{message:?}");
        }
    }

    #[test]
    fn a_manifest_without_triggers_is_refused() {
        let text = "spin_manifest_version = 2\n[application]\nname = \"x\"\n";
        assert!(Manifest::parse(text).unwrap_err().to_string().contains("trigger.http"));
    }

    #[test]
    fn component_ids_are_kebab_case() {
        for id in ["a", "auth", "two-more", "a1-b2", "ABC-d"] {
            assert!(check_component_id(id).is_ok(), "{id}");
        }
        for id in ["", "-a", "a-", "a--b", "1a", "a_b", "a.b", "aB", "é"] {
            assert!(check_component_id(id).is_err(), "{id}");
        }
    }
}
