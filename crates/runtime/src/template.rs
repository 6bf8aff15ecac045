//! `{{ name }}` templates, as they appear in component variables and in `allowed_outbound_hosts`.
//!
//! Owns only the syntax: which names exist and what they hold is the business of `variables`.
//! The rules are those of Spin's expressions: text between `{{` and the next `}}` is a variable's name,
//! blanks around it do not count, and there is no way to escape a brace.

use anyhow::{Result, bail};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

impl Template {
    /// # Errors
    /// An opening `{{` that is never closed.
    pub fn parse(source: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((text, expression)) = rest.split_once("{{") {
            let Some((name, after)) = expression.split_once("}}") else {
                bail!("the template {source:?} opens a '{{{{' that it never closes: add '}}}}'");
            };
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Replaces every name by what `value` gives for it.
    ///
    /// # Errors
    /// Whatever `value` says about the first name it cannot resolve.
    pub fn resolve(&self, value: impl Fn(&str) -> Result<String>) -> Result<String> {
        let mut resolved = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => resolved.push_str(text),
                Part::Variable(name) => resolved.push_str(&value(name)?),
            }
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(source: &str) -> Result<String> {
        Template::parse(source)?.resolve(|name| match name {
            "host" => Ok("db.example.org".to_owned()),
            "port" => Ok("5432".to_owned()),
            "braces" => Ok("{{ host }}".to_owned()),
            other => bail!("no variable {other:?}"),
        })
    }

    #[test]
    fn names_are_replaced_wherever_they_stand() {
        for (source, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{{ host }}", "db.example.org"),
            ("{{host}}:{{  port  }}", "db.example.org:5432"),
            ("postgres://{{ host }}:{{ port }}/x", "postgres://db.example.org:5432/x"),
            ("a } b }} c { d", "a } b }} c { d"),
        ] {
            assert_eq!(resolved(source).unwrap(), expected, "{source:?}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_template_is_not_expanded_again() {
        assert_eq!(resolved("{{ braces }}").unwrap(), "{{ host }}");
    }

    #[test]
    fn an_unclosed_brace_and_an_unknown_name_are_errors() {
        for source in ["{{ host", "x{{", "{{ host }} {{ port"] {
            assert!(Template::parse(source).unwrap_err().to_string().contains("never closes"), "{source:?}");
        }
        assert!(resolved("{{ nosuch }}").unwrap_err().to_string().contains("nosuch"));
        assert!(resolved("{{}}").is_err());
    }

    #[test]
    fn a_template_knows_whether_it_is_literal() {
        assert!(Template::parse("https://*.make.com").unwrap().is_literal());
        assert!(!Template::parse("https://{{ host }}").unwrap().is_literal());
    }
}
