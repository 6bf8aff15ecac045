//! The use case of a document that exists already: what a cancelled conversion left, or what a user has corrected. No
//! model is asked and nothing is stored, so it costs nothing.

use auth_api::User;
use web::{BodyReader, Clock, Fields, IncomingBody, Problem, Reply, Request};

use crate::conversion::{self, Conversion};
use crate::error::Failure;
use crate::page;
use crate::page_range::PageRange;
use crate::upload::{FileName, Malformed};
use crate::warning::Warning;

/// The longest form, in bytes. A document of 300 dense pages is some 900 KB.
pub(crate) const CHECK_BYTES_MAX: usize = 2 * 1024 * 1024;

/// `POST /ocr/check`. The fields are those of the form for Overleaf: `snip` is the document, `snip_name` its file name.
/// `cut`: it stops where its conversion was cancelled. `incomplete`: something was known to be missing from it. `pages`:
/// those that it was to have.
pub(crate) async fn submit<B: IncomingBody, C: Clock>(
    mut request: Request,
    user: &User,
    body: BodyReader<B, C>,
    clock: &C,
) -> Reply {
    let read = async {
        request.body = body.whole(CHECK_BYTES_MAX).await?;
        check(&Fields::parse(&request)?, clock).await
    };
    match read.await {
        Ok(conversion) => page::checked(&request, user, &conversion),
        Err(problem) => page::failed(&request, user, &Failure::Body(problem)),
    }
}

async fn check(fields: &Fields, clock: &impl Clock) -> Result<Conversion, Problem> {
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
    if let Some(range) = fields.get("pages").and_then(PageRange::parse) {
        let found = latex::check_pages(&finished.latex, Some(&PageRange::or_all(Some(&range), 0)));
        warnings.extend(found.into_iter().map(Warning::from));
    }
    warnings.extend(finished.findings.into_iter().map(Warning::from));
    let complete = !warnings.iter().any(Warning::is_incomplete);
    let (document, markdown) = conversion::rendered(&finished.latex, complete, clock).await;
    Ok(Conversion {
        markdown,
        document,
        latex: finished.latex,
        figures: Vec::new(),
        pages: None,
        pages_charged: 0,
        compiles: None,
        warnings,
        model: String::new(),
        simulated: false,
        file: FileName::parse(fields.get("snip_name").unwrap_or_default().trim_end_matches(".tex")),
    })
}

#[cfg(test)]
mod tests {
    use web::testing::{FakeClock, run};

    use super::*;

    fn checked(fields: &[(&str, &str)]) -> Result<Conversion, Problem> {
        let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = Request::test("POST", "/ocr/check");
        let form = request.with_body("application/x-www-form-urlencoded", pairs.join("&"));
        run(check(&Fields::parse(&form).unwrap(), &FakeClock::default()))
    }

    fn codes(conversion: &Conversion) -> Vec<&'static str> {
        conversion.warnings.iter().map(Warning::code).collect()
    }

    const WHOLE: &str = "\\documentclass{article}\r\n\\begin{document}\r\nSoit $x$.\r\n\\end{document}\r\n";

    #[test]
    fn a_corrected_document_is_checked_and_what_was_missing_stays_missing() {
        let Ok(whole) = checked(&[("snip", WHOLE), ("snip_name", "été.tex")]) else { panic!("refused") };
        assert_eq!((whole.latex.as_str(), whole.is_complete()), (WHOLE.replace("\r\n", "\n").as_str(), true));
        assert_eq!((codes(&whole), whole.compiles, whole.pages_charged), (vec![], None, 0));
        assert_eq!(whole.file.titled("tex"), "été.tex");
        let Ok(missing) = checked(&[("snip", WHOLE), ("incomplete", "1")]) else { panic!("refused") };
        assert_eq!((codes(&missing), missing.is_complete()), (vec!["still_incomplete"], false));
        let marked = WHOLE.replace("Soit", "% page 2\r\nSoit");
        let Ok(page) = checked(&[("snip", &marked), ("pages", "2-3")]) else { panic!("refused") };
        assert_eq!((codes(&page), page.is_complete()), (vec!["page_missing"], false));
    }

    #[test]
    fn a_cancelled_document_is_closed_and_says_that_it_is_cut() {
        let begun = "\\documentclass{article}\n\\begin{document}\n\\begin{itemize}\n\\item Un\n";
        let Ok(cut) = checked(&[("snip", begun), ("cut", "1")]) else { panic!("refused") };
        assert!(cut.latex.starts_with(begun) && cut.latex.ends_with("\\end{document}\n"), "{}", cut.latex);
        assert!(cut.latex.contains("\\end{itemize}"), "{}", cut.latex);
        assert!(codes(&cut).contains(&"cut") && !cut.is_complete());
    }

    #[test]
    fn nothing_is_no_document() {
        for fields in [&[][..], &[("snip", " \n")]] {
            assert!(checked(fields).is_err());
        }
    }
}
