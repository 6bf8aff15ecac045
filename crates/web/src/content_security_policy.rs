//! The Content-Security-Policy of a reply (ASVS 5.0 3.4.3, 3.4.6).

/// What a page may load, beyond the strict default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContentSecurityPolicy {
    /// A further origin that forms may be sent to, such as `https://www.overleaf.com`.
    pub form_action: Option<&'static str>,
    /// Show a `blob:` document, such as the PDF that the user chose, in a frame.
    pub frames_blobs: bool,
    /// Show a document of our own in a frame.
    pub frames_own: bool,
    /// The document is a frame around programs of others, and may do nothing but run them: its origin is opaque, it
    /// reaches no network, and its one script has this hash, `sha256-…`.
    pub confined_script: Option<&'static str>,
    /// Of a style sheet or an icon, which is part of a page and loads nothing. It goes without `permissions-policy`,
    /// which is for documents: a page with its files has to fit into the first flight of a connection.
    pub loads_nothing: bool,
}

impl ContentSecurityPolicy {
    pub(crate) fn render(self) -> String {
        if self.loads_nothing {
            return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'".to_owned();
        }
        if let Some(hash) = self.confined_script {
            return format!(
                "sandbox allow-scripts; default-src 'none'; script-src '{hash}' 'wasm-unsafe-eval' data:; \
                 worker-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
            );
        }
        let form_action = self.form_action.map(|origin| format!(" {origin}")).unwrap_or_default();
        let frame_src = match (self.frames_blobs, self.frames_own) {
            (true, true) => " frame-src 'self' blob:;",
            (true, false) => " frame-src blob:;",
            (false, true) => " frame-src 'self';",
            (false, false) => "",
        };
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
             connect-src 'self'; form-action 'self'{form_action};{frame_src} frame-ancestors 'none'; \
             base-uri 'none'; object-src 'none'"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_from_its_own_origin_and_nothing_inline() {
        assert_eq!(
            ContentSecurityPolicy::default().render(),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
             connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
        );
    }

    #[test]
    fn a_page_can_ask_for_a_little_more() {
        let policy = ContentSecurityPolicy {
            form_action: Some("https://www.overleaf.com"),
            frames_blobs: true,
            ..Default::default()
        };
        assert!(policy.render().contains("form-action 'self' https://www.overleaf.com; frame-src blob:;"));
        let policy = ContentSecurityPolicy { frames_own: true, ..Default::default() };
        assert!(policy.render().contains("form-action 'self'; frame-src 'self'; frame-ancestors 'none'"));
    }

    #[test]
    fn a_confined_document_is_of_an_opaque_origin_and_reaches_no_network() {
        let policy =
            ContentSecurityPolicy { confined_script: Some("sha256-x"), ..Default::default() }.render();
        assert!(policy.starts_with("sandbox allow-scripts; default-src 'none';"), "{policy}");
        for granted in
            ["connect-src", "'self' ", "http", "allow-same-origin", "'unsafe-eval'", "'unsafe-inline'"]
        {
            assert!(!policy.contains(granted), "{granted} in {policy}");
        }
    }
}
