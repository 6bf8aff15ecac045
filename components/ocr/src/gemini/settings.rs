//! What the operator configured, parsed once per request at the edge.

use http::{HeaderValue, Uri};

use super::request::BadSetting;

/// The API key. Has no `Debug`, is never shown, and is only readable as the header it is sent in.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    pub fn header(&self) -> Result<HeaderValue, BadSetting> {
        let mut value = HeaderValue::from_str(&self.0)
            .map_err(|_| BadSetting("gemini_ai_api_key: not fit for a header".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The values of the variables, as read.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    pub gemini_ai_api_key: String,
    pub gemini_model: String,
    pub gemini_fallback_models: String,
    pub gemini_origin: String,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub key: ApiKey,
    /// Never empty: the model, then its fallbacks.
    pub models: Vec<String>,
    /// `https://host[:port]`, without a slash at the end.
    pub origin: String,
}

impl Settings {
    /// Parses the variables.
    ///
    /// # Errors
    /// The name of the variable that is missing or unusable.
    pub fn parse(variables: &Variables) -> Result<Self, &'static str> {
        let key = variables.gemini_ai_api_key.trim();
        if key.is_empty() {
            return Err("gemini_ai_api_key");
        }
        let origin = variables.gemini_origin.trim().trim_end_matches('/');
        let uri: Uri = origin.parse().map_err(|_| "gemini_origin")?;
        let is_origin = matches!(uri.scheme_str(), Some("http" | "https")) && matches!(uri.path(), "" | "/");
        if !is_origin || uri.query().is_some() {
            return Err("gemini_origin");
        }
        let mut models: Vec<String> = Vec::new();
        let names =
            [variables.gemini_model.as_str()].into_iter().chain(variables.gemini_fallback_models.split(','));
        for name in
            names.map(|name| name.trim().trim_start_matches("models/")).filter(|name| !name.is_empty())
        {
            if !models.iter().any(|known| known == name) {
                models.push(name.to_owned());
            }
        }
        if models.is_empty() {
            return Err("gemini_model");
        }
        Ok(Self { key: ApiKey(key.to_owned()), models, origin: origin.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        Variables {
            gemini_ai_api_key: " k ".into(),
            gemini_model: "m".into(),
            gemini_fallback_models: "n, m,,models/o".into(),
            gemini_origin: "https://g.example/".into(),
        }
    }

    #[test]
    fn good_variables_are_read() {
        let settings = Settings::parse(&variables()).unwrap();
        assert_eq!(
            (settings.models, settings.origin.as_str()),
            (vec!["m".into(), "n".into(), "o".into()], "https://g.example")
        );
    }

    #[test]
    fn a_missing_variable_is_named_and_the_key_is_never_shown() {
        let check = |change: fn(&mut Variables), expected| {
            let mut variables = variables();
            change(&mut variables);
            assert_eq!(Settings::parse(&variables).err(), Some(expected));
        };
        check(|variables| variables.gemini_ai_api_key.clear(), "gemini_ai_api_key");
        check(|variables| variables.gemini_origin = "ftp://x".into(), "gemini_origin");
        check(|variables| variables.gemini_origin = "https://g.example/path".into(), "gemini_origin");
        check(|variables| variables.gemini_origin.clear(), "gemini_origin");
        check(
            |variables| {
                variables.gemini_model.clear();
                variables.gemini_fallback_models = ",".into();
            },
            "gemini_model",
        );
        let mut secret = variables();
        secret.gemini_ai_api_key = "hunter2".into();
        assert!(!format!("{:?}", Settings::parse(&secret)).contains("hunter2"));
    }
}
