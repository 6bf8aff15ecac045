//! What the user sees, as a page, as JSON, as a `.tex` or `.md` file, and as the events of a stream.

use askama::Template;
use auth_api::{Denied, Quota, User};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use web::assets::Asset;
use web::{ContentSecurityPolicy, Layout, Phrase, Problem, Reply, Request, event_stream};

use crate::conversion::Conversion;
use crate::error::Failure;
use crate::page_images::{FIGURES, PAGES, PHOTO, ZIP};
use crate::page_range::PageRange;
use crate::pdf::PAGES_MAX;
use crate::picture::PICTURES_MAX;
use crate::preview::{self, Piece};
use crate::route::{Format, PREFIX};
use crate::script_texts::SCRIPT_TEXTS;
use crate::transcribe::MODEL_TIME_MAX;
use crate::upload::UPLOAD_BYTES_MAX;
use crate::upload::error::{UPLOAD_MAX_EN, UPLOAD_MAX_FR};
use crate::warning::Warning;

/// The assets that only this component's pages use.
pub(crate) const ASSETS: [Asset; 12] =
    [STYLE, RESULT_STYLE, SCRIPT, CONVERSION, SENDING, RESULT, KEPT, EDITOR, PAGES, PHOTO, FIGURES, ZIP];
const STYLE: Asset = web::packed_asset!("ocr", "css", "text/css; charset=utf-8");
/// Of a page with a document.
const RESULT_STYLE: Asset = web::packed_asset!("result", "css", "text/css; charset=utf-8");
const SCRIPT: Asset = web::packed_asset!("ocr", "js", "text/javascript; charset=utf-8");
/// Loaded by [`SCRIPT`] when it is needed, so that the page comes in the first packets.
const CONVERSION: Asset = web::packed_asset!("conversion", "js", "text/javascript; charset=utf-8");
/// Loaded by [`CONVERSION`]: what sends the files, and what shows the document.
const SENDING: Asset = web::packed_asset!("sending", "js", "text/javascript; charset=utf-8");
const RESULT: Asset = web::packed_asset!("result", "js", "text/javascript; charset=utf-8");
/// Loaded with the first file, or the first conversion: what stays in the browser of both.
const KEPT: Asset = web::packed_asset!("kept", "js", "text/javascript; charset=utf-8");
/// Loaded by [`CONVERSION`]: line numbers and colours.
const EDITOR: Asset = web::packed_asset!("editor", "js", "text/javascript; charset=utf-8");

/// Without pdf.js the preview of the original is a `blob:` frame; the finished document may be sent to Overleaf, on a click.
const POLICY: ContentSecurityPolicy = ContentSecurityPolicy {
    form_action: Some("https://www.overleaf.com"),
    frames_blobs: true,
    frames_own: false,
    confined_script: None,
    loads_nothing: false,
};

/// The form, with a document or a problem under it.
#[derive(Template)]
#[template(path = "ocr.html")]
struct ConvertPage<'a> {
    layout: Layout,
    user_id: &'a str,
    /// Pages; not known on every page.
    quota: Option<Quota>,
    problem: Option<&'a Problem>,
    conversion: Option<&'a Conversion>,
    /// With script, the pages of a PDF are asked about one by one.
    by_page: bool,
}

/// More MathML than this, in bytes, is not shown: the document is, as its source.
const MARKUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The document as it looks, without a page around it.
#[derive(Template)]
#[template(path = "preview.html")]
struct Preview {
    pieces: Vec<Piece>,
}

impl Preview {
    fn of(conversion: &Conversion) -> Self {
        let pieces = preview::pieces(&conversion.document);
        let markup = |piece: &Piece| if let Piece::Math(markup) = piece { markup.len() } else { 0 };
        if pieces.iter().map(markup).sum::<usize>() > MARKUP_BYTES_MAX {
            return Self { pieces: vec![Piece::Block(conversion.latex.clone())] };
        }
        Self { pieces }
    }
}

impl ConvertPage<'_> {
    fn style(&self) -> String {
        STYLE.href(PREFIX)
    }

    fn script(&self) -> String {
        SCRIPT.href(PREFIX)
    }

    /// Attributes of the form for what is loaded when it is needed.
    fn lazy_files(&self) -> [(&'static str, String); 6] {
        [
            ("conversion", &CONVERSION),
            ("sending", &SENDING),
            ("result", &RESULT),
            ("kept", &KEPT),
            ("editor", &EDITOR),
            ("sheet", &RESULT_STYLE),
        ]
        .map(|(name, file)| (name, file.href(PREFIX)))
    }

    const fn range_max(&self) -> usize {
        PageRange::BYTES_MAX
    }

    const fn script_texts(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        SCRIPT_TEXTS
    }

    const fn bytes_max(&self) -> u64 {
        UPLOAD_BYTES_MAX
    }

    const fn pages_max(&self) -> u32 {
        PAGES_MAX
    }

    const fn pictures_max(&self) -> u32 {
        PICTURES_MAX
    }

    const fn size_max(&self) -> Phrase<'static> {
        self.layout.lang.pick(UPLOAD_MAX_FR, UPLOAD_MAX_EN)
    }

    const fn minutes_max(&self) -> u64 {
        MODEL_TIME_MAX.as_secs().div_ceil(60)
    }

    fn simulated(&self) -> bool {
        self.conversion.is_some_and(|conversion| conversion.simulated)
    }

    /// Without a document, nothing is missing from it.
    fn complete(&self) -> bool {
        self.conversion.is_none_or(Conversion::is_complete)
    }

    fn warnings(&self) -> &[Warning] {
        self.conversion.map(|conversion| conversion.warnings.as_slice()).unwrap_or_default()
    }

    /// Markup of our own around escaped texts.
    fn preview(&self) -> String {
        self.conversion.map(|conversion| Preview::of(conversion).to_string()).unwrap_or_default()
    }

    /// Those that a reader has to act on, and the repairs.
    fn dangers(&self) -> impl Iterator<Item = &Warning> {
        self.warnings().iter().filter(|warning| !warning.is_repair())
    }

    fn repairs(&self) -> impl Iterator<Item = &Warning> {
        self.warnings().iter().filter(|warning| warning.is_repair())
    }

    fn download(&self) -> String {
        data("application/x-tex", self.conversion.map(|conversion| conversion.latex.as_str()))
    }

    fn download_markdown(&self) -> String {
        data("text/markdown;charset=utf-8", self.conversion.map(|conversion| conversion.markdown.as_str()))
    }
}

/// A text as an address, so that it can be saved without a script and without a second request.
fn data(content_type: &str, text: Option<&str>) -> String {
    format!("data:{content_type};base64,{}", STANDARD.encode(text.unwrap_or_default()))
}

/// The page with an empty form.
#[must_use]
pub(crate) fn form(request: &Request, user: &User, quota: Option<Quota>, by_page: bool) -> Reply {
    rendered(&ConvertPage { quota, by_page, ..page(request, user) })
}

/// The page with a document.
#[must_use]
pub(crate) fn shown(request: &Request, user: &User, quota: Option<Quota>, conversion: &Conversion) -> Reply {
    show(request, user, quota, None, Some(conversion))
}

/// A document that was checked again, as a page or as JSON.
#[must_use]
pub(crate) fn checked(request: &Request, user: &User, conversion: &Conversion) -> Reply {
    match Format::of(request) {
        Format::Page => shown(request, user, None, conversion),
        _ => Reply::json(StatusCode::OK, &checked_json(request, conversion)),
    }
}

/// A finished conversion in the form that was asked for; a stream has its own last event ([`done`]).
#[must_use]
pub(crate) fn converted(request: &Request, user: &User, conversion: &Conversion) -> Reply {
    match Format::of(request) {
        Format::Page => shown(request, user, None, conversion),
        Format::Json | Format::Stream => Reply::json(StatusCode::OK, &json(request, conversion)),
        Format::Tex => file(conversion, "application/x-tex; charset=utf-8", "tex", &conversion.latex),
        Format::Markdown => file(conversion, "text/markdown; charset=utf-8", "md", &conversion.markdown),
    }
}

fn file(conversion: &Conversion, content_type: &'static str, extension: &str, text: &str) -> Reply {
    let name = HeaderValue::from_str(&conversion.file.content_disposition(extension));
    let name = name.unwrap_or(HeaderValue::from_static("attachment"));
    let complete = if conversion.is_complete() { "true" } else { "false" };
    Reply::new(StatusCode::OK, content_type, text.to_owned())
        .with(header::CONTENT_DISPOSITION, name)
        .with(header::HeaderName::from_static("x-complete"), HeaderValue::from_static(complete))
}

/// A failure for a signed-in user: the form with the problem, or the problem alone.
#[must_use]
pub(crate) fn failed(request: &Request, user: &User, failure: &Failure) -> Reply {
    if Format::of(request) != Format::Page || *failure == Failure::Denied(Denied::SignedOut) {
        return match failure {
            Failure::Denied(denied) => unauthorized(request, denied),
            other => other.problem().reply(&with_json_problems(request)),
        };
    }
    show(request, user, None, Some(&failure.problem()), None)
}

/// A failure without a page of its own. A browser without a session is redirected to the sign-in form; every other client
/// gets a problem.
#[must_use]
pub(crate) fn unauthorized(request: &Request, denied: &Denied) -> Reply {
    if *denied == Denied::SignedOut && Format::of(request) == Format::Page {
        return Reply::see_other("/auth?next=/ocr");
    }
    denied.reply(&with_json_problems(request))
}

/// The last event of a stream that ended well.
#[must_use]
pub(crate) fn done(request: &Request, conversion: &Conversion) -> Bytes {
    event_stream::event("done", &json(request, conversion))
}

/// The last event of a stream that failed.
#[must_use]
pub(crate) fn problem(request: &Request, failure: &Failure) -> Bytes {
    event_stream::event("problem", &failure.problem().to_json(request))
}

fn json(request: &Request, conversion: &Conversion) -> serde_json::Value {
    let mut json = conversion.to_json(request.lang(), request.context.request_id.as_str());
    if let Some(json) = json.as_object_mut() {
        json.insert("preview".to_owned(), Preview::of(conversion).to_string().into());
    }
    json
}

/// Without what only a conversion has.
fn checked_json(request: &Request, conversion: &Conversion) -> serde_json::Value {
    let mut json = json(request, conversion);
    if let Some(json) = json.as_object_mut() {
        for name in ["figures", "pages", "pages_charged", "compiles", "model", "simulated", "file"] {
            json.remove(name);
        }
    }
    json
}

/// A client that asked for a stream or a file gets a problem as JSON.
fn with_json_problems(request: &Request) -> Request {
    let mut request = request.clone();
    if Format::of(&request) != Format::Page {
        request.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    }
    request
}

fn show(
    request: &Request,
    user: &User,
    quota: Option<Quota>,
    problem: Option<&Problem>,
    conversion: Option<&Conversion>,
) -> Reply {
    let reply = rendered(&ConvertPage { quota, problem, conversion, ..page(request, user) });
    match problem {
        Some(problem) => problem.apply_to(reply),
        None => reply,
    }
}

fn page<'a>(request: &Request, user: &'a User) -> ConvertPage<'a> {
    let layout = Layout::for_user(request, &user.name);
    ConvertPage { layout, user_id: &user.id, quota: None, problem: None, conversion: None, by_page: false }
}

fn rendered(page: &ConvertPage<'_>) -> Reply {
    Reply::html(StatusCode::OK, page).with_policy(POLICY)
}
