//! The variables of spin.toml as values. They are parsed once, at the edge.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use web::{HttpUrl, Origin};

use crate::chat::ChatApi;
use crate::provider::Provider;
use crate::webhook::Webhook;

/// The path of every OpenAI-compatible API.
const CHAT_PATH: &str = "/v1/chat/completions";
/// Longest name of a model, in bytes.
const MODEL_BYTES_MAX: usize = 256;

/// What the operator configured.
pub struct Settings {
    pub auth_url: String,
    pub service_key: SecretString,
    /// Who answers, or the variable because of which nobody can. The page needs auth, but not this.
    pub provider: Result<Provider, Misconfigured>,
    /// Whether the page offers the modes of a tutor.
    pub tutor_modes: Result<bool, Misconfigured>,
}

/// A variable that the operator has to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misconfigured {
    Missing(&'static str),
    /// It has a value that cannot be used.
    Unusable(&'static str),
}

/// The variables as text.
#[derive(Default)]
pub struct Variables {
    pub auth_url: String,
    pub service_key: SecretString,
    pub webhook_url: SecretString,
    pub webhook_api_key: SecretString,
    pub llm_openai_origin: String,
    pub llm_openai_key: SecretString,
    pub llm_openai_model: String,
    pub llm_tutor_modes: String,
}

impl Settings {
    #[must_use]
    pub fn parse(variables: Variables) -> Self {
        let provider = provider(&variables);
        let tutor_modes = switch("llm_tutor_modes", &variables.llm_tutor_modes);
        Self { auth_url: variables.auth_url, service_key: variables.service_key, provider, tutor_modes }
    }
}

/// `on` or `off`; empty is `on`.
fn switch(name: &'static str, value: &str) -> Result<bool, Misconfigured> {
    match value.trim() {
        "" | "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Misconfigured::Unusable(name)),
    }
}

/// The chat API when its origin is set, else the webhook.
fn provider(variables: &Variables) -> Result<Provider, Misconfigured> {
    // Without it auth reserves nothing.
    if variables.service_key.expose_secret().is_empty() {
        return Err(Misconfigured::Missing("service_key"));
    }
    let key = variables.llm_openai_key.expose_secret().trim();
    match (variables.llm_openai_origin.trim(), variables.llm_openai_model.trim()) {
        ("", "") if key.is_empty() => webhook(variables).map(Provider::Make),
        ("", _) => Err(Misconfigured::Missing("llm_openai_origin")),
        (origin, model) => chat(origin, key, model).map(Provider::Chat),
    }
}

fn chat(origin: &str, key: &str, model: &str) -> Result<ChatApi, Misconfigured> {
    let origin = Origin::parse(origin).ok_or(Misconfigured::Unusable("llm_openai_origin"))?;
    let url = HttpUrl::parse(&format!("{origin}{CHAT_PATH}"));
    let url = url.ok_or(Misconfigured::Unusable("llm_openai_origin"))?;
    if model.is_empty() {
        return Err(Misconfigured::Missing("llm_openai_model"));
    }
    if model.len() > MODEL_BYTES_MAX || model.chars().any(char::is_control) {
        return Err(Misconfigured::Unusable("llm_openai_model"));
    }
    let authorization = match key {
        "" => None,
        key => Some(secret_header("llm_openai_key", &format!("Bearer {key}"))?),
    };
    Ok(ChatApi::new(url, authorization, model.to_owned()))
}

fn secret_header(variable: &'static str, value: &str) -> Result<HeaderValue, Misconfigured> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Misconfigured::Unusable(variable))?;
    value.set_sensitive(true);
    Ok(value)
}

fn webhook(variables: &Variables) -> Result<Webhook, Misconfigured> {
    let url = variables.webhook_url.expose_secret().trim();
    if url.is_empty() {
        return Err(Misconfigured::Missing("webhook_url"));
    }
    let url = HttpUrl::parse(url).ok_or(Misconfigured::Unusable("webhook_url"))?;
    let api_key = match variables.webhook_api_key.expose_secret().trim() {
        "" => None,
        key => Some(secret_header("webhook_api_key", key)?),
    };
    Ok(Webhook::new(url, api_key))
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;
    use crate::conversation::Conversation;
    use crate::mode::Mode;
    use crate::prompt::Prompt;
    use crate::question::Question;

    static_assertions::assert_not_impl_any!(Settings: std::fmt::Debug);

    const URL: &str = " https://hook.eu2.make.com/secret\n";

    fn variables(url: &str, api_key: &str) -> Variables {
        Variables {
            auth_url: "http://auth.spin.internal".to_owned(),
            service_key: "service".into(),
            webhook_url: url.into(),
            webhook_api_key: api_key.into(),
            ..Variables::default()
        }
    }

    #[test]
    fn every_variable_is_read() {
        let question = Question::parse(Some("a")).unwrap();
        let prompt = Prompt::new(&Conversation::default(), &question, Mode::Answer, Lang::Fr);
        for (api_key, header) in [("", None), (" k1 ", Some("k1"))] {
            let settings = Settings::parse(variables(URL, api_key));
            assert_eq!(settings.auth_url, "http://auth.spin.internal");
            assert_eq!(settings.service_key.expose_secret(), "service");
            let Ok(Provider::Make(webhook)) = settings.provider else { panic!("the webhook is the default") };
            let request = webhook.request(&prompt, "");
            assert_eq!(request.uri(), URL.trim());
            assert_eq!(request.headers().get("x-make-apikey").map(|key| key.to_str().unwrap()), header);
            assert!(request.headers().get("x-make-apikey").is_none_or(HeaderValue::is_sensitive));
        }
    }

    #[test]
    fn a_variable_that_is_missing_or_unusable_is_named() {
        use Misconfigured::{Missing, Unusable};
        for (url, api_key, expected) in [
            ("", "", Missing("webhook_url")),
            ("  ", "", Missing("webhook_url")),
            ("hook.make.com/x", "", Unusable("webhook_url")),
            ("/x", "", Unusable("webhook_url")),
            ("ftp://a/x", "", Unusable("webhook_url")),
            ("https://a b", "", Unusable("webhook_url")),
            (URL, "a\nb", Unusable("webhook_api_key")),
        ] {
            assert_eq!(
                Settings::parse(variables(url, api_key)).provider.err(),
                Some(expected),
                "{url} {api_key}"
            );
        }
        for (value, expected) in
            [("", Ok(true)), (" on ", Ok(true)), ("off", Ok(false)), ("no", Err(Unusable("llm_tutor_modes")))]
        {
            let variables = Variables { llm_tutor_modes: value.to_owned(), ..variables(URL, "") };
            assert_eq!(Settings::parse(variables).tutor_modes, expected, "{value}");
        }
        let no_service_key = Variables { service_key: SecretString::default(), ..variables(URL, "") };
        assert_eq!(Settings::parse(no_service_key).provider.err(), Some(Missing("service_key")));
    }

    fn with_chat(origin: &str, key: &str, model: &str) -> Result<Provider, Misconfigured> {
        let chat = Variables {
            llm_openai_origin: origin.to_owned(),
            llm_openai_key: key.into(),
            llm_openai_model: model.to_owned(),
            ..variables(URL, "")
        };
        Settings::parse(chat).provider
    }

    #[test]
    fn a_chat_api_is_asked_in_place_of_the_webhook() {
        let question = Question::parse(Some("a")).unwrap();
        let prompt = Prompt::new(&Conversation::default(), &question, Mode::Answer, Lang::Fr);
        for (origin, uri) in [
            (" http://127.0.0.1:11434/\n", "http://127.0.0.1:11434/v1/chat/completions"),
            ("https://api.mistral.ai", "https://api.mistral.ai/v1/chat/completions"),
        ] {
            let Ok(Provider::Chat(api)) = with_chat(origin, " k ", "m") else { panic!("{origin}") };
            let request = api.request(&prompt, "");
            assert_eq!(request.uri(), uri);
            assert!(request.headers()["authorization"].is_sensitive());
            assert_eq!(request.headers()["authorization"], "Bearer k");
        }
    }

    #[test]
    fn a_chat_api_that_is_half_configured_is_not_replaced_by_the_webhook() {
        use Misconfigured::{Missing, Unusable};
        for (origin, key, model, expected) in [
            ("", "k", "", Missing("llm_openai_origin")),
            ("", "", "m", Missing("llm_openai_origin")),
            ("http://127.0.0.1:1", "k", " ", Missing("llm_openai_model")),
            ("127.0.0.1:1", "", "m", Unusable("llm_openai_origin")),
            ("http://127.0.0.1:1/v1", "", "m", Unusable("llm_openai_origin")),
            ("http://127.0.0.1:1", "", "m\u{7}", Unusable("llm_openai_model")),
            ("http://127.0.0.1:1", "a\nb", "m", Unusable("llm_openai_key")),
        ] {
            assert_eq!(with_chat(origin, key, model).err(), Some(expected), "{origin} {key} {model}");
        }
    }
}
