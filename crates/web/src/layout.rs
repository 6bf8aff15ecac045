//! What `base.html` shows around each page. A page struct holds one in its field `layout`.

use crate::{Lang, Request, assets};

/// The frame of a page: language, navigation, footer.
#[derive(Debug, Clone)]
pub struct Layout {
    pub lang: Lang,
    pub path: String,
    pub request_id: String,
    /// The signed-in user's name; without one the navigation offers to sign in.
    pub user: Option<String>,
    /// The component's own prefix, where it serves the shared style sheet: `/auth`, `/llm` or `/ocr`.
    pub prefix: &'static str,
}

impl Layout {
    /// The frame for a client that is not known to be signed in.
    #[must_use]
    pub fn new(request: &Request) -> Self {
        let path = request.path();
        // Each component serves the shared assets itself, so that two versions can run side by side in a rollout.
        let prefix = if path == "/send" || path.starts_with("/llm") {
            "/llm"
        } else if path.starts_with("/ocr") {
            "/ocr"
        } else {
            "/auth"
        };
        Self {
            lang: request.lang(),
            path: path.to_owned(),
            request_id: request.context.request_id.as_str().to_owned(),
            user: None,
            prefix,
        }
    }

    /// The frame for a signed-in user.
    #[must_use]
    pub fn for_user(request: &Request, name: &str) -> Self {
        Self { user: Some(name.to_owned()), ..Self::new(request) }
    }

    #[must_use]
    pub fn stylesheet(&self) -> String {
        assets::STYLESHEET.href(self.prefix)
    }

    #[must_use]
    pub fn icon(&self) -> String {
        assets::ICON.href(self.prefix)
    }

    /// Marks the navigation link of the page that is shown.
    #[must_use]
    pub fn is_at(&self, path: &str) -> bool {
        self.path.trim_end_matches('/') == path
    }
}
