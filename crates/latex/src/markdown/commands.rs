//! What each command of LaTeX is in Markdown. A command that is not here is shown as code, and what follows it stays.

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

use Meaning::*;

pub(super) fn meaning(name: &str) -> Option<Meaning> {
    Some(match name {
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
        "textbf" | "strong" => Style(self::Style::Bold),
        "emph" | "textit" | "textsl" => Style(self::Style::Emphasis),
        "underline" | "uline" | "ul" => Style(self::Style::Underline),
        "texttt" | "code" | "path" | "nolinkurl" => Style(self::Style::Code),
        "bf" | "bfseries" => Declaration(self::Style::Bold),
        "it" | "itshape" | "em" | "sl" | "slshape" => Declaration(self::Style::Emphasis),
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
        _ => return layout(name).or_else(|| character(name).map(Text)),
    })
}

/// Commands whose effect is only on paper.
fn layout(name: &str) -> Option<Meaning> {
    Some(match name {
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
        "setlength" | "addtolength" | "setcounter" | "addtocounter" | "fontsize" | "addcontentsline" => {
            Drop(2)
        }
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
        _ => return None,
    })
}

fn character(name: &str) -> Option<&'static str> {
    Some(match name {
        "%" => "%",
        "&" => "&",
        "_" => "_",
        "#" => "#",
        "$" => "$",
        "{" => "{",
        "}" => "}",
        " " | "\n" | "\t" | ":" | ";" | ">" | "quad" | "qquad" | "enspace" | "hfill" | "space"
        | "thinspace" => " ",
        "," => "\u{202f}",
        "oe" => "œ",
        "OE" => "Œ",
        "ae" => "æ",
        "AE" => "Æ",
        "aa" => "å",
        "AA" => "Å",
        "o" => "ø",
        "O" => "Ø",
        "l" => "ł",
        "L" => "Ł",
        "ss" => "ß",
        "i" => "ı",
        "j" => "ȷ",
        "dots" | "ldots" | "textellipsis" => "…",
        "guillemotleft" | "flqq" | "guillemetleft" => "«",
        "guillemotright" | "frqq" | "guillemetright" => "»",
        "textquotedblleft" => "“",
        "textquotedblright" => "”",
        "textquoteleft" => "‘",
        "textquoteright" => "’",
        "textquotesingle" => "'",
        "textendash" => "–",
        "textemdash" => "—",
        "textbackslash" => "\\",
        "textasciitilde" => "~",
        "textasciicircum" => "^",
        "textbar" => "|",
        "textless" => "<",
        "textgreater" => ">",
        "textunderscore" => "_",
        "textbullet" => "•",
        "textperiodcentered" => "·",
        "textdegree" | "degre" | "degres" => "°",
        "euro" | "texteuro" => "€",
        "pounds" | "textsterling" => "£",
        "S" => "§",
        "P" => "¶",
        "dag" => "†",
        "ddag" => "‡",
        "copyright" | "textcopyright" => "©",
        "textregistered" => "®",
        "texttrademark" => "™",
        "LaTeX" => "LaTeX",
        "TeX" => "TeX",
        "no" => "n°",
        "No" => "N°",
        "nos" => "n°s",
        "primo" => "1°",
        "secundo" => "2°",
        "tertio" => "3°",
        "ier" => "er",
        "iere" => "re",
        "ieme" => "e",
        "iers" => "ers",
        "ieres" => "res",
        "iemes" => "es",
        _ => return None,
    })
}
