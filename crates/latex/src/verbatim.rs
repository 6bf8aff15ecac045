//! Environments whose text is not read as LaTeX.

use crate::groups::argument;

/// The text of these is what it is; that of `comment` and `filecontents` is not part of the document at all.
const NAMES: [&str; 17] = [
    "verbatim",
    "verbatim*",
    "Verbatim",
    "Verbatim*",
    "BVerbatim",
    "LVerbatim",
    "SaveVerbatim",
    "alltt",
    "lstlisting",
    "semiverbatim",
    "tcblisting",
    "lstlisting*",
    "minted",
    "comment",
    "filecontents",
    "filecontents*",
    "verbatimtab",
];

/// So many of a document's own are known.
const OWN_MAX: usize = 8;

/// The names in one document.
#[derive(Debug, Default)]
pub(crate) struct Verbatim<'a> {
    own: Vec<&'a str>,
    /// The document has an environment of its own with this name, which is text.
    comment_is_text: bool,
}

impl<'a> Verbatim<'a> {
    /// Looks for the commands that define such environments.
    pub(crate) fn of(source: &'a str) -> Self {
        let mut own = Vec::new();
        for command in ["\\lstnewenvironment{", "\\DefineVerbatimEnvironment{", "\\newtcblisting{"] {
            let found = source.match_indices(command).take(OWN_MAX);
            own.extend(found.filter_map(|(at, _)| {
                let name = argument(source.get(at + command.len() - 1..)?)?;
                Some(name).filter(|name| !name.is_empty())
            }));
        }
        Self {
            own,
            comment_is_text: source.contains("newenvironment{comment}")
                || source.contains("Environment{comment}"),
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        (name != "comment" || !self.comment_is_text) && (NAMES.contains(&name) || self.own.contains(&name))
    }
}
