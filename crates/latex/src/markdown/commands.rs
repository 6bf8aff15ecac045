//! What each command of LaTeX is in Markdown. A command that is not here is shown as code, and what follows it stays.

use std::cmp::Ordering;

/// Emphasis that Markdown knows. Underlining is not among it, and HTML is not written: it becomes emphasis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Emphasis,
    Underline,
    Code,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Characters.
    Text(&'static str),
    /// A combining character for the next letter.
    Accent(char),
    /// Of the next group.
    Style(Style),
    /// Of the rest of its group.
    Declaration(Style),
    /// Layout: dropped, with its options and so many groups.
    Drop(u8),
    /// So many groups are dropped; what follows stays as text.
    Skip(u8),
    /// -1 (`\part`) to 5 (`\subparagraph`).
    Section(i8),
    Break,
    Paragraph,
    Rule,
    Blank,
    Quoted,
    Superscript,
    Subscript,
    Footnote,
    Href,
    Url,
    Graphics,
    Caption,
    Title,
    /// Stays as code with its groups: a reference, a unit.
    Source(u8),
    /// Is mathematics without dollars.
    Math {
        keep: bool,
    },
    Bullet,
    Tie,
    /// Between two authors.
    Comma,
    /// A length without braces follows, as in `\vskip 1cm`; or a group.
    Length,
    /// `\newcommand` and its like: written before the body where formulas need it.
    Definition,
    CloseQuote,
    OpenQuote,
}

use Meaning::{
    Accent, Blank, Break, Bullet, Caption, CloseQuote, Comma, Declaration, Definition, Drop, Footnote,
    Graphics, Href, Length, Math, OpenQuote, Paragraph, Quoted, Rule, Section, Skip, Source, Subscript,
    Superscript, Text, Tie, Title, Url,
};

/// A table, not a `match`, which takes twice the room in a component.
macro_rules! table {
    ($($($name:literal)|+ => $meaning:expr,)+) => {
        [$((&[$($name),+], $meaning),)+]
    };
}

/// Each name with the index of its meaning. Sorted by [`order`] when it is compiled.
static COMMANDS: [(&str, u8); count()] = sorted();
static MEANINGS: [Meaning; ALL.len()] = meanings();

const ALL: &[(&[&str], Meaning)] = &table! {
    "'" => Accent('\u{301}'),
    "`" => Accent('\u{300}'),
    "^" => Accent('\u{302}'),
    "\"" => Accent('\u{308}'),
    "~" => Accent('\u{303}'),
    "=" => Accent('\u{304}'),
    "." => Accent('\u{307}'),
    "c" => Accent('\u{327}'),
    "u" => Accent('\u{306}'),
    "v" => Accent('\u{30c}'),
    "H" => Accent('\u{30b}'),
    "r" => Accent('\u{30a}'),
    "k" => Accent('\u{328}'),
    "d" => Accent('\u{323}'),
    "b" => Accent('\u{331}'),
    "textbf" | "strong" => Meaning::Style(Style::Bold),
    "emph" | "textit" | "textsl" => Meaning::Style(Style::Emphasis),
    "underline" | "uline" | "ul" => Meaning::Style(Style::Underline),
    "texttt" | "code" | "path" | "nolinkurl" => Meaning::Style(Style::Code),
    "bf" | "bfseries" => Declaration(Style::Bold),
    "it" | "itshape" | "em" | "sl" | "slshape" => Declaration(Style::Emphasis),
    "part" => Section(-1),
    "chapter" => Section(0),
    "section" => Section(1),
    "subsection" => Section(2),
    "subsubsection" => Section(3),
    "paragraph" => Section(4),
    "subparagraph" => Section(5),
    "\\" | "newline" | "linebreak" | "tabularnewline" | "cr" => Break,
    "par" | "newpage" | "clearpage" | "cleardoublepage" | "pagebreak" | "bigbreak" | "medbreak"
    | "smallbreak" => Paragraph,
    "hrule" => Rule,
    "rule" | "hrulefill" | "dotfill" => Blank,
    "enquote" => Quoted,
    "textsuperscript" | "up" | "fup" => Superscript,
    "textsubscript" => Subscript,
    "footnote" | "footnotetext" | "thanks" => Footnote,
    "href" => Href,
    "url" => Url,
    "includegraphics" => Graphics,
    "caption" | "captionof" => Caption,
    "maketitle" => Title,
    "and" => Comma,
    "ensuremath" => Math { keep: false },
    "ce" => Math { keep: true },
    "item" => Bullet,
    "og" => OpenQuote,
    "fg" => CloseQuote,
    "nobreakspace" => Tie,
    "ref" | "eqref" | "pageref" | "cref" | "Cref" | "autoref" | "cite" | "bibliography" | "si"
    | "unit" | "input" | "include" | "ding" | "symbol" | "char" => Source(1),
    "SI" | "qty" => Source(2),
    "today" | "tableofcontents" | "footnotemark" => Source(0),
    // Only on paper.
    "noindent" | "indent" | "bigskip" | "medskip" | "smallskip" | "vfill" | "vfil" | "centering"
    | "raggedright" | "raggedleft" | "hline" | "toprule" | "midrule" | "bottomrule" | "allowbreak"
    | "nobreak" | "nopagebreak" | "nolinebreak" | "null" | "strut" | "displaystyle" | "textstyle"
    | "normalfont" | "rm" | "sf" | "tt" | "sc" | "rmfamily" | "sffamily" | "ttfamily" | "upshape"
    | "mdseries" | "scshape" | "tiny" | "scriptsize" | "footnotesize" | "small" | "normalsize"
    | "large" | "Large" | "LARGE" | "huge" | "Huge" | "sloppy" | "fussy" | "frenchspacing" | "relax"
    | "protect" | "leavevmode" | "ignorespaces" | "unskip" | "makeatletter" | "makeatother"
    | "columnbreak" | "appendix" | "frontmatter" | "mainmatter" | "backmatter" | "onecolumn"
    | "twocolumn" | "boldmath" | "unboldmath" | "hfil" | "begingroup" | "endgroup" | "bgroup"
    | "egroup" | "singlespacing" | "onehalfspacing" | "doublespacing" | "qedhere" | "/" | "-" | "@"
    | "!" => Drop(0),
    "label" | "vspace" | "newcounter" | "newlength" | "pagestyle" | "thispagestyle" | "pagenumbering"
    | "index" | "selectlanguage" | "usepackage" | "title" | "author" | "date" | "linespread"
    | "cline" | "cmidrule" | "phantom" | "hphantom" | "vphantom" | "needspace" | "enlargethispage"
    | "hypersetup" | "graphicspath" | "setstretch" | "stepcounter" | "refstepcounter" | "color"
    | "theoremstyle" | "usetikzlibrary" | "lstset" | "documentclass" | "geometry" | "setlist"
    | "fancyhf" | "everymath" => Drop(1),
    "setlength" | "addtolength" | "setcounter" | "addtocounter" | "fontsize" | "addcontentsline" => Drop(2),
    "definecolor" | "newenvironment" | "renewenvironment" => Drop(3),
    "newtheorem" | "newcolumntype" => Drop(2),
    "newcommand" | "renewcommand" | "providecommand" | "DeclareMathOperator" | "def" => Definition,
    "mbox" | "hbox" | "fbox" | "makebox" | "framebox" | "text" | "textrm" | "textsf" | "textsc"
    | "textnormal" | "textup" | "textmd" | "centerline" | "leftline" | "rightline" | "bsc" | "mathrm"
    | "boxed" | "shadowbox" | "centered" | "uppercase" | "MakeUppercase" | "lowercase"
    | "MakeLowercase" | "sout" | "hl" => Skip(0),
    "hspace" | "hskip" | "vskip" | "kern" | "parindent" | "parskip" | "baselineskip" | "itemsep"
    | "tabcolsep" | "textwidth" | "linewidth" | "columnwidth" => Length,
    "textcolor" | "colorbox" | "parbox" | "raisebox" | "scalebox" | "rotatebox" | "hyperref"
    | "foreignlanguage" => Skip(1),
    "resizebox" | "fcolorbox" => Skip(2),
    // Characters.
    "%" => Text("%"),
    "&" => Text("&"),
    "_" => Text("_"),
    "#" => Text("#"),
    "$" => Text("$"),
    "{" => Text("{"),
    "}" => Text("}"),
    " " | "\n" | "\t" | ":" | ";" | ">" | "quad" | "qquad" | "enspace" | "hfill" | "space"
    | "thinspace" => Text(" "),
    "," => Text("\u{202f}"),
    "oe" => Text("œ"),
    "OE" => Text("Œ"),
    "ae" => Text("æ"),
    "AE" => Text("Æ"),
    "aa" => Text("å"),
    "AA" => Text("Å"),
    "o" => Text("ø"),
    "O" => Text("Ø"),
    "l" => Text("ł"),
    "L" => Text("Ł"),
    "ss" => Text("ß"),
    "i" => Text("ı"),
    "j" => Text("ȷ"),
    "dots" | "ldots" | "textellipsis" => Text("…"),
    "guillemotleft" | "flqq" | "guillemetleft" => Text("«"),
    "guillemotright" | "frqq" | "guillemetright" => Text("»"),
    "textquotedblleft" => Text("“"),
    "textquotedblright" => Text("”"),
    "textquoteleft" => Text("‘"),
    "textquoteright" => Text("’"),
    "textquotesingle" => Text("'"),
    "textendash" => Text("–"),
    "textemdash" => Text("—"),
    "textbackslash" => Text("\\"),
    "textasciitilde" => Text("~"),
    "textasciicircum" => Text("^"),
    "textbar" => Text("|"),
    "textless" => Text("<"),
    "textgreater" => Text(">"),
    "textunderscore" => Text("_"),
    "textbullet" => Text("•"),
    "textperiodcentered" => Text("·"),
    "textdegree" | "degre" | "degres" => Text("°"),
    "euro" | "texteuro" => Text("€"),
    "pounds" | "textsterling" => Text("£"),
    "S" => Text("§"),
    "P" => Text("¶"),
    "dag" => Text("†"),
    "ddag" => Text("‡"),
    "copyright" | "textcopyright" => Text("©"),
    "textregistered" => Text("®"),
    "texttrademark" => Text("™"),
    "LaTeX" => Text("LaTeX"),
    "TeX" => Text("TeX"),
    "no" => Text("n°"),
    "No" => Text("N°"),
    "nos" => Text("n°s"),
    "primo" => Text("1°"),
    "secundo" => Text("2°"),
    "tertio" => Text("3°"),
    "ier" => Text("er"),
    "iere" => Text("re"),
    "ieme" => Text("e"),
    "iers" => Text("ers"),
    "ieres" => Text("res"),
    "iemes" => Text("es"),
};

pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let found = COMMANDS.binary_search_by(|(other, _)| order(other.as_bytes(), name.as_bytes()));
    MEANINGS.get(usize::from(COMMANDS.get(found.ok()?)?.1)).copied()
}

/// By length first, which mostly decides.
const fn order(one: &[u8], other: &[u8]) -> Ordering {
    if one.len() != other.len() {
        return if one.len() < other.len() { Ordering::Less } else { Ordering::Greater };
    }
    let (mut one, mut other) = (one, other);
    while let ([first, one_rest @ ..], [second, other_rest @ ..]) = (one, other) {
        if *first != *second {
            return if *first < *second { Ordering::Less } else { Ordering::Greater };
        }
        (one, other) = (one_rest, other_rest);
    }
    Ordering::Equal
}

const fn count() -> usize {
    let (mut count, mut rest) = (0, ALL);
    while let [(names, _), after @ ..] = rest {
        count += names.len();
        rest = after;
    }
    count
}

#[expect(clippy::indexing_slicing, reason = "when it is compiled")]
const fn meanings() -> [Meaning; ALL.len()] {
    let (mut meanings, mut at) = ([Break; ALL.len()], 0);
    while at < ALL.len() {
        meanings[at] = ALL[at].1;
        at += 1;
    }
    meanings
}

#[expect(clippy::indexing_slicing, reason = "when it is compiled")]
const fn sorted() -> [(&'static str, u8); count()] {
    let mut table = [("", 0); count()];
    let (mut group, mut end) = (0_u8, 0);
    let mut rest = ALL;
    while let [(names, _), after @ ..] = rest {
        let mut names: &[&str] = names;
        while let [name, others @ ..] = names {
            table[end] = (*name, group);
            let mut at = end;
            while at > 0
                && matches!(order(table[at].0.as_bytes(), table[at - 1].0.as_bytes()), Ordering::Less)
            {
                (table[at], table[at - 1]) = (table[at - 1], table[at]);
                at -= 1;
            }
            end += 1;
            names = others;
        }
        group += 1;
        rest = after;
    }
    table
}
