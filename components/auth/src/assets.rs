//! The files that only auth's own pages show or load.

use web::assets::Asset;

pub(crate) const ASSETS: [Asset; 2] = [PHOTO, FORMS];
/// A photographed page of a notebook, drawn.
pub(crate) const PHOTO: Asset =
    Asset::new("photo", "svg", "image/svg+xml; charset=utf-8", include_bytes!("../assets/photo.svg"));
/// What improves the forms of the account.
pub(crate) const FORMS: Asset =
    web::text_asset!("forms", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/forms.js"));
