//! Style sheets, scripts and images, embedded in the component and named by their content, so that a browser may
//! cache them without asking again. Each component serves them under `/<component>/assets/`.

use http::StatusCode;

pub use crate::compact::{compact, compact_len};
use crate::{ContentSecurityPolicy, Reply};

/// A style sheet or a script, without its comments and indentation: stem, extension, content type, content.
#[macro_export]
macro_rules! text_asset {
    ($stem:literal, $extension:literal, $content_type:literal, $source:expr) => {{
        const SOURCE: &[u8] = $source;
        const CONTENT: [u8; $crate::assets::compact_len(SOURCE)] = $crate::assets::compact(SOURCE);
        $crate::assets::Asset::new($stem, $extension, $content_type, &CONTENT)
    }};
}

/// The same, which the component's build script has deflated into its `OUT_DIR`: it takes a third of the bytes.
#[macro_export]
macro_rules! packed_asset {
    ($stem:literal, $extension:literal, $content_type:literal) => {
        $crate::assets::Asset::packed(
            $stem,
            $extension,
            $content_type,
            include_bytes!(concat!(env!("OUT_DIR"), "/", $stem, ".", $extension)),
        )
    };
}

/// A file that is part of the component.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) content: &'static [u8],
    /// The content is deflated.
    is_packed: bool,
    hash: u64,
}

/// The shared style sheet.
pub const STYLESHEET: Asset =
    crate::text_asset!("site", "css", "text/css; charset=utf-8", include_bytes!("../assets/site.css"));
/// The shared script. Every page works without it.
pub const SCRIPT: Asset =
    crate::text_asset!("site", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/site.js"));
/// The icon of the site.
pub const ICON: Asset =
    Asset::new("icon", "svg", "image/svg+xml; charset=utf-8", include_bytes!("../assets/icon.svg"));

static SHARED: [Asset; 3] = [STYLESHEET, SCRIPT, ICON];

impl Asset {
    #[must_use]
    pub const fn new(
        stem: &'static str,
        extension: &'static str,
        content_type: &'static str,
        content: &'static [u8],
    ) -> Self {
        Self { stem, extension, content_type, content, is_packed: false, hash: fnv1a(content) }
    }

    #[must_use]
    pub const fn packed(
        stem: &'static str,
        extension: &'static str,
        content_type: &'static str,
        content: &'static [u8],
    ) -> Self {
        Self { is_packed: true, ..Self::new(stem, extension, content_type, content) }
    }

    /// Its address under a component's prefix: `/llm` gives `/llm/assets/site-0123456789abcdef.css`.
    #[must_use]
    pub fn href(&self, prefix: &str) -> String {
        format!("{prefix}/assets/{}-{:016x}.{}", self.stem, self.hash, self.extension)
    }

    /// The file itself, without headers for caches.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let reply = match self.is_packed {
            true => {
                let content = miniz_oxide::inflate::decompress_to_vec(self.content).unwrap_or_default();
                Reply::new(StatusCode::OK, self.content_type, content)
            }
            false => Reply::new(StatusCode::OK, self.content_type, self.content),
        };
        // Not a script: it may be a worker, to which the policy of its reply applies.
        let loads_nothing = matches!(self.extension, "css" | "svg");
        let policy = ContentSecurityPolicy { loads_nothing, ..reply.policy };
        Reply { policy, ..reply }
    }

    /// `None` when `file` is not this asset; else whether it is exactly this version.
    #[must_use]
    pub fn matches(&self, file: &str) -> Option<bool> {
        let hash = file.strip_prefix(self.stem)?.strip_prefix('-')?.strip_suffix(self.extension)?;
        Some(hash.strip_suffix('.')? == format!("{:016x}", self.hash))
    }
}

/// The asset whose file name is `file`, among the shared ones and `own`, and whether in exactly this version.
pub(crate) fn find<'a>(file: &str, own: &'a [Asset]) -> Option<(&'a Asset, bool)> {
    SHARED.iter().chain(own).find_map(|asset| Some((asset, asset.matches(file)?)))
}

/// FNV-1a. It only has to distinguish versions of our own files, and can be computed at compile time.
#[must_use]
pub const fn fnv1a(content: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = content;
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hash
}
