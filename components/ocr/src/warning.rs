//! The warnings of a transcription: what was found in its LaTeX and what the conversion itself met, each with a
//! stable code and a sentence in French and English.

use std::fmt::Display;

use latex::Finding;
use web::{Text, verbatim};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Found in the LaTeX.
    Latex(Finding),
    /// Every model that was asked about this page refused it.
    PageRefused {
        page: u32,
    },
    /// No answer was to be had for this page.
    PageFailed {
        page: u32,
    },
    /// The answer about this page ended before its end.
    PageCut {
        page: u32,
    },
    /// Of a document or, where there are some, of these pages of it.
    OtherModel {
        model: String,
        pages: Vec<u32>,
    },
    /// The document was compiled and does not; the first error, with its line.
    DoesNotCompile {
        error: String,
        line: Option<u32>,
    },
    /// It did not compile, and a model corrected it.
    Corrected,
    PagesUnknown,
    /// Something was missing before the document was checked again.
    StillIncomplete,
    /// The PDF lacks its end mark where it belongs.
    OddEnd,
}

impl From<Finding> for Warning {
    fn from(finding: Finding) -> Self {
        Self::Latex(finding)
    }
}

impl Warning {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Latex(finding) => finding.code(),
            Self::PageRefused { .. } => "page_refused",
            Self::PageFailed { .. } => "page_failed",
            Self::PageCut { .. } => "page_cut",
            Self::OtherModel { .. } => "other_model",
            Self::DoesNotCompile { .. } => "does_not_compile",
            Self::Corrected => "corrected",
            Self::PagesUnknown => "pages_unknown",
            Self::StillIncomplete => "still_incomplete",
            Self::OddEnd => "odd_end",
        }
    }

    /// The transcription lacks something that the original has.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        match self {
            Self::Latex(finding) => finding.is_incomplete(),
            Self::PageRefused { .. }
            | Self::PageFailed { .. }
            | Self::PageCut { .. }
            | Self::StillIncomplete => true,
            _ => false,
        }
    }

    /// What was put right, with nothing to do for the user.
    #[must_use]
    pub fn is_repair(&self) -> bool {
        matches!(
            self,
            Self::Latex(
                Finding::PreambleAdded
                    | Finding::PackageAdded { .. }
                    | Finding::BabelModernised
                    | Finding::ChatterRemoved
            )
        )
    }

    /// The line of the LaTeX it is about, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Latex(finding) => finding.line(),
            Self::DoesNotCompile { line, .. } => *line,
            _ => None,
        }
    }

    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Latex(finding) => finding_text(finding),
            Self::PageRefused { page } => filled(
                "La page {} n’a pas été transcrite : Google l’a refusée.",
                "Page {} was not transcribed: Google refused it.",
                &[page],
            ),
            Self::PageFailed { page } => filled(
                "La page {} n’a pas été transcrite : Google n’a pas répondu.",
                "Page {} was not transcribed: Google did not answer.",
                &[page],
            ),
            Self::PageCut { page } => filled(
                "La page {} n’a pas été transcrite jusqu’au bout : comparez-la avec l’original.",
                "Page {} was not transcribed to its end: compare it with the original.",
                &[page],
            ),
            Self::DoesNotCompile { error, line } => {
                let place = line
                    .map(|line| (format!(" (ligne {line})"), format!(" (line {line})")))
                    .unwrap_or_default();
                let error = verbatim(error);
                Text::owned(
                    format!("Le document ne compile pas avec pdflatex{} : {error}", place.0),
                    format!("The document does not compile with pdflatex{}: {error}", place.1),
                )
            }
            Self::Corrected => Text::new(
                "Le document ne compilait pas : le modèle a corrigé son code. Comparez le résultat avec l’original.",
                "The document did not compile: the model corrected its code. Compare the result with the original.",
            ),
            Self::OtherModel { model, pages } if pages.is_empty() => {
                let model = verbatim(model);
                filled(
                    "Le modèle habituel n’était pas disponible : la transcription vient de « {} ».",
                    "The usual model was not available: the transcription comes from “{}”.",
                    &[&model],
                )
            }
            Self::OtherModel { model, pages } => {
                let model = verbatim(model);
                let pages = pages.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                filled(
                    "Le modèle habituel n’a pas transcrit les pages suivantes, qui viennent de « {} » : {}.",
                    "The usual model did not transcribe the following pages, which come from “{}”: {}.",
                    &[&model, &pages],
                )
            }
            Self::PagesUnknown => Text::new(
                "Le nombre de pages n’a pas pu être lu dans le PDF : il a été estimé d’après la taille du fichier.",
                "The number of pages could not be read from the PDF: it was estimated from the size of the file.",
            ),
            Self::StillIncomplete => Text::new(
                "Il manquait une partie du document à la fin de sa conversion.",
                "Part of the document was missing when its conversion ended.",
            ),
            Self::OddEnd => Text::new(
                "Le PDF ne se termine pas comme prévu : il est peut-être incomplet.",
                "The PDF does not end as it should: it may be incomplete.",
            ),
        }
    }
}

/// A sentence with these values in place of each `{}`: as macros, all of them take 3 KB more of a component.
fn filled(french: &str, english: &str, values: &[&dyn Display]) -> Text {
    let fill = |sentence: &str| {
        let mut parts = sentence.split("{}");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(values) {
            filled.push_str(&value.to_string());
            filled.push_str(part);
        }
        filled
    };
    Text::owned(fill(french), fill(english))
}

fn finding_text(finding: &Finding) -> Text {
    match finding {
        Finding::Cut => Text::new(
            "La transcription s’est arrêtée avant la fin du document : il manque la suite. Ce qui est arrivé a été complété pour pouvoir être compilé.",
            "The transcription stopped before the end of the document: the rest is missing. What arrived was completed so that it compiles.",
        ),
        Finding::Loop { line } => filled(
            "Le modèle s’est répété à partir de la ligne {} : la répétition a été retirée, et la suite du document manque peut-être.",
            "The model repeated itself from line {} on: the repetition was removed, and the rest of the document may be missing.",
            &[line],
        ),
        Finding::Repetition { line } => filled(
            "À partir de la ligne {}, les mêmes mots reviennent sans cesse : comparez ce passage avec l’original, le modèle s’est peut-être répété.",
            "From line {} on, the same words come again and again: compare this passage with the original, the model may have repeated itself.",
            &[line],
        ),
        Finding::UncertainSeam => Text::new(
            "La transcription est arrivée en deux parties qui se raccordent mal : vérifiez qu’il ne manque rien.",
            "The transcription came in two parts that do not join well: check that nothing is missing.",
        ),
        Finding::PageMissing { page } => filled(
            "La page {} n’apparaît pas dans la transcription : comparez avec l’original.",
            "Page {} does not appear in the transcription: compare it with the original.",
            &[page],
        ),
        Finding::PageEmpty { page, .. } => filled(
            "Rien n’a été transcrit de la page {} : elle est blanche, ou n’a pas pu être lue.",
            "Nothing was transcribed of page {}: it is blank, or could not be read.",
            &[page],
        ),
        Finding::PageMisplaced { page, line } => filled(
            "Ligne {} : la page {} est en double ou n’est pas à sa place. Comparez avec l’original.",
            "Line {}: page {} comes twice or is out of place. Compare it with the original.",
            &[line, page],
        ),
        Finding::CharactersReplaced { line } => filled(
            "Ce que LaTeX refuse (caractères, formules, listes sans \\item, préambule) a été corrigé, d’abord à la ligne {}.",
            "What LaTeX refuses (characters, formulas, lists without \\item, preamble) was mended, first on line {}.",
            &[line],
        ),
        Finding::UnknownCharacter { character, line } => filled(
            "Ligne {} : pdflatex ne connaît pas le caractère « {} ». Remplacez-le, ou compilez avec LuaLaTeX.",
            "Line {}: pdflatex does not know the character “{}”. Replace it, or compile with LuaLaTeX.",
            &[line, character],
        ),
        Finding::ExtraCells { line } => filled(
            "Ligne {} : plus de cellules que de colonnes.",
            "Line {}: more cells than columns.",
            &[line],
        ),
        Finding::UnknownCommand { command, line } => {
            let command = verbatim(command);
            filled("Ligne {} : rien ne définit {}.", "Line {}: nothing defines {}.", &[line, &command])
        }
        Finding::Illegible { count } => filled(
            "Passages illisibles, à compléter à la main : {}.",
            "Passages that could not be read, to be completed by hand: {}.",
            &[count],
        ),
        Finding::PreambleAdded => Text::new(
            "Le modèle n’a pas écrit de préambule : un préambule courant a été ajouté.",
            "The model wrote no preamble: a standard one was added.",
        ),
        Finding::PackageAdded { package, needed_by } => {
            let needed_by = verbatim(needed_by);
            filled(
                "L’extension « {} » a été ajoutée au préambule : {} en a besoin.",
                "The package “{}” was added to the preamble: {} needs it.",
                &[package, &needed_by],
            )
        }
        Finding::BabelModernised => Text::new(
            "L’option de langue « francais », obsolète, a été remplacée par « french ».",
            "The obsolete language option “francais” was replaced by “french”.",
        ),
        Finding::ChatterRemoved => Text::new(
            "Les phrases que le modèle avait ajoutées autour du document ont été retirées.",
            "Sentences that the model had added around the document were removed.",
        ),
        Finding::NeverClosed { what, line } => {
            let what = verbatim(what);
            filled(
                "Ligne {} : {} n’est jamais refermé ; la compilation risque d’échouer.",
                "Line {}: {} is never closed; compiling may fail.",
                &[line, &what],
            )
        }
        Finding::NeverOpened { what, line } => {
            let what = verbatim(what);
            filled(
                "Ligne {} : {} referme ce qui n’a pas été ouvert ; la compilation risque d’échouer.",
                "Line {}: {} closes something that was not opened; compiling may fail.",
                &[line, &what],
            )
        }
        Finding::Dangerous { command, line } => {
            let command = verbatim(command);
            filled(
                "Ligne {} : {} peut lire ou écrire des fichiers, ou lancer des programmes, à la compilation. Vérifiez cette ligne avant de compiler.",
                "Line {}: {} can read or write files, or run programs, when compiled. Check this line before compiling.",
                &[line, &command],
            )
        }
        Finding::MissingFile { name, line } => {
            let name = verbatim(name);
            filled(
                "Ligne {} : le document appelle le fichier « {} », qui n’existe pas. Ajoutez-le ou retirez la ligne.",
                "Line {}: the document wants the file “{}”, which does not exist. Add it or remove the line.",
                &[line, &name],
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;

    #[test]
    fn every_warning_has_a_sentence_in_both_languages() {
        let (line, name) = (3, || "nom".to_owned());
        let findings = [
            Finding::Cut,
            Finding::Loop { line },
            Finding::Repetition { line },
            Finding::UncertainSeam,
            Finding::PageMissing { page: 2 },
            Finding::PageEmpty { page: 2, line },
            Finding::PageMisplaced { page: 2, line },
            Finding::CharactersReplaced { line },
            Finding::UnknownCharacter { character: '漢', line },
            Finding::ExtraCells { line },
            Finding::UnknownCommand { command: name(), line },
            Finding::Illegible { count: 2 },
            Finding::PreambleAdded,
            Finding::PackageAdded { package: "amsmath", needed_by: name() },
            Finding::BabelModernised,
            Finding::ChatterRemoved,
            Finding::NeverClosed { what: name(), line },
            Finding::NeverOpened { what: name(), line },
            Finding::Dangerous { command: name(), line },
            Finding::MissingFile { name: name(), line },
        ];
        let own = [
            Warning::PageRefused { page: 3 },
            Warning::PageFailed { page: 3 },
            Warning::PageCut { page: 3 },
            Warning::DoesNotCompile { error: name(), line: Some(line) },
            Warning::Corrected,
            Warning::OtherModel { model: name(), pages: Vec::new() },
            Warning::OtherModel { model: name(), pages: vec![3, 5] },
            Warning::PagesUnknown,
            Warning::StillIncomplete,
            Warning::OddEnd,
        ];
        for warning in findings.map(Warning::from).into_iter().chain(own) {
            let text = warning.text();
            let (french, english) = (text.get(Lang::Fr), text.get(Lang::En));
            assert!(!french.is_empty() && !english.is_empty() && french != english, "{warning:?}");
        }
    }
}
