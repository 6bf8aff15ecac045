//! What the reader is told about a transcription, each a sentence in French and English and a stable code.

use web::Text;

use super::balance::Opening;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The answer stopped before its end; what arrived was closed so that it compiles.
    Cut,
    /// The model repeated itself; the repetition was removed from here on.
    Loop {
        line: u32,
    },
    /// A continuation could not be placed with certainty.
    UncertainSeam,
    /// Google's filter for published text refused these pages.
    PageRefused {
        page: u32,
    },
    /// Passages the model could not read.
    Illegible {
        count: u32,
    },
    /// The model gave no preamble; ours was put around.
    PreambleAdded,
    PackageAdded {
        package: &'static str,
        needed_by: String,
    },
    BabelModernised,
    /// Sentences around the document were removed.
    ChatterRemoved,
    NeverClosed {
        what: String,
        line: u32,
    },
    NeverOpened {
        what: String,
        line: u32,
    },
    /// A command that can read or write files or run programs when compiled.
    Dangerous {
        command: String,
        line: u32,
    },
    /// A file that the document wants and that is not there.
    MissingFile {
        name: String,
        line: u32,
    },
    OtherModel {
        model: String,
    },
    PagesUnknown,
    /// The PDF lacks its end mark where it belongs.
    OddEnd,
}

impl Warning {
    /// For programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Loop { .. } => "loop",
            Self::UncertainSeam => "uncertain_seam",
            Self::PageRefused { .. } => "page_refused",
            Self::Illegible { .. } => "illegible",
            Self::PreambleAdded => "preamble_added",
            Self::PackageAdded { .. } => "package_added",
            Self::BabelModernised => "babel_modernised",
            Self::ChatterRemoved => "chatter_removed",
            Self::NeverClosed { .. } => "never_closed",
            Self::NeverOpened { .. } => "never_opened",
            Self::Dangerous { .. } => "dangerous_command",
            Self::MissingFile { .. } => "missing_file",
            Self::OtherModel { .. } => "other_model",
            Self::PagesUnknown => "pages_unknown",
            Self::OddEnd => "odd_end",
        }
    }

    /// The transcription lacks something that the PDF has.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Cut | Self::Loop { .. } | Self::PageRefused { .. } | Self::UncertainSeam)
    }

    /// The line of the LaTeX it is about, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Loop { line }
            | Self::NeverClosed { line, .. }
            | Self::NeverOpened { line, .. }
            | Self::Dangerous { line, .. }
            | Self::MissingFile { line, .. } => Some(*line),
            _ => None,
        }
    }

    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Cut => Text::new(
                "La transcription s’est arrêtée avant la fin du document : il manque la suite. Ce qui est arrivé a été refermé pour pouvoir être compilé.",
                "The transcription stopped before the end of the document: the rest is missing. What arrived was closed so that it compiles.",
            ),
            Self::Loop { line } => Text::owned(
                format!(
                    "Le modèle s’est mis à se répéter à la ligne {line} : la répétition a été retirée, la suite du document peut manquer."
                ),
                format!(
                    "The model began to repeat itself on line {line}: the repetition was removed, the rest of the document may be missing."
                ),
            ),
            Self::UncertainSeam => Text::new(
                "La transcription est arrivée en deux morceaux qui se recoupent mal : vérifiez qu’il ne manque rien.",
                "The transcription came in two pieces that do not fit well: check that nothing is missing.",
            ),
            Self::PageRefused { page } => Text::owned(
                format!("La page {page} n’a pas été transcrite : Google l’a prise pour un texte publié."),
                format!("Page {page} was not transcribed: Google took it for published text."),
            ),
            Self::Illegible { count } => Text::owned(
                format!("Passages illisibles, à compléter à la main : {count}."),
                format!("Passages that could not be read, to be completed by hand: {count}."),
            ),
            Self::PreambleAdded => Text::new(
                "Le modèle n’a pas donné de préambule : un préambule usuel a été ajouté.",
                "The model gave no preamble: a usual one was added.",
            ),
            Self::PackageAdded { package, needed_by } => Text::owned(
                format!("L’extension « {package} » a été ajoutée au préambule : {needed_by} en a besoin."),
                format!("The package “{package}” was added to the preamble: {needed_by} needs it."),
            ),
            Self::BabelModernised => Text::new(
                "L’option de langue « francais », obsolète, a été remplacée par « french ».",
                "The obsolete language option “francais” was replaced by “french”.",
            ),
            Self::ChatterRemoved => Text::new(
                "Des phrases du modèle autour du document ont été retirées.",
                "Sentences of the model around the document were removed.",
            ),
            Self::NeverClosed { what, line } => Text::owned(
                format!("Ligne {line} : {what} n’est jamais refermé ; la compilation risque d’échouer."),
                format!("Line {line}: {what} is never closed; compiling may fail."),
            ),
            Self::NeverOpened { what, line } => Text::owned(
                format!(
                    "Ligne {line} : {what} referme quelque chose qui n’a pas été ouvert ; la compilation risque d’échouer."
                ),
                format!("Line {line}: {what} closes something that was not opened; compiling may fail."),
            ),
            Self::Dangerous { command, line } => Text::owned(
                format!(
                    "Ligne {line} : {command} peut lire ou écrire des fichiers à la compilation. Vérifiez cette ligne avant de compiler."
                ),
                format!(
                    "Line {line}: {command} can read or write files when compiled. Check this line before compiling."
                ),
            ),
            Self::MissingFile { name, line } => Text::owned(
                format!(
                    "Ligne {line} : le document appelle le fichier « {name} », qui n’existe pas. Ajoutez-le ou retirez la ligne."
                ),
                format!(
                    "Line {line}: the document wants the file “{name}”, which does not exist. Add it or remove the line."
                ),
            ),
            Self::OtherModel { model } => Text::owned(
                format!("Le modèle habituel n’était pas disponible : la transcription vient de « {model} »."),
                format!("The usual model was not available: the transcription comes from “{model}”."),
            ),
            Self::PagesUnknown => Text::new(
                "Le nombre de pages n’a pas pu être lu dans le PDF : il a été estimé d’après la taille du fichier.",
                "The number of pages could not be read from the PDF: it was estimated from the size of the file.",
            ),
            Self::OddEnd => Text::new(
                "Le PDF ne se termine pas comme prévu : il est peut-être incomplet.",
                "The PDF does not end as it should: it may be incomplete.",
            ),
        }
    }
}

/// How an opening is shown in a sentence.
pub fn shown(opening: &Opening, closing: bool) -> String {
    match (opening, closing) {
        (Opening::Environment(name), false) => format!("\\begin{{{name}}}"),
        (Opening::Environment(name), true) => format!("\\end{{{name}}}"),
        (Opening::Group, false) => "{".to_owned(),
        (Opening::Parenthesis, false) => "\\(".to_owned(),
        (Opening::Bracket, false) => "\\[".to_owned(),
        (other, _) => other.closing(),
    }
}
