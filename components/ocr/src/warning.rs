//! The warnings of a transcription: what was found in its LaTeX and what the conversion itself met, each with a
//! stable code and a sentence in French and English.

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
            Self::PageRefused { page } => Text::owned(
                format!("La page {page} n’a pas été transcrite : Google l’a refusée."),
                format!("Page {page} was not transcribed: Google refused it."),
            ),
            Self::PageFailed { page } => Text::owned(
                format!("La page {page} n’a pas été transcrite : Google n’a pas répondu."),
                format!("Page {page} was not transcribed: Google did not answer."),
            ),
            Self::PageCut { page } => Text::owned(
                format!("La page {page} n’a pas été transcrite jusqu’au bout : comparez-la avec l’original."),
                format!("Page {page} was not transcribed to its end: compare it with the original."),
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
                Text::owned(
                    format!(
                        "Le modèle habituel n’était pas disponible : la transcription vient de « {model} »."
                    ),
                    format!("The usual model was not available: the transcription comes from “{model}”."),
                )
            }
            Self::OtherModel { model, pages } => {
                let model = verbatim(model);
                let pages = pages.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                Text::owned(
                    format!(
                        "Le modèle habituel n’a pas transcrit les pages suivantes, qui viennent de « {model} » : {pages}."
                    ),
                    format!(
                        "The usual model did not transcribe the following pages, which come from “{model}”: {pages}."
                    ),
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

fn finding_text(finding: &Finding) -> Text {
    match finding {
        Finding::Cut => Text::new(
            "La transcription s’est arrêtée avant la fin du document : il manque la suite. Ce qui est arrivé a été complété pour pouvoir être compilé.",
            "The transcription stopped before the end of the document: the rest is missing. What arrived was completed so that it compiles.",
        ),
        Finding::Loop { line } => Text::owned(
            format!(
                "Le modèle s’est répété à partir de la ligne {line} : la répétition a été retirée, et la suite du document manque peut-être."
            ),
            format!(
                "The model repeated itself from line {line} on: the repetition was removed, and the rest of the document may be missing."
            ),
        ),
        Finding::Repetition { line } => Text::owned(
            format!(
                "À partir de la ligne {line}, les mêmes mots reviennent sans cesse : comparez ce passage avec l’original, le modèle s’est peut-être répété."
            ),
            format!(
                "From line {line} on, the same words come again and again: compare this passage with the original, the model may have repeated itself."
            ),
        ),
        Finding::UncertainSeam => Text::new(
            "La transcription est arrivée en deux parties qui se raccordent mal : vérifiez qu’il ne manque rien.",
            "The transcription came in two parts that do not join well: check that nothing is missing.",
        ),
        Finding::PageMissing { page } => Text::owned(
            format!("La page {page} n’apparaît pas dans la transcription : comparez avec l’original."),
            format!("Page {page} does not appear in the transcription: compare it with the original."),
        ),
        Finding::PageEmpty { page, .. } => Text::owned(
            format!("Rien n’a été transcrit de la page {page} : elle est blanche, ou n’a pas pu être lue."),
            format!("Nothing was transcribed of page {page}: it is blank, or could not be read."),
        ),
        Finding::PageMisplaced { page, line } => Text::owned(
            format!(
                "Ligne {line} : la page {page} est en double ou n’est pas à sa place. Comparez avec l’original."
            ),
            format!("Line {line}: page {page} comes twice or is out of place. Compare it with the original."),
        ),
        Finding::CharactersReplaced { line } => Text::owned(
            format!(
                "Ce que LaTeX refuse (caractères, lignes vides d’une formule, liste sans \\item) a été remplacé, d’abord à la ligne {line}."
            ),
            format!(
                "What LaTeX refuses (characters, empty lines in a formula, a list without \\item) was replaced, first on line {line}."
            ),
        ),
        Finding::UnknownCharacter { character, line } => Text::owned(
            format!(
                "Ligne {line} : pdflatex ne connaît pas le caractère « {character} ». Remplacez-le, ou compilez avec LuaLaTeX."
            ),
            format!(
                "Line {line}: pdflatex does not know the character “{character}”. Replace it, or compile with LuaLaTeX."
            ),
        ),
        Finding::ExtraCells { line } => Text::owned(
            format!("Ligne {line} : plus de cellules que de colonnes."),
            format!("Line {line}: more cells than columns."),
        ),
        Finding::UnknownCommand { command, line } => {
            let command = verbatim(command);
            Text::owned(
                format!("Ligne {line} : rien ne définit {command}."),
                format!("Line {line}: nothing defines {command}."),
            )
        }
        Finding::Illegible { count } => Text::owned(
            format!("Passages illisibles, à compléter à la main : {count}."),
            format!("Passages that could not be read, to be completed by hand: {count}."),
        ),
        Finding::PreambleAdded => Text::new(
            "Le modèle n’a pas écrit de préambule : un préambule courant a été ajouté.",
            "The model wrote no preamble: a standard one was added.",
        ),
        Finding::PackageAdded { package, needed_by } => {
            let needed_by = verbatim(needed_by);
            Text::owned(
                format!("L’extension « {package} » a été ajoutée au préambule : {needed_by} en a besoin."),
                format!("The package “{package}” was added to the preamble: {needed_by} needs it."),
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
            Text::owned(
                format!("Ligne {line} : {what} n’est jamais refermé ; la compilation risque d’échouer."),
                format!("Line {line}: {what} is never closed; compiling may fail."),
            )
        }
        Finding::NeverOpened { what, line } => {
            let what = verbatim(what);
            Text::owned(
                format!(
                    "Ligne {line} : {what} referme ce qui n’a pas été ouvert ; la compilation risque d’échouer."
                ),
                format!("Line {line}: {what} closes something that was not opened; compiling may fail."),
            )
        }
        Finding::Dangerous { command, line } => {
            let command = verbatim(command);
            Text::owned(
                format!(
                    "Ligne {line} : {command} peut lire ou écrire des fichiers, ou lancer des programmes, à la compilation. Vérifiez cette ligne avant de compiler."
                ),
                format!(
                    "Line {line}: {command} can read or write files, or run programs, when compiled. Check this line before compiling."
                ),
            )
        }
        Finding::MissingFile { name, line } => {
            let name = verbatim(name);
            Text::owned(
                format!(
                    "Ligne {line} : le document appelle le fichier « {name} », qui n’existe pas. Ajoutez-le ou retirez la ligne."
                ),
                format!(
                    "Line {line}: the document wants the file “{name}”, which does not exist. Add it or remove the line."
                ),
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
