//! The use case of a document that exists already: what a cancelled conversion left, or what a user has corrected. No
//! model is asked and nothing is stored, so it costs nothing.

use auth_api::User;
use latex::markdown::Document;
use web::{BodyReader, Clock, Fields, IncomingBody, Problem, Reply, Request};

use crate::conversion::Conversion;
use crate::error::Failure;
use crate::page;
use crate::upload::{FileName, Malformed};
use crate::warning::Warning;

/// The longest form, in bytes. A document of 300 dense pages is some 900 KB.
pub(crate) const CHECK_BYTES_MAX: usize = 2 * 1024 * 1024;

/// `POST /ocr/check`. The fields are those of the form for Overleaf: `snip` is the document, `snip_name` its file name.
/// `cut`: it stops where its conversion was cancelled. `incomplete`: something was known to be missing from it.
pub(crate) async fn submit<B: IncomingBody, C: Clock>(
    mut request: Request,
    user: &User,
    body: BodyReader<B, C>,
) -> Reply {
    let checked = match body.whole(CHECK_BYTES_MAX).await {
        Ok(bytes) => {
            request.body = bytes;
            Fields::parse(&request)
        }
        Err(problem) => Err(problem),
    };
    match checked.and_then(|fields| check(&fields)) {
        Ok(conversion) => page::checked(&request, user, &conversion),
        Err(problem) => page::failed(&request, user, &Failure::Body(problem)),
    }
}

fn check(fields: &Fields) -> Result<Conversion, Problem> {
    let is_set = |name| fields.get(name).is_some_and(|value| !value.is_empty());
    // Browsers send the line ends of a text area so.
    let source = fields.get("snip").unwrap_or_default().replace("\r\n", "\n");
    if source.trim().is_empty() {
        return Err(Failure::Upload(Malformed::NoFile.into()).problem());
    }
    let finished = latex::finish(&source, !is_set("cut"));
    let mut warnings: Vec<Warning> = Vec::new();
    if is_set("incomplete") && !is_set("cut") {
        warnings.push(Warning::StillIncomplete);
    }
    warnings.extend(finished.findings.into_iter().map(Warning::from));
    let complete = !warnings.iter().any(Warning::is_incomplete);
    let document = Document::from_latex(&finished.latex, complete);
    Ok(Conversion {
        markdown: document.to_markdown(),
        document,
        latex: finished.latex,
        pages: None,
        pages_charged: 0,
        warnings,
        model: String::new(),
        simulated: false,
        file: FileName::parse(fields.get("snip_name").unwrap_or_default().trim_end_matches(".tex")),
    })
}
