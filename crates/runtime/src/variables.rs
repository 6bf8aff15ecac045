//! The application's variables: where their values come from and what each component sees of them.
//!
//! Order of precedence, as in Spin: `--variable name=value`, then the environment's
//! `SPIN_VARIABLE_<NAME>`, then the manifest's default. Everything is resolved once, at start-up, because
//! none of these sources changes while the process runs; a wrong template is found before the first request.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use crate::manifest::Manifest;
use crate::template::Template;

/// The prefix of environment variables that set an application variable.
pub const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// The values of the application's variables.
#[derive(Debug, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

/// Why a guest's `spin:variables/variables.get` fails. The texts are Spin's, because guests log them.
#[derive(Debug, PartialEq, Eq)]
pub enum GetError {
    InvalidName(String),
    Undefined(String),
}

/// What one component sees: its own names with their resolved values.
#[derive(Debug, Default)]
pub struct ComponentVariables {
    component: String,
    values: BTreeMap<String, String>,
}

impl Variables {
    /// Gathers the values of everything under `[variables]`.
    ///
    /// # Errors
    /// A name that is not lower snake case, a `required` variable without a value, an override of a
    /// variable the manifest does not have.
    pub fn resolve(
        manifest: &Manifest,
        overrides: &BTreeMap<String, String>,
        environment: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<Self> {
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, declared) in &manifest.variables {
            check_name(name).map_err(|reason| {
                anyhow::anyhow!("rename the variable {name:?} in [variables]: it {reason}")
            })?;
            let from_environment = format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase());
            let value = match overrides.get(name) {
                Some(value) => Some(value.clone()),
                None => environment(&from_environment)?.or_else(|| declared.default.clone()),
            };
            match value {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => missing.push(from_environment),
            }
        }
        if !missing.is_empty() {
            bail!(
                "this application has required variables without a value: set {} in the environment, or pass --variable name=value",
                missing.join(", ")
            );
        }
        if let Some(unknown) = overrides.keys().find(|name| !manifest.variables.contains_key(*name)) {
            bail!(
                "--variable {unknown}=… names no variable of this application: add it under [variables] or drop it"
            );
        }
        Ok(Self { values })
    }

    /// # Errors
    /// A name that is not under `[variables]`.
    pub fn value(&self, name: &str) -> Result<String> {
        self.values.get(name).cloned().with_context(|| {
            format!(
                "the template variable {name:?} is not declared: add it under [variables] or correct the name"
            )
        })
    }

    /// Resolves what `[component.<id>.variables]` gives to that component.
    ///
    /// # Errors
    /// A bad name, a bad template or an undeclared variable, each naming the component and the key.
    pub fn of_component(&self, id: &str, declared: &BTreeMap<String, String>) -> Result<ComponentVariables> {
        let mut values = BTreeMap::new();
        for (name, source) in declared {
            let place = || format!("in [component.{id}.variables], {name}");
            check_name(name)
                .map_err(|reason| anyhow::anyhow!("the name {reason}; rename it"))
                .with_context(place)?;
            let value = Template::parse(source)
                .and_then(|template| template.resolve(|name| self.value(name)))
                .with_context(place)?;
            values.insert(name.clone(), value);
        }
        Ok(ComponentVariables { component: id.to_owned(), values })
    }
}

impl ComponentVariables {
    /// # Errors
    /// A name that cannot be one, or one the component was not given.
    pub fn get(&self, name: &str) -> Result<String, GetError> {
        check_name(name).map_err(|reason| GetError::InvalidName(format!("{name:?}: {reason}")))?;
        self.values
            .get(name)
            .cloned()
            .ok_or_else(|| GetError::Undefined(format!("no variable for {:?}.{name:?}", self.component)))
    }
}

/// Lower snake case: starts with a letter, single underscores inside, ends with a letter or digit.
fn check_name(name: &str) -> Result<(), String> {
    let Some((first, last)) = name.chars().next().zip(name.chars().last()) else {
        return Err("must not be empty".to_owned());
    };
    if let Some(wrong) = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
        return Err(format!(
            "invalid character {wrong:?}. Variable names may contain only lower-case letters, numbers, and underscores."
        ));
    }
    if !first.is_ascii_lowercase() {
        return Err("must start with a lowercase ASCII letter".to_owned());
    }
    if !last.is_ascii_alphanumeric() {
        return Err("must end with a lowercase ASCII letter or digit".to_owned());
    }
    if name.contains("__") {
        return Err("must not contain multiple consecutive underscores".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "t"
        [variables]
        db_host = { default = "localhost" }
        token = { required = true, secret = true }
        empty = { default = "" }
        [[trigger.http]]
        route = "/..."
        component = "a"
        [component.a]
        source = "a.wasm"
        [component.a.variables]
        url = "postgres://{{ db_host }}/x"
        token = "{{ token }}"
    "#;

    fn variables(overrides: &[(&str, &str)], environment: &[(&str, &str)]) -> Result<Variables> {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let overrides = overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let environment: BTreeMap<_, _> = environment.iter().copied().collect();
        Variables::resolve(&manifest, &overrides, |name| Ok(environment.get(name).map(|v| (*v).to_owned())))
    }

    #[test]
    fn the_command_line_wins_over_the_environment_which_wins_over_the_default() {
        let token = ("SPIN_VARIABLE_TOKEN", "t");
        let host = |overrides: &[_], environment: &[_]| {
            variables(overrides, environment).unwrap().value("db_host").unwrap()
        };
        assert_eq!(host(&[], &[token]), "localhost");
        assert_eq!(host(&[], &[token, ("SPIN_VARIABLE_DB_HOST", "env")]), "env");
        assert_eq!(host(&[("db_host", "cli")], &[token, ("SPIN_VARIABLE_DB_HOST", "env")]), "cli");
        assert_eq!(host(&[], &[token, ("SPIN_VARIABLE_DB_HOST", "")]), "", "set but empty is a value");
    }

    #[test]
    fn a_required_variable_that_nobody_sets_stops_the_start() {
        let message = variables(&[], &[]).unwrap_err().to_string();
        assert!(message.contains("SPIN_VARIABLE_TOKEN"), "{message}");
    }

    #[test]
    fn an_override_of_an_unknown_variable_is_refused() {
        let error = variables(&[("nosuch", "1")], &[("SPIN_VARIABLE_TOKEN", "t")]).unwrap_err();
        assert!(error.to_string().contains("nosuch"), "{error}");
    }

    #[test]
    fn a_component_sees_its_own_names_only() {
        let all = variables(&[("token", "s3cret")], &[]).unwrap();
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let component = all.of_component("a", &manifest.components["a"].variables).unwrap();
        assert_eq!(component.get("url").unwrap(), "postgres://localhost/x");
        assert_eq!(component.get("token").unwrap(), "s3cret");
        let undefined = GetError::Undefined(r#"no variable for "a"."db_host""#.to_owned());
        assert_eq!(component.get("db_host").unwrap_err(), undefined);
    }

    #[test]
    fn a_template_with_an_undeclared_variable_names_the_component_and_the_key() {
        let all = variables(&[("token", "t")], &[]).unwrap();
        let declared = BTreeMap::from([("key".to_owned(), "{{ nosuch }}".to_owned())]);
        let message = format!("{:#}", all.of_component("a", &declared).unwrap_err());
        assert!(
            message.contains("component.a") && message.contains("key") && message.contains("nosuch"),
            "{message}"
        );
    }

    #[test]
    fn names_follow_spins_rule() {
        for name in ["a", "abc", "a1b2c3", "a_1", "a_1_b_3"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "aX", "1bc", "_x", "x.y", "x_", "a__b", "x-y", "é"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        let component = ComponentVariables::default();
        assert!(
            matches!(component.get("not-a-name"), Err(GetError::InvalidName(text)) if text.starts_with("\"not-a-name\": "))
        );
    }
}
