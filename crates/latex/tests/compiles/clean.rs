//! A clean answer is delivered byte by byte, and nothing is said against it.

use latex::{Finished, finish};

use crate::corpus::documents;
use crate::tex::assert_compiles;

#[test]
fn a_document_that_compiles_is_not_changed_and_not_warned_about() {
    for (name, latex) in documents() {
        assert_compiles(&name, &latex);
        let clean = Finished { latex: latex.clone(), findings: vec![], figures: vec![] };
        assert_eq!(finish(&latex, true), clean, "{name}");
        assert_eq!(finish(&latex, false), clean, "{name}, whose end is there");
    }
}

#[test]
fn a_loop_that_ended_is_warned_about_and_stays() {
    let loops = "La fonction est continue et dérivable sur cet intervalle. ".repeat(200);
    for (name, latex) in documents().into_iter().take(10) {
        let looping = latex.replace("\\end{document}", &format!("\n\n{loops}\n\n\\end{{document}}"));
        let finished = finish(&looping, true);
        assert_eq!(finished.latex, looping, "{name}");
        assert_eq!(
            finished.findings.iter().map(latex::Finding::code).collect::<Vec<_>>(),
            ["repetition"],
            "{name}"
        );
    }
}
