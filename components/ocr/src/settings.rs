//! The variables of spin.toml as values. They are parsed once, at the edge.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use web::{HttpUrl, Origin};

/// What `compile_url` is without a service: a name that never resolves (RFC 2606). An empty one would be no host that
/// the manifest may grant.
const NO_COMPILER: &str = "http://compiler.invalid";

/// What the operator configured.
pub struct Settings {
    pub auth_url: String,
    pub service_key: SecretString,
    /// Or the variable because of which nothing can be converted. The page needs auth, but not this.
    pub gemini: Result<GeminiSettings, &'static str>,
}

/// Where Gemini is, and what it is asked with.
#[derive(Clone)]
pub struct GeminiSettings {
    /// The API key as the header value that it is sent in, marked sensitive.
    key: HeaderValue,
    /// Never empty: the model, then its fallbacks.
    models: Vec<String>,
    origin: Origin,
    /// Each page is asked about by itself, where it comes as a file of its own.
    page_by_page: bool,
    /// The service that compiles the results, if there is one.
    compiler: Option<HttpUrl>,
}

/// The variables as text.
#[derive(Default)]
pub struct Variables {
    pub auth_url: String,
    pub service_key: SecretString,
    pub gemini_ai_api_key: SecretString,
    pub gemini_model: String,
    pub gemini_fallback_models: String,
    pub gemini_origin: String,
    pub ocr_page_mode: String,
    pub compile_url: String,
}

impl Settings {
    #[must_use]
    pub fn parse(variables: Variables) -> Self {
        let gemini = GeminiSettings::parse(&variables);
        Self { auth_url: variables.auth_url, service_key: variables.service_key, gemini }
    }

    pub(crate) fn is_page_by_page(&self) -> bool {
        self.gemini.as_ref().is_ok_and(GeminiSettings::is_page_by_page)
    }
}

impl GeminiSettings {
    fn parse(variables: &Variables) -> Result<Self, &'static str> {
        let key = variables.gemini_ai_api_key.expose_secret().trim();
        if key.is_empty() {
            return Err("gemini_ai_api_key");
        }
        let mut key = HeaderValue::from_str(key).map_err(|_| "gemini_ai_api_key")?;
        key.set_sensitive(true);
        let models = models(&variables.gemini_model, &variables.gemini_fallback_models);
        if models.is_empty() {
            return Err("gemini_model");
        }
        let origin = Origin::parse(&variables.gemini_origin).ok_or("gemini_origin")?;
        let page_by_page = match variables.ocr_page_mode.trim() {
            "" | "whole" => false,
            "pages" => true,
            _ => return Err("ocr_page_mode"),
        };
        let compiler = match variables.compile_url.trim() {
            "" | NO_COMPILER => None,
            url => {
                Some(HttpUrl::parse(&format!("{}/compile", url.trim_end_matches('/'))).ok_or("compile_url")?)
            }
        };
        Ok(Self { key, models, origin, page_by_page, compiler })
    }

    /// For the header `x-goog-api-key`.
    #[must_use]
    pub fn key(&self) -> HeaderValue {
        self.key.clone()
    }

    #[must_use]
    pub fn models(&self) -> &[String] {
        &self.models
    }

    #[must_use]
    pub const fn is_page_by_page(&self) -> bool {
        self.page_by_page
    }

    #[must_use]
    pub const fn compiler(&self) -> Option<&HttpUrl> {
        self.compiler.as_ref()
    }

    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// In order, each once.
fn models(model: &str, fallbacks: &str) -> Vec<String> {
    let mut models: Vec<String> = Vec::new();
    for name in std::iter::once(model).chain(fallbacks.split(',')) {
        let name = name.trim().trim_start_matches("models/");
        if !name.is_empty() && !models.iter().any(|known| known == name) {
            models.push(name.to_owned());
        }
    }
    models
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Settings: std::fmt::Debug);
    static_assertions::assert_not_impl_any!(GeminiSettings: std::fmt::Debug);
    static_assertions::assert_not_impl_any!(Variables: std::fmt::Debug);

    fn variables() -> Variables {
        Variables {
            auth_url: "http://auth.spin.internal".into(),
            service_key: "service".into(),
            gemini_ai_api_key: " k ".into(),
            gemini_model: "m".into(),
            gemini_fallback_models: "n, m,,models/o".into(),
            gemini_origin: "https://g.example/".into(),
            ocr_page_mode: "pages".into(),
            compile_url: "http://tex:8080/".into(),
        }
    }

    #[test]
    fn every_variable_is_read() {
        let settings = Settings::parse(variables());
        assert_eq!(settings.auth_url, "http://auth.spin.internal");
        assert_eq!(settings.service_key.expose_secret(), "service");
        let gemini = settings.gemini.ok().unwrap();
        assert_eq!(
            (gemini.models(), gemini.origin().to_string().as_str()),
            (["m", "n", "o"].map(String::from).as_slice(), "https://g.example")
        );
        assert!(gemini.key() == "k" && gemini.key().is_sensitive());
        assert!(gemini.is_page_by_page());
        assert_eq!(gemini.compiler().unwrap().uri().to_string(), "http://tex:8080/compile");
        for none in ["", NO_COMPILER] {
            let variables = Variables { compile_url: none.into(), ocr_page_mode: "".into(), ..variables() };
            let gemini = Settings::parse(variables).gemini.ok().unwrap();
            assert!(gemini.compiler().is_none() && !gemini.is_page_by_page());
        }
    }

    #[test]
    fn a_variable_that_is_missing_or_unusable_is_named() {
        let check = |change: fn(&mut Variables), expected| {
            let mut variables = variables();
            change(&mut variables);
            assert_eq!(Settings::parse(variables).gemini.err(), Some(expected));
        };
        check(|variables| variables.gemini_ai_api_key = "".into(), "gemini_ai_api_key");
        check(|variables| variables.gemini_ai_api_key = "a\nb".into(), "gemini_ai_api_key");
        check(|variables| variables.gemini_origin = "ftp://x".into(), "gemini_origin");
        check(|variables| variables.gemini_origin = "https://g.example/path".into(), "gemini_origin");
        check(|variables| variables.gemini_origin.clear(), "gemini_origin");
        check(|variables| variables.ocr_page_mode = "each".into(), "ocr_page_mode");
        check(|variables| variables.compile_url = "tex:8080".into(), "compile_url");
        check(
            |variables| {
                variables.gemini_model.clear();
                variables.gemini_fallback_models = ",".into();
            },
            "gemini_model",
        );
    }
}
