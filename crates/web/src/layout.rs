//! What `base.html` shows around each page. A page struct holds one in its field `layout`.

use askama::Template;

use crate::{Lang, Request, assets};

/// The icon in the header: the site's own, inside the page, so that nothing moves when it arrives.
const ICON_SVG: &str = include_str!("../assets/icon.svg");

/// The frame of a page: language, navigation, footer.
#[derive(Debug, Clone)]
pub struct Layout {
    pub lang: Lang,
    pub path: String,
    /// Where the switch of language leads back: the page with its query.
    pub address: String,
    /// Shown where something failed, so that the user can give it to the administrator.
    pub request_id: String,
    /// The signed-in user's name; without one the navigation offers to sign in.
    pub user: Option<String>,
    /// The component's own prefix, where it serves the shared style sheet: `/auth`, `/llm` or `/ocr`.
    pub prefix: &'static str,
}

impl Layout {
    /// The frame for the user of the request, if it is known.
    #[must_use]
    pub fn new(request: &Request) -> Self {
        let path = request.path();
        let with_query = request.uri.path_and_query().filter(|_| request.is_get());
        let address = with_query.map_or(path, http::uri::PathAndQuery::as_str);
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
            address: address.to_owned(),
            request_id: request.context.request_id.as_str().to_owned(),
            user: request.user_name.clone(),
            prefix,
        }
    }

    /// The frame for a signed-in user.
    #[must_use]
    pub fn for_user(request: &Request, name: &str) -> Self {
        Self { user: Some(name.to_owned()), ..Self::new(request) }
    }

    /// The frame of the page at `address`, in place of the address that a form was sent to.
    #[must_use]
    pub fn at(self, address: &str) -> Self {
        let path = address.split('?').next().unwrap_or_default().to_owned();
        Self { path, address: address.to_owned(), ..self }
    }

    /// The three parts of the frame. They are templates of their own, so that a component contains each once and not in
    /// every page.
    #[must_use]
    pub fn head(&self) -> impl std::fmt::Display {
        Head { layout: self }
    }

    #[must_use]
    pub fn header(&self) -> impl std::fmt::Display {
        Header { layout: self }
    }

    #[must_use]
    pub fn footer(&self) -> impl std::fmt::Display {
        Footer { layout: self }
    }

    fn stylesheet(&self) -> String {
        assets::STYLESHEET.href(self.prefix)
    }

    fn script(&self) -> String {
        assets::SCRIPT.href(self.prefix)
    }

    fn icon(&self) -> String {
        assets::ICON.href(self.prefix)
    }

    /// Marks the navigation link of the page that is shown.
    fn is_at(&self, path: &str) -> bool {
        self.path.trim_end_matches('/') == path
    }
}

#[derive(Template)]
#[template(path = "head.html")]
struct Head<'a> {
    layout: &'a Layout,
}

#[derive(Template)]
#[template(path = "header.html")]
struct Header<'a> {
    layout: &'a Layout,
}

#[derive(Template)]
#[template(path = "footer.html")]
struct Footer<'a> {
    layout: &'a Layout,
}
