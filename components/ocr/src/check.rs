//! The use case of a document that exists already: what a cancelled conversion left, or what a user has corrected. No
//! model is asked and nothing is stored, so it costs nothing.

use std::cell::RefCell;
use std::time::Duration;

use auth_api::User;
use web::{BodyReader, Clock, Fields, IncomingBody, Reply, Request, TooLong, Work};

use crate::conversion::{self, Conversion};
use crate::error::Failure;
use crate::page;
use crate::page_range::PageRange;
use crate::upload::{FileName, Malformed};
use crate::warning::Warning;

/// The longest form, in bytes. A document of 300 dense pages is some 900 KB.
pub(crate) const CHECK_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Of computing, not of waiting. The longest document takes 1 to 5 s of one processor.
const COMPUTING_MAX: Duration = Duration::from_secs(10);

/// Bytes of the documents that one instance checks at the same time: one of the longest, which is all that one user may
/// have, and some as people write them. Who comes while more are checked is refused, or they would keep everybody waiting.
const AT_ONCE_BYTES_MAX: usize = CHECK_BYTES_MAX + 512 * 1024;

thread_local! {
    /// The documents that the instance, which has one thread, checks now: the user's id, and the bytes.
    static AT_ONCE: RefCell<Vec<(String, usize)>> = const { RefCell::new(Vec::new()) };
}

/// One of them; dropping it takes it away.
struct Share((String, usize));

impl Share {
    fn take(user_id: &str, bytes: usize) -> Result<Self, TooLong> {
        AT_ONCE.with_borrow_mut(|documents| {
            let (mut own, mut all) = (bytes, bytes);
            for (of, bytes) in documents.iter() {
                all += bytes;
                own += if of == user_id { *bytes } else { 0 };
            }
            if own > CHECK_BYTES_MAX || all > AT_ONCE_BYTES_MAX {
                return Err(TooLong);
            }
            documents.push((user_id.to_owned(), bytes));
            Ok(Self((user_id.to_owned(), bytes)))
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        AT_ONCE.with_borrow_mut(|documents| {
            if let Some(place) = documents.iter().position(|document| *document == self.0) {
                documents.swap_remove(place);
            }
        });
    }
}

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
        request.body = body.whole(CHECK_BYTES_MAX).await.map_err(Failure::Body)?;
        let share = Share::take(&user.id, request.body.len())?;
        let fields = Fields::parse(&request).map_err(Failure::Body)?;
        Ok((check(&fields, clock).await?, share))
    };
    match read.await {
        Ok((conversion, _share)) => page::checked(&request, user, &conversion),
        Err(failure) => page::failed(&request, user, &failure),
    }
}

async fn check(fields: &Fields, clock: &impl Clock) -> Result<Conversion, Failure> {
    let is_set = |name| fields.get(name).is_some_and(|value| !value.is_empty());
    // Browsers send the line ends of a text area so.
    let source = fields.get("snip").unwrap_or_default().replace("\r\n", "\n");
    if source.trim().is_empty() {
        return Err(Failure::Upload(Malformed::NoFile.into()));
    }
    let work = Work::new(clock, COMPUTING_MAX);
    let finished = conversion::finished(&source, !is_set("cut"), &work).await?;
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
    let (document, markdown) = conversion::rendered(&finished.latex, complete, &work).await?;
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

    /// Every look at it is five seconds later than the one before.
    #[derive(Default)]
    struct BusyClock(FakeClock);

    impl Clock for BusyClock {
        fn elapsed(&self) -> Duration {
            self.0.advance(Duration::from_secs(5));
            self.0.elapsed()
        }

        async fn sleep(&self, wait: Duration) {
            self.0.sleep(wait).await;
        }

        async fn give_way(&self, _: Duration) {}
    }

    fn checked(fields: &[(&str, &str)]) -> Result<Conversion, Failure> {
        checked_on(&FakeClock::default(), fields)
    }

    fn checked_on(clock: &impl Clock, fields: &[(&str, &str)]) -> Result<Conversion, Failure> {
        let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = Request::test("POST", "/ocr/check");
        let form = request.with_body("application/x-www-form-urlencoded", pairs.join("&"));
        run(check(&Fields::parse(&form).unwrap(), clock))
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
    fn a_check_that_computes_for_too_long_ends() {
        let Err(failure) = checked_on(&BusyClock::default(), &[("snip", WHOLE)]) else { panic!("no end") };
        let problem = failure.problem();
        assert_eq!((problem.status().as_u16(), problem.code()), (503, "too_busy"));
    }

    #[test]
    fn documents_of_one_instance_are_refused_when_they_are_too_many_at_once_until_one_ends() {
        let longest = Share::take("1", CHECK_BYTES_MAX);
        assert!(longest.is_ok());
        assert!(Share::take("1", 1).is_err(), "one user has all that one may have");
        let other = Share::take("2", 512 * 1024);
        assert!(other.is_ok());
        assert!(Share::take("3", 1).is_err());
        drop(longest);
        assert!(Share::take("3", CHECK_BYTES_MAX).is_ok());
    }

    #[test]
    fn nothing_is_no_document() {
        for fields in [&[][..], &[("snip", " \n")]] {
            assert!(checked(fields).is_err());
        }
    }
}
