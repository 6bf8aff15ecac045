//! Which groups are arguments of the command or the `\begin` before them, where that changes what must match in them.

use crate::modes::listed;
use crate::tokens::Kind;

const TEXTS: &str = " text textrm textsf texttt textbf textit textsl textsc textup textnormal emph mbox hbox vbox fbox makebox \
    framebox intertext shortintertext tag footnote ";
const DEFINE_COMMANDS: &str = " newcommand renewcommand providecommand DeclareRobustCommand def gdef edef xdef newcolumntype \
    AtBeginEnvironment AtEndEnvironment ";
/// With parameters in an argument of their own, or what stands at the end.
const DEFINE_MORE: &str = " newenvironment renewenvironment lstnewenvironment NewDocumentCommand RenewDocumentCommand \
    ProvideDocumentCommand DeclareDocumentCommand ";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text, in a formula too: `$` in it opens a formula of its own.
    Text,
    /// The columns of a table: `$` in it belongs to the cells, as in `>{$}c<{$}`.
    Columns,
    /// The definition of a command or an environment: only its braces must match.
    Definition,
}

/// The next groups that are arguments: how many, and what they contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arguments {
    groups: u8,
    pub content: Content,
}

impl Arguments {
    /// Those that follow a token of this kind.
    pub(crate) fn of(kind: Kind<'_>) -> Option<Self> {
        let (groups, content) = match kind {
            Kind::Command(name) if listed(TEXTS, name) => (1, Content::Text),
            Kind::Command("parbox" | "raisebox" | "colorbox") => (2, Content::Text),
            Kind::Begin("tabular" | "array" | "longtable" | "supertabular" | "tabu") => (1, Content::Columns),
            Kind::Begin("tabular*" | "tabularx" | "tabulary") | Kind::Command("multicolumn") => {
                (2, Content::Columns)
            }
            Kind::Command(name) if listed(DEFINE_COMMANDS, name) => (2, Content::Definition),
            Kind::Command(name) if listed(DEFINE_MORE, name) => (3, Content::Definition),
            Kind::Command(name) if name.ends_with("DocumentEnvironment") => (4, Content::Definition),
            _ => return None,
        };
        Some(Self { groups, content })
    }

    /// Those that remain after one group, or after a command in its place: `\def\x{…}`.
    pub(crate) fn rest(self) -> Option<Self> {
        self.groups.checked_sub(1).filter(|groups| *groups > 0).map(|groups| Self { groups, ..self })
    }

    /// Whether what stands before the next group, an option or a parameter, may stand between two arguments.
    pub(crate) fn go_on_after(gap: &str) -> bool {
        let gap = gap.trim_start();
        gap.is_empty() || gap.starts_with(['[', '*', '#'])
    }
}
