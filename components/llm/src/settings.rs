//! The variables of spin.toml as values. They are parsed once, at the edge.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use web::HttpUrl;

use crate::webhook::Webhook;

/// What the operator configured.
pub struct Settings {
    pub auth_url: String,
    pub service_key: SecretString,
    /// The webhook, or the variable because of which no question can be answered. The page needs auth, but not this.
    pub webhook: Result<Webhook, Misconfigured>,
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
    pub llm_tutor_modes: String,
}

impl Settings {
    #[must_use]
    pub fn parse(variables: Variables) -> Self {
        let webhook = webhook(&variables);
        let tutor_modes = switch("llm_tutor_modes", &variables.llm_tutor_modes);
        Self { auth_url: variables.auth_url, service_key: variables.service_key, webhook, tutor_modes }
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

fn webhook(variables: &Variables) -> Result<Webhook, Misconfigured> {
    // Without it auth reserves nothing.
    if variables.service_key.expose_secret().is_empty() {
        return Err(Misconfigured::Missing("service_key"));
    }
    let url = variables.webhook_url.expose_secret().trim();
    if url.is_empty() {
        return Err(Misconfigured::Missing("webhook_url"));
    }
    let url = HttpUrl::parse(url).ok_or(Misconfigured::Unusable("webhook_url"))?;
    let api_key = match variables.webhook_api_key.expose_secret().trim() {
        "" => None,
        key => {
            let mut key =
                HeaderValue::from_str(key).map_err(|_| Misconfigured::Unusable("webhook_api_key"))?;
            key.set_sensitive(true);
            Some(key)
        }
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
            let request = settings.webhook.ok().unwrap().request(&prompt, "");
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
                Settings::parse(variables(url, api_key)).webhook.err(),
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
        assert_eq!(Settings::parse(no_service_key).webhook.err(), Some(Missing("service_key")));
    }
}
