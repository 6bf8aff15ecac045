//! The variables of spin.toml as values, parsed once at the edge.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use web::TrustedProxies;

use auth_api::Service;

use crate::metering::quota::{DailyLimits, Limits};

/// The configuration without the database's.
pub struct Settings {
    pub service_key: ServiceKey,
    /// Of each user.
    pub daily_limits: DailyLimits,
    /// Of all users together.
    pub daily_ceilings: DailyLimits,
    pub trusted_proxies: TrustedProxies,
}

/// The secret shared with llm and ocr.
pub struct ServiceKey(SecretString);

/// The name of a variable that is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misconfigured(pub &'static str);

/// The variables as text.
#[derive(Default)]
pub struct Variables {
    pub service_key: SecretString,
    pub llm_daily_quota: String,
    pub ocr_daily_pages: String,
    pub llm_daily_ceiling: String,
    pub ocr_daily_ceiling: String,
    pub trusted_proxies: String,
}

impl Settings {
    /// # Errors
    /// [`Misconfigured`] names the first variable that is not valid.
    pub fn parse(variables: Variables) -> Result<Self, Misconfigured> {
        let limit = |text: &str, name| text.trim().parse().map_err(|_| Misconfigured(name));
        Ok(Self {
            service_key: ServiceKey(variables.service_key),
            daily_limits: DailyLimits {
                llm_questions: limit(&variables.llm_daily_quota, "llm_daily_quota")?,
                ocr_pages: limit(&variables.ocr_daily_pages, "ocr_daily_pages")?,
            },
            daily_ceilings: DailyLimits {
                llm_questions: limit(&variables.llm_daily_ceiling, "llm_daily_ceiling")?,
                ocr_pages: limit(&variables.ocr_daily_ceiling, "ocr_daily_ceiling")?,
            },
            trusted_proxies: TrustedProxies::parse(&variables.trusted_proxies)
                .map_err(|_| Misconfigured("trusted_proxies"))?,
        })
    }

    #[must_use]
    pub const fn limits(&self, service: Service) -> Limits {
        Limits { user: self.daily_limits.of(service), all_users: self.daily_ceilings.of(service) }
    }
}

impl ServiceKey {
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.0.expose_secret().is_empty()
    }

    /// Compares in a time that depends only on the lengths.
    #[must_use]
    pub fn is(&self, given: &[u8]) -> bool {
        self.is_set() && bool::from(self.0.expose_secret().as_bytes().ct_eq(given))
    }
}

#[cfg(test)]
mod tests {
    use static_assertions::assert_not_impl_any;

    use super::*;

    assert_not_impl_any!(Settings: std::fmt::Debug);
    assert_not_impl_any!(ServiceKey: std::fmt::Debug);
    assert_not_impl_any!(Variables: std::fmt::Debug);

    fn variables() -> Variables {
        Variables {
            service_key: "key".into(),
            llm_daily_quota: "50".to_owned(),
            ocr_daily_pages: "100".to_owned(),
            llm_daily_ceiling: "2000".to_owned(),
            ocr_daily_ceiling: "3000".to_owned(),
            trusted_proxies: "10.0.0.0/8".to_owned(),
        }
    }

    #[test]
    fn each_variable_is_read_or_named() {
        let settings = Settings::parse(variables()).ok().unwrap();
        assert_eq!(settings.daily_limits, DailyLimits { llm_questions: 50, ocr_pages: 100 });
        assert_eq!(settings.limits(Service::Llm), Limits { user: 50, all_users: 2000 });
        assert_eq!(settings.limits(Service::Ocr), Limits { user: 100, all_users: 3000 });
        let bad = [
            ("llm_daily_ceiling", Variables { llm_daily_ceiling: String::new(), ..variables() }),
            ("ocr_daily_ceiling", Variables { ocr_daily_ceiling: "x".to_owned(), ..variables() }),
            ("llm_daily_quota", Variables { llm_daily_quota: "many".to_owned(), ..variables() }),
            ("llm_daily_quota", Variables { llm_daily_quota: "-1".to_owned(), ..variables() }),
            ("ocr_daily_pages", Variables { ocr_daily_pages: String::new(), ..variables() }),
            ("trusted_proxies", Variables { trusted_proxies: "gateway".to_owned(), ..variables() }),
        ];
        for (name, variables) in bad {
            assert_eq!(Settings::parse(variables).err(), Some(Misconfigured(name)));
        }
    }

    #[test]
    fn an_empty_service_key_matches_nothing() {
        let key = |text: &str| ServiceKey(text.into());
        assert!(key("key").is(b"key"));
        assert!(!key("key").is(b"kez") && !key("key").is(b"ke") && !key("key").is(b""));
        assert!(!key("").is(b""));
    }
}
