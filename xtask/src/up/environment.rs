//! The user's environment: which settings of Atelier it holds, and which upstreams are therefore mocks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

const PREFIX: &str = "SPIN_VARIABLE_";
/// Either switches traces on, in Spin and in the embedded runtime; the first wins.
const OTEL_ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The environment variables by name.
pub(crate) struct Environment(BTreeMap<String, String>);

/// Which upstreams are mocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Simulated {
    pub(super) make: bool,
    pub(super) gemini: bool,
}

impl Environment {
    pub(crate) fn read() -> Self {
        Self::of(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    pub(super) fn of(variables: impl Iterator<Item = (String, String)>) -> Self {
        Self(variables.collect())
    }

    /// One in which nothing is set, for tests.
    pub(crate) fn empty() -> Self {
        Self::of(std::iter::empty())
    }

    /// One in which these Spin variables are set, for tests and measurements.
    pub(crate) fn with(set: &[(&str, &str)]) -> Self {
        Self::of(set.iter().map(|(name, value)| (variable(name), (*value).to_owned())))
    }

    /// The same, but for these.
    #[cfg(feature = "bench")]
    pub(crate) fn and(&self, set: &[(&str, &str)]) -> Self {
        let mut all = self.0.clone();
        all.append(&mut Self::with(set).0);
        Self(all)
    }

    /// The receiver of traces that the user's `OTEL_…` name.
    pub(super) fn otel_endpoint(&self) -> Option<&str> {
        OTEL_ENDPOINTS.iter().find_map(|name| self.value(name))
    }

    /// The user's webhook.
    pub(super) fn webhook_url(&self) -> Option<&str> {
        self.value("SPIN_VARIABLE_WEBHOOK_URL")
    }

    /// The chat API that the user set in place of the webhook: its origin and its model.
    pub(super) fn chat_api(&self) -> Option<(&str, &str)> {
        let origin = self.value("SPIN_VARIABLE_LLM_OPENAI_ORIGIN")?;
        Some((origin, self.value("SPIN_VARIABLE_LLM_OPENAI_MODEL").unwrap_or_default()))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every Spin variable that is set.
    pub(super) fn settings(&self) -> impl Iterator<Item = (String, String)> {
        let set = self.0.iter().filter(|(name, _)| name.starts_with(PREFIX));
        set.map(|(name, value)| (name.clone(), value.clone()))
    }

    /// Whether the user's own database is named by variables.
    pub(crate) fn names_database(&self) -> bool {
        self.sets("DB_HOST")
    }

    pub(crate) fn simulated(&self) -> Simulated {
        let make = !self.sets("WEBHOOK_URL") && self.chat_api().is_none();
        Simulated { make, gemini: !self.sets("GEMINI_AI_API_KEY") }
    }

    /// Whether the user set this Spin variable. An empty value counts: it may switch something off.
    pub(super) fn sets(&self, name: &str) -> bool {
        self.0.contains_key(&variable(name))
    }
}

/// The environment variable of a Spin variable.
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{name}")
}

impl Simulated {
    pub(crate) fn any(self) -> bool {
        self.make || self.gemini
    }

    /// What `up` reports before the address.
    pub(crate) fn explain(
        self,
        runtime: &str,
        data: &Path,
        listen: SocketAddr,
        environment: &Environment,
    ) -> Vec<String> {
        let mut lines = vec![format!("Runtime: {runtime}. Data, logs and secrets: {}.", data.display())];
        if self.make {
            lines.push(
                "The Python helper's answers are SIMULATED: for real ones set SPIN_VARIABLE_WEBHOOK_URL to your Make.com webhook, or SPIN_VARIABLE_LLM_OPENAI_ORIGIN and SPIN_VARIABLE_LLM_OPENAI_MODEL to a chat API such as Ollama's.".to_owned(),
            );
        }
        if let Some((origin, model)) = environment.chat_api() {
            lines.push(format!("The Python helper asks the model {model:?} at {origin}."));
        }
        if self.gemini {
            lines.push(
                "The PDF converter's answers are SIMULATED: set SPIN_VARIABLE_GEMINI_AI_API_KEY to your Gemini key for real ones.".to_owned(),
            );
        }
        if !listen.ip().is_loopback() && !environment.sets("PUBLIC_ORIGIN") {
            lines.push(
                "Others can reach this address: set SPIN_VARIABLE_PUBLIC_ORIGIN to the https:// address they type, or signing in from elsewhere will not work.".to_owned(),
            );
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> Environment {
        Environment::of(set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn both_simulations_are_announced_and_real_ones_are_not() {
        let listen = "127.0.0.1:3000".parse().unwrap();
        let lines = |set: &[(&str, &str)]| {
            let environment = environment(set);
            environment.simulated().explain("embedded", Path::new("/x"), listen, &environment).join("\n")
        };
        assert_eq!(lines(&[]).matches("SIMULATED").count(), 2);
        let both =
            [("SPIN_VARIABLE_GEMINI_AI_API_KEY", "k"), ("SPIN_VARIABLE_WEBHOOK_URL", "https://h.make.com/a")];
        assert_eq!(lines(&both).matches("SIMULATED").count(), 0);
        let chat = [
            ("SPIN_VARIABLE_LLM_OPENAI_ORIGIN", "http://127.0.0.1:11434"),
            ("SPIN_VARIABLE_LLM_OPENAI_MODEL", "m"),
        ];
        let told = lines(&chat);
        assert!(told.contains("asks the model \"m\" at http://127.0.0.1:11434"), "{told}");
        assert_eq!(told.matches("SIMULATED").count(), 1, "the converter's");
    }

    #[test]
    fn the_endpoint_for_traces_wins_over_the_one_for_all_signals() {
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/v1/traces");
        assert_eq!(environment(&[all]).otel_endpoint(), Some(all.1));
        assert_eq!(environment(&[all, traces]).otel_endpoint(), Some(traces.1));
        assert_eq!(environment(&[(traces.0, "")]).otel_endpoint(), None);
    }
}
