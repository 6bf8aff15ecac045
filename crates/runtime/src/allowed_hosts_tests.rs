//! Table-driven cases after Spin's documentation of `allowed_outbound_hosts`.

use super::*;

fn resolve(name: &str) -> Result<String> {
    match name {
        "origin" => Ok("https://*.make.com".to_owned()),
        "db" => Ok("db.example.org:6543".to_owned()),
        "host" => Ok("127.0.0.1".to_owned()),
        "port" => Ok("5432".to_owned()),
        "auth_url" => Ok("http://auth.spin.internal".to_owned()),
        "empty" => Ok(String::new()),
        "nonsense" => Ok("zoinks, Scooby!".to_owned()),
        other => bail!("no variable {other:?}"),
    }
}

fn parse(entries: &[&str]) -> Result<AllowedHosts> {
    let entries: Vec<_> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    AllowedHosts::parse(&entries, resolve, &["auth".to_owned(), "llm".to_owned()])
}

#[test]
fn what_an_entry_lets_through_and_what_not() {
    for (entry, url, expected) in [
        // Ports: none means the scheme's usual one.
        ("http://example.org", "http://example.org/", true),
        ("http://example.org/", "http://example.org/a/b?c", true),
        ("http://example.org", "http://example.org:80/", true),
        ("http://example.org", "http://example.org:81/", false),
        ("http://example.org", "https://example.org/", false),
        ("https://example.org", "https://example.org:443/", true),
        ("https://example.org:", "https://example.org/", true),
        ("http://example.org:8383", "http://example.org:8383/a", true),
        ("http://example.org:8383/", "http://example.org:8383/a", true),
        ("http://example.org:8383", "http://example.org/", false),
        ("http://example.org:80..90", "http://example.org:89/", true),
        ("http://example.org:80..90", "http://example.org:90/", false),
        ("http://example.org:*", "http://example.org:1234/", true),
        // Schemes.
        ("*://example.org:443", "https://example.org/", true),
        ("*://example.org:443", "http://example.org/", false),
        ("*://*:*", "anything://host:1/", true),
        ("*://*:*", "postgres://db/", true),
        // Hosts.
        ("http://EXAMPLE.org", "http://example.ORG/", true),
        ("https://*", "https://anything.example/", true),
        ("https://*", "http://anything.example/", false),
        ("https://*.make.com", "https://hook.eu1.make.com/x", true),
        ("https://*.make.com", "https://make.com/x", false),
        ("https://*.make.com", "https://notmake.com/x", false),
        ("https://*.make.com", "https://make.com.evil.org/x", false),
        ("https://*.make.com", "http://hook.eu1.make.com/x", false),
        ("https://*.make.com", "https://hook.eu1.make.com:8443/x", false),
        ("https://*.make.com", "https://hook.eu1.make.com@evil.org/", false),
        ("http://*.example.org:8383", "http://a.b.example.org:8383/", true),
        ("http://localhost:3001", "http://localhost:3001/", true),
        ("http://localhost", "http://127.0.0.1/", false),
        ("http://192.168.1.1:3002", "http://192.168.1.1:3002/", true),
        ("http://[::1]:8001", "http://[::1]:8001/", true),
        ("http://[::1]", "http://[::1]/", true),
        ("http://[::1]", "http://[::2]/", false),
        ("*://127.0.0.0/24:80", "http://127.0.0.77/", true),
        ("*://127.0.0.0/24:80", "http://127.0.1.1/", false),
        ("*://127.0.0.0/24:80", "http://localhost/", false),
        ("*://ff00::/8:80", "http://[ff00::1]/", true),
        // Templates.
        ("{{ origin }}", "https://hook.us2.make.com/abc", true),
        ("{{ origin }}", "https://example.org/", false),
        ("postgres://{{ db }}", "postgres://db.example.org:6543", true),
        ("postgres://{{ host }}:{{ port }}", "postgres://127.0.0.1:5432", true),
        ("postgres://{{ host }}:{{ port }}", "postgres://127.0.0.1:5433", false),
        ("postgres://{{ host }}:{{ port }}", "mysql://127.0.0.1:5432", false),
        // Service chaining.
        ("{{ auth_url }}", "http://auth.spin.internal/auth/verify", true),
        ("{{ auth_url }}", "http://llm.spin.internal/", false),
        ("http://*.spin.internal", "http://llm.spin.internal/", true),
        ("http://*.spin.internal", "http://nosuch.spin.internal/", false),
        // `self` is asked about separately.
        ("http://self", "http://self/", false),
    ] {
        let allowed = parse(&[entry]).unwrap_or_else(|error| panic!("{entry}: {error:#}"));
        assert_eq!(allowed.allows(url, "https"), expected, "{entry} {url}");
    }
}

#[test]
fn a_connection_string_without_a_scheme_is_checked_with_the_default_one() {
    let allowed = parse(&["postgres://127.0.0.1:5432", "mysql://xyz.com"]).unwrap();
    assert!(allowed.allows("127.0.0.1:5432", "postgres"));
    assert!(allowed.allows("127.0.0.1", "postgres"));
    assert!(!allowed.allows("127.0.0.1:5433", "postgres"));
    assert!(allowed.allows("user:pass#word@xyz.com", "mysql"));
    assert!(!allowed.allows("xyz.com#@evil.org", "mysql"));
}

#[test]
fn nothing_is_allowed_by_an_empty_list_or_to_an_unreadable_url() {
    assert!(!AllowedHosts::default().allows("http://example.org", "http"));
    assert!(!parse(&["*://*:*"]).unwrap().allows("http://[broken", "http"));
}

#[test]
fn an_empty_variable_is_an_endpoint_that_is_not_there() {
    let allowed =
        parse(&["{{ empty }}", "https://{{ empty }}", "http://{{ empty }}", "https://three"]).unwrap();
    assert_eq!(allowed.entries.len(), 1);
    assert!(allowed.allows("https://three/", "https"));
}

#[test]
fn requests_to_the_application_itself_need_self_or_a_star() {
    for (entry, expected) in [
        ("http://self", true),
        ("https://self.alt", true),
        ("*://*:*", true),
        ("postgres://*", false),
        ("http://example.org", false),
    ] {
        assert_eq!(parse(&[entry]).unwrap().allows_self(), expected, "{entry}");
    }
}

#[test]
fn an_entry_outside_the_grammar_is_refused_with_a_hint() {
    for (entry, expected) in [
        ("example.org", "no scheme"),
        ("example.org:80", "no scheme"),
        ("localhost", "no scheme"),
        ("", "no scheme"),
        ("*", "no scheme"),
        ("insecure:allow-all", "*://*:*"),
        ("tcp://example.org", "has no usual one"),
        ("*://127.0.0.0/24", "has no usual one"),
        ("ht-tp://example.org:80", "letters only"),
        ("http://example.org/a", "has a path"),
        ("http://example.org:66/a", "has a path"),
        ("http://*.example.org/a", "has a path"),
        ("http://a.*.org", "may only stand"),
        ("http://*.a.*.org", "plain domain"),
        ("http://*.127.0.0.1", "plain domain"),
        ("http://example.org:http", "not a number"),
        ("http://example.org:1..x", "not a number"),
        ("http://exa mple.org", "not the name"),
        ("{{ nonsense }}", "no scheme"),
        ("http://{{ nonsense }}", "not the name"),
        ("http://{{ nosuch }}", "nosuch"),
        ("http://{{ host", "never closes"),
    ] {
        let message = format!("{:#}", parse(&[entry]).expect_err(entry));
        assert!(message.contains(expected), "{entry:?} gave: {message}");
        assert!(!message.contains('\n'), "{message:?}");
    }
}

#[test]
fn a_chained_host_names_its_component() {
    for (host, expected) in [
        ("auth.spin.internal", Some("auth")),
        ("auth.spin.internal:80", Some("auth")),
        ("a.b.spin.internal", None),
        ("spin.internal", None),
        ("auth.spin.internal.evil.org", None),
        ("example.org", None),
    ] {
        assert_eq!(chained_component(host), expected, "{host}");
    }
}
