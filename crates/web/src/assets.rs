//! Style sheets, scripts and images, embedded in the component and named by their content, so that a browser may
//! keep them for ever. Served by each component under `/<component>/assets/`.

use http::{HeaderValue, StatusCode, header};

use crate::{Problem, Reply, Request};

/// A file that is part of the component.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    hash: u64,
}

/// The shared style sheet.
pub const STYLESHEET: Asset =
    Asset::new("site", "css", "text/css; charset=utf-8", include_bytes!("../assets/site.css"));
/// The icon of the site.
pub const ICON: Asset =
    Asset::new("icon", "svg", "image/svg+xml; charset=utf-8", include_bytes!("../assets/icon.svg"));

const SHARED: [Asset; 2] = [STYLESHEET, ICON];

impl Asset {
    #[must_use]
    pub const fn new(
        stem: &'static str,
        extension: &'static str,
        content_type: &'static str,
        content: &'static [u8],
    ) -> Self {
        Self { stem, extension, content_type, content, hash: fnv1a(content) }
    }

    /// Its address under a component's prefix: `/llm` gives `/llm/assets/site-0123456789abcdef.css`.
    #[must_use]
    pub fn href(&self, prefix: &str) -> String {
        format!("{prefix}/assets/{}-{:016x}.{}", self.stem, self.hash, self.extension)
    }

    /// Whether `file` names this asset, and whether in exactly this version.
    fn matches(&self, file: &str) -> Option<bool> {
        let hash = file.strip_prefix(self.stem)?.strip_prefix('-')?.strip_suffix(self.extension)?;
        Some(hash.strip_suffix('.')? == format!("{:016x}", self.hash))
    }
}

/// Serves `<prefix>/assets/<file>` from the shared assets and the component's own; `None` for another path.
///
/// The name of another version is answered with this version's content, briefly cacheable: during a rollout, an
/// old page may ask a new instance.
#[must_use]
pub fn serve(request: &Request, prefix: &str, own: &[Asset]) -> Option<Reply> {
    let file = request.path().strip_prefix(prefix)?.strip_prefix("/assets/")?;
    if !request.is_get() {
        return Some(crate::problem::wrong_method(request, "GET, HEAD"));
    }
    let found = SHARED.iter().chain(own).find_map(|asset| Some((asset, asset.matches(file)?)));
    let Some((asset, current)) = found else { return Some(Problem::not_found().reply(request)) };
    let lifetime = if current { "public, max-age=31536000, immutable" } else { "public, max-age=60" };
    let reply = Reply::new(StatusCode::OK, asset.content_type, asset.content);
    let reply = reply.with(header::CACHE_CONTROL, HeaderValue::from_static(lifetime));
    Some(reply.with(header::VARY, HeaderValue::from_static("accept-encoding")))
}

/// FNV-1a: enough to tell versions of our own files apart, and computable when compiling.
const fn fnv1a(content: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = content;
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_served_under_its_own_name_for_ever() {
        let href = STYLESHEET.href("/llm");
        let reply = serve(&Request::test("GET", &href), "/llm", &[]).unwrap();
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.headers["content-type"], "text/css; charset=utf-8");
        assert!(reply.headers["cache-control"].to_str().unwrap().contains("immutable"));
        let icon = serve(&Request::test("GET", &ICON.href("/llm")), "/llm", &[]).unwrap();
        assert_eq!(icon.headers["content-type"], "image/svg+xml; charset=utf-8");
    }

    #[test]
    fn another_version_is_answered_for_a_minute_and_an_unknown_file_is_not_found() {
        let old = serve(&Request::test("GET", "/llm/assets/site-0000.css"), "/llm", &[]).unwrap();
        assert_eq!(old.headers["cache-control"], "public, max-age=60");
        let unknown = serve(&Request::test("GET", "/llm/assets/other-0000.css"), "/llm", &[]).unwrap();
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert!(serve(&Request::test("GET", "/llm"), "/llm", &[]).is_none());
    }
}
