//! The Content-Security-Policy of a reply (ASVS 5.0 3.4.3, 3.4.6).

/// What a page may load, beyond the strict default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContentSecurityPolicy {
    /// A further origin that forms may be sent to, such as `https://www.overleaf.com`.
    pub form_action: Option<&'static str>,
    /// Show a `blob:` document, such as the PDF that the user chose, in a frame.
    pub frames_blobs: bool,
}

impl ContentSecurityPolicy {
    pub(crate) fn render(self) -> String {
        let form_action = self.form_action.map(|origin| format!(" {origin}")).unwrap_or_default();
        let frame_src = if self.frames_blobs { " frame-src blob:;" } else { "" };
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
    fn a_page_can_ask_for_a_little_more() {
        let policy =
            ContentSecurityPolicy { form_action: Some("https://www.overleaf.com"), frames_blobs: true };
        assert!(policy.render().contains("form-action 'self' https://www.overleaf.com; frame-src blob:;"));
    }
}
