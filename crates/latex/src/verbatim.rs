//! Environments whose text is not read as LaTeX.

use crate::groups::argument_after_options;

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

/// What defines such environments.
const DEFINING: &str = "\\lstnewenvironment \\DefineVerbatimEnvironment \\newtcblisting \\newminted";
/// So many of a document's own are known, for each of these.
const OWN_MAX: usize = 8;

/// The names in one document.
#[derive(Debug, Default)]
pub(crate) struct Verbatim<'a> {
    own: Vec<&'a str>,
    /// The languages of which `\newminted` makes environments: `pythoncode`.
    minted: Vec<&'a str>,
    /// The document has an environment of its own with this name, which is text.
    comment_is_text: bool,
}

impl<'a> Verbatim<'a> {
    /// Looks for the commands that define such environments.
    pub(crate) fn of(source: &'a str) -> Self {
        let (mut own, mut minted) = (Vec::new(), Vec::new());
        for command in DEFINING.split(' ') {
            for (at, _) in source.match_indices(command).take(OWN_MAX) {
                let rest = source.get(at + command.len()..).unwrap_or_default();
                let Some(name) = argument_after_options(rest).filter(|name| !name.is_empty()) else {
                    continue;
                };
                match (command, rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))) {
                    ("\\newminted", Some((name, _))) => own.push(name),
                    ("\\newminted", None) => minted.push(name),
                    _ => own.push(name),
                }
            }
        }
        Self {
            own,
            minted,
            comment_is_text: source.contains("newenvironment{comment}")
                || source.contains("Environment{comment}"),
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        (name != "comment" || !self.comment_is_text) && (NAMES.contains(&name) || self.is_own(name))
    }

    /// Whether the document defines it.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        let plain = name.strip_suffix('*').unwrap_or(name);
        self.own.contains(&plain)
            || plain.strip_suffix("code").is_some_and(|language| self.minted.contains(&language))
    }
}
