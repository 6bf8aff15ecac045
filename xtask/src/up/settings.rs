//! Which `SPIN_VARIABLE_…` the runtime gets: the user's values win, the others are of what xtask started.

use secrecy::{ExposeSecret as _, SecretString};

use super::database::Database;
use super::environment::{Environment, variable};
use crate::mocks::Addresses;

/// What xtask started.
pub(crate) struct Settings<'a> {
    pub(crate) database: Option<&'a Database>,
    pub(crate) mocks: Option<&'a Addresses>,
    pub(crate) service_key: &'a SecretString,
}

impl Settings<'_> {
    /// The variables to add to the environment, without those that the user set.
    pub(crate) fn variables(&self, environment: &Environment) -> Vec<(String, String)> {
        let mut found: Vec<(&str, String)> =
            vec![("SERVICE_KEY", self.service_key.expose_secret().to_owned())];
        if let Some(database) = self.database {
            found.extend([
                ("DB_HOST", database.host.clone()),
                ("DB_PORT", database.port.to_string()),
                ("DB_NAME", database.name.clone()),
                ("DB_USER", database.user.clone()),
                ("DB_PASSWORD", database.password.expose_secret().to_owned()),
                ("DB_SSLMODE", database.sslmode.to_owned()),
            ]);
        }
        let simulated = environment.simulated();
        if let Some(mocks) = self.mocks {
            if simulated.make {
                found.push(("WEBHOOK_URL", mocks.webhook_url.clone()));
                found.push(("WEBHOOK_ORIGIN", mocks.webhook_origin.clone()));
            }
            if simulated.gemini {
                found.push(("GEMINI_AI_API_KEY", "simulated".to_owned()));
                found.push(("GEMINI_ORIGIN", mocks.gemini_origin.clone()));
            }
        }
        // llm may connect to the origin of the user's webhook only.
        if let Some(origin) = environment.webhook_url().and_then(origin) {
            found.push(("WEBHOOK_ORIGIN", origin));
        }
        // And not to Make.com at all when a chat API is asked in its place.
        if environment.chat_api().is_some() {
            found.push(("WEBHOOK_ORIGIN", String::new()));
        }
        found
            .into_iter()
            .filter(|(name, _)| !environment.sets(name))
            .map(|(name, value)| (variable(name), value))
            .collect()
    }
}

/// `https://hook.eu2.make.com/abc` gives `https://hook.eu2.make.com`.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    if host.is_empty() { None } else { Some(format!("{scheme}://{host}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets;

    fn environment(set: &[(&str, &str)]) -> Environment {
        Environment::of(set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn variables(set: &[(&str, &str)]) -> Vec<(String, String)> {
        let addresses = Addresses {
            webhook_url: "http://127.0.0.1:1/hook".to_owned(),
            webhook_origin: "http://127.0.0.1:1".to_owned(),
            gemini_origin: "http://127.0.0.1:2".to_owned(),
            openai_origin: "http://127.0.0.1:3".to_owned(),
        };
        let key = secrets::generate().unwrap();
        let database = Database::parse("postgres://ann:pass@127.0.0.1:5433/atelier").unwrap();
        let settings = Settings { database: Some(&database), mocks: Some(&addresses), service_key: &key };
        settings.variables(&environment(set))
    }

    fn value(variables: &[(String, String)], name: &str) -> Option<String> {
        variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn with_nothing_set_every_value_is_of_what_xtask_started() {
        let found = variables(&[("PATH", "/bin")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_ORIGIN").unwrap(), "http://127.0.0.1:1");
        assert_eq!(value(&found, "SPIN_VARIABLE_GEMINI_ORIGIN").unwrap(), "http://127.0.0.1:2");
        assert_eq!(value(&found, "SPIN_VARIABLE_DB_PORT").unwrap(), "5433");
        assert_eq!(value(&found, "SPIN_VARIABLE_DB_SSLMODE").unwrap(), "disable");
        assert_eq!(value(&found, "SPIN_VARIABLE_SERVICE_KEY").unwrap().len(), 64);
    }

    #[test]
    fn a_variable_that_the_user_set_is_not_set_again() {
        let found = variables(&[("SPIN_VARIABLE_SERVICE_KEY", ""), ("SPIN_VARIABLE_DB_PASSWORD", "x")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_SERVICE_KEY"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_DB_PASSWORD"), None);
    }

    #[test]
    fn a_real_key_replaces_its_own_mock_only() {
        let found = variables(&[("SPIN_VARIABLE_GEMINI_AI_API_KEY", "real")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_GEMINI_ORIGIN"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_URL").unwrap(), "http://127.0.0.1:1/hook");
        let found = variables(&[("SPIN_VARIABLE_WEBHOOK_URL", "https://hook.eu2.make.com/abc?x=1")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_URL"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_ORIGIN").unwrap(), "https://hook.eu2.make.com");
        assert_eq!(value(&found, "SPIN_VARIABLE_GEMINI_AI_API_KEY").unwrap(), "simulated");
        let found = variables(&[("SPIN_VARIABLE_LLM_OPENAI_ORIGIN", "http://127.0.0.1:11434")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_URL"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_ORIGIN").unwrap(), "");
    }

    #[test]
    fn an_origin_is_scheme_and_host_without_credentials() {
        assert_eq!(
            origin("https://u:p@hook.make.com:8443/a?b").as_deref(),
            Some("https://hook.make.com:8443")
        );
        assert_eq!(origin("hook.make.com/a"), None);
        assert_eq!(origin("https:///a"), None);
    }
}
