//! What repairing and checking a document found: a typed kind with its facts. The sentences for the user are the
//! caller's.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The text stopped before its end; what arrived was closed so that it compiles.
    Cut,
    /// The model repeated itself; the repetition was removed from this line on.
    Loop {
        line: u32,
    },
    /// From this line on the same words come again and again; nothing was removed.
    Repetition {
        line: u32,
    },
    /// A continuation could not be placed with certainty.
    UncertainSeam,
    /// The answer has markers of other pages, and none of this one.
    PageMissing {
        page: u32,
    },
    /// Nothing was transcribed of this page.
    PageEmpty {
        page: u32,
        line: u32,
    },
    /// This page comes twice, too early or too late.
    PageMisplaced {
        page: u32,
        line: u32,
    },
    /// Passages that the model could not read.
    Illegible {
        count: u32,
    },
    /// The text had no preamble; ours was put around it.
    PreambleAdded,
    PackageAdded {
        package: &'static str,
        needed_by: String,
    },
    BabelModernised,
    /// What pdflatex refuses was replaced, first on this line: characters, also those that mean something else in text,
    /// empty lines and displays in a formula, the beginning of a list without an item, what clashes in a preamble.
    CharactersReplaced {
        line: u32,
    },
    /// A character that pdflatex refuses and that stays.
    UnknownCharacter {
        character: char,
        line: u32,
    },
    /// A row of a table has more cells than the table has columns.
    ExtraCells {
        line: u32,
    },
    /// A command, or the beginning of an environment, that nothing defines.
    UnknownCommand {
        command: String,
        line: u32,
    },
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
    /// The document names a file that does not exist.
    MissingFile {
        name: String,
        line: u32,
    },
}

impl Finding {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Loop { .. } => "loop",
            Self::Repetition { .. } => "repetition",
            Self::UncertainSeam => "uncertain_seam",
            Self::PageMissing { .. } => "page_missing",
            Self::PageEmpty { .. } => "page_empty",
            Self::PageMisplaced { .. } => "page_misplaced",
            Self::Illegible { .. } => "illegible",
            Self::PreambleAdded => "preamble_added",
            Self::PackageAdded { .. } => "package_added",
            Self::BabelModernised => "babel_modernised",
            Self::CharactersReplaced { .. } => "characters_replaced",
            Self::UnknownCharacter { .. } => "unknown_character",
            Self::ExtraCells { .. } => "extra_cells",
            Self::UnknownCommand { .. } => "unknown_command",
            Self::ChatterRemoved => "chatter_removed",
            Self::NeverClosed { .. } => "never_closed",
            Self::NeverOpened { .. } => "never_opened",
            Self::Dangerous { .. } => "dangerous_command",
            Self::MissingFile { .. } => "missing_file",
        }
    }

    /// The document lacks something that its source had.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Cut | Self::Loop { .. } | Self::UncertainSeam | Self::PageMissing { .. })
    }

    /// The line of the LaTeX it is about, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Loop { line }
            | Self::Repetition { line }
            | Self::PageEmpty { line, .. }
            | Self::PageMisplaced { line, .. }
            | Self::CharactersReplaced { line }
            | Self::UnknownCharacter { line, .. }
            | Self::ExtraCells { line }
            | Self::UnknownCommand { line, .. }
            | Self::NeverClosed { line, .. }
            | Self::NeverOpened { line, .. }
            | Self::Dangerous { line, .. }
            | Self::MissingFile { line, .. } => Some(*line),
            _ => None,
        }
    }
}
