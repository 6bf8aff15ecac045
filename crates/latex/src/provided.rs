//! Which package each command and environment comes from, as far as transcribed courses use them, and which packages
//! load others. Read off the packages in TeX Live 2022.

/// Packages any of which provides the commands and the environments; the first one is the one to add. In the order in
/// which they may be loaded.
pub(crate) const PROVIDED: &[(&str, &str, &str)] = &[
    ("geometry", "geometry newgeometry restoregeometry", ""),
    (
        "amsmath mathtools unicode-math physics",
        "dfrac tfrac cfrac binom dbinom tbinom eqref intertext iint iiint idotsint operatorname substack \
         DeclareMathOperator xrightarrow xleftarrow boldsymbol implies impliedby iff overset underset numberwithin tag \
         notag lvert rvert lVert rVert dotsc dotsb dotsm dotsi varinjlim varprojlim overleftrightarrow \
         underrightarrow allowdisplaybreaks mspace sideset boxed",
        "align align* gather gather* multline multline* flalign flalign* cases pmatrix bmatrix Bmatrix vmatrix Vmatrix \
         matrix split aligned alignedat alignat alignat* equation* gathered smallmatrix subequations",
    ),
    ("amsmath siunitx xfrac SIunits xypic amstext", "text", ""),
    (
        "mathtools",
        "coloneqq eqqcolon DeclarePairedDelimiter DeclarePairedDelimiterX mathclap prescript shortintertext",
        "dcases dcases* rcases pmatrix* bmatrix* vmatrix* multlined",
    ),
    ("amssymb amsfonts dsfont unicode-math mathpazo", "mathbb", ""),
    (
        "amssymb amsfonts unicode-math",
        "mathfrak checkmark lozenge square llcorner lrcorner ulcorner urcorner trianglelefteq trianglerighteq",
        "",
    ),
    (
        "amssymb unicode-math",
        "leqslant geqslant varnothing blacksquare nmid nexists complement subsetneq supsetneq lesssim gtrsim \
         therefore because curvearrowright circlearrowleft circlearrowright Box Diamond bigstar \
         rightleftharpoons leftrightarrows rightrightarrows twoheadrightarrow hookrightarrow upharpoonright restriction \
         vDash Vdash nleq ngeq nsubseteq subseteqq triangleq blacktriangle \
         blacktriangleright vartriangle measuredangle sphericalangle backprime eth Bbbk hslash digamma varkappa \
         leadsto nrightarrow nRightarrow Subset Supset Cap Cup ltimes rtimes \
         preccurlyeq succcurlyeq",
        "",
    ),
    ("amsthm ntheorem theorem", "theoremstyle qedhere qedsymbol newtheoremstyle", "proof"),
    ("graphicx", "includegraphics rotatebox scalebox resizebox reflectbox graphicspath", ""),
    ("xcolor color", "textcolor color definecolor colorbox fcolorbox pagecolor", ""),
    ("xcolor", "colorlet definecolorset", ""),
    ("xcolor colortbl color", "rowcolor cellcolor columncolor", ""),
    ("colortbl", "rowcolor cellcolor columncolor arrayrulecolor", ""),
    ("array tabularx", "newcolumntype arraybackslash extrarowheight", ">{…}"),
    ("booktabs", "toprule midrule bottomrule cmidrule addlinespace", ""),
    ("multirow", "multirow", ""),
    ("tabularx", "", "tabularx"),
    ("longtable", "", "longtable"),
    ("diagbox", "diagbox", ""),
    ("makecell", "makecell thead", ""),
    ("siunitx", "SI si num ang SIrange qtyrange sisetup numrange DeclareSIUnit", ""),
    ("siunitx physics", "qty", ""),
    ("siunitx units", "unit", ""),
    ("cancel", "cancel bcancel xcancel cancelto", ""),
    ("stmaryrd", "llbracket rrbracket", ""),
    ("mathrsfs unicode-math", "mathscr", ""),
    ("bbm", "mathbbm", ""),
    ("dsfont", "mathds", ""),
    ("esvect", "vv", ""),
    ("bm", "bm", ""),
    ("mhchem", "ce", ""),
    ("eurosym wasysym", "euro", ""),
    ("pifont", "ding", "dinglist"),
    ("enumerate enumitem paralist mdwlist beamer", "", "[1.]"),
    ("enumitem", "setlist newlist setlistdepth", "[label=…]"),
    (
        "fancyhdr exam scrlayer-scrpage scrpage2",
        "pagestyle{fancy} fancyhf fancyhead fancyfoot lhead chead rhead lfoot cfoot rfoot",
        "",
    ),
    ("setspace", "onehalfspacing doublespacing setstretch", "spacing onehalfspace doublespace"),
    ("multicol", "columnbreak raggedcolumns", "multicols multicols*"),
    ("wrapfig", "", "wrapfigure wraptable"),
    ("float", "newfloat floatstyle restylefloat", "[H]"),
    ("caption", "captionsetup", ""),
    ("caption scrartcl scrreprt scrbook", "captionof", ""),
    ("csquotes", "enquote", "displayquote"),
    ("ulem", "uline uuline uwave sout xout dashuline dotuline", ""),
    ("soul", "hl", ""),
    ("lipsum mwe", "lipsum", ""),
    ("ifthen", "ifthenelse whiledo", ""),
    ("listings", "lstset lstinline lstinputlisting lstdefinestyle lstdefinelanguage", "lstlisting"),
    ("fancyvrb", "Verb DefineVerbatimEnvironment fvset", ""),
    ("fancyvrb fancybox", "", "Verbatim BVerbatim LVerbatim"),
    ("alltt", "", "alltt"),
    ("comment", "excludecomment includecomment", ""),
    ("comment verbatim moreverb tcolorbox changes memoir", "", "comment"),
    ("framed", "", "framed shaded leftbar"),
    ("mdframed", "newmdenv surroundwithmdframed", "mdframed"),
    ("tcolorbox", "newtcolorbox tcbset newtcbox tcbox tcbuselibrary", "tcolorbox"),
    ("algorithm2e", "SetAlgoLined KwIn KwOut KwData KwResult KwTo SetKwInOut", ""),
    ("algorithm algorithm2e", "", "algorithm algorithm*"),
    ("algpseudocode algorithmic algcompatible algorithmicx algpseudocodex", "", "algorithmic"),
    (
        "tikz pgfplots tkz-tab circuitikz tkz-euclide tikz-cd",
        "tikz usetikzlibrary tikzset tikzstyle",
        "tikzpicture",
    ),
    ("tikz pgffor", "foreach", ""),
    ("pgfplots", "addplot pgfplotsset", "axis semilogxaxis semilogyaxis loglogaxis"),
    ("tkz-tab", "tkzTabInit tkzTabLine tkzTabVar tkzTabIma tkzTabVal", ""),
    ("circuitikz", "ctikzset", "circuitikz"),
    ("tikz-cd", "", "tikzcd"),
    ("chemfig", "chemfig chemname schemestart setchemfig", ""),
    ("gensymb siunitx SIunits mathabx", "degree celsius", ""),
    ("xspace algorithm2e mwe blindtext", "xspace", ""),
    ("np ProfCollege tdsfrmath", "np", ""),
    ("numprint", "numprint nprounddigits npdecimalsign npthousandsep", ""),
    ("eurosym marvosym europs", "EUR", ""),
    ("systeme", "systeme", ""),
    ("xlop", "opadd opsub opmul opdiv", ""),
    ("braket physics", "ket bra braket", ""),
    ("nicematrix", "", "pNiceMatrix bNiceMatrix NiceTabular"),
    ("empheq", "", "empheq"),
    ("bussproofs", "AxiomC", "prooftree"),
    ("subcaption", "subcaptionbox", "subfigure subtable"),
    ("rotating ctable", "", "sidewaystable sidewaysfigure"),
    ("pdflscape lscape", "", "landscape"),
    ("threeparttable threeparttablex", "", "threeparttable"),
    ("tabulary", "", "tabulary"),
    ("hhline", "hhline", ""),
    ("arydshln", "hdashline", ""),
    ("tasks exsheets", "", "tasks"),
    ("paralist", "", "compactitem compactenum inparaenum"),
    ("titlesec", "titleformat titlespacing", ""),
    ("lettrine", "lettrine", ""),
    ("todonotes changes", "todo", ""),
    ("forest", "", "forest"),
    ("hyperref nohyperref", "href hypersetup texorpdfstring autoref", ""),
    ("hyperref url xurl biblatex breakurl", "url", ""),
    ("cleveref", "cref Cref crefname", ""),
    // Nothing gives these with certainty, and a model may use them without defining them.
    (
        "? physics commath mismath tdsfrmath diffcoeff derivative skmath hep-math delimset fnspe nchairx statex functan",
        "abs norm dv pdv",
        "",
    ),
    ("? tdsfrmath frenchmath mismath ProfCollege esvect mafr", "vect card pgcd ppcm", ""),
    (
        "? tdsfrmath frenchmath mismath hyperref fontspec mafr skmath fnspe texvc nchairx complexity proba statex",
        "R N Z Q K",
        "",
    ),
    ("? french frenchb francais acadian canadien frenchle moodle", "og fg ier iere ieme", ""),
    (
        "? physics tdsfrmath frenchmath mismath ProfCollege mafr nchairx chairxmath chemformula chemmacros \
         spanish russian memoir ncclatex algxpar lapdf curves esami chemist",
        "Ker rg Vect Card ch sh tg cotg arctg Id",
        "",
    ),
    (
        "? beamer beamerarticle exam eqexam exsheets xsim exercise answers probsoln ntheorem thmbox exsol ProfCollege pas-exos pas-cours \
         tdsfrmath theoremref exercises exercisepoints exercisebank worksheet qcm uassign stexthm problem NotesTeX \
         revquantum chemexec fascicules nchairx",
        "",
        "theorem theoreme lemma lemme corollary corollaire proposition propriete definition remark remarque example exemple \
         exercise exercice solution correction question reponse preuve demonstration problem probleme",
    ),
];

/// A package, and what loads it at once, for the preamble too: packages, classes and options. What is loaded by one of those
/// stands further down.
pub(crate) const LOADED_BY: &[(&str, &str)] = &[
    ("tcolorbox", "ProfCollege"),
    ("pgfplots", "pgfplotstable"),
    (
        "tikz",
        "ProfCollege most many skins all tkz-tab tkz-euclide tkz-base tkz-fct tkz-graph pgfplots pgf-pie circuitikz tikz-cd \
         tikz-qtree tikz-timing tikz-feynman tikzposter chemfig chemformula chemmacros forest witharrows todonotes changes \
         karnaugh-map schemabloc algpseudocodex menukeys background",
    ),
    ("siunitx", "ProfCollege chemmacros"),
    ("mathtools", "ProfCollege empheq chemmacros"),
    (
        "amsmath",
        "mathtools physics nicematrix mhchem chemformula unicode-math newtxmath newpxmath kpfonts amsart amsbook amsproc \
         beamer yhmath commath nccmath probsoln glossaries theorems",
    ),
    ("amssymb", "ProfCollege beamer txfonts pxfonts"),
    ("amsfonts", "amssymb amsart amsbook amsproc"),
    ("amsthm", "amsart amsbook amsproc beamer"),
    ("hyperref", "beamer bookmark attachfile moderncv europecv doi"),
    ("geometry", "beamer tikzposter"),
    ("listings", "most all listingsutf8"),
    ("fancyvrb", "minted"),
    ("framed", "minted memoir"),
    ("float", "minted algorithm floatrow"),
    ("caption", "subcaption subfig"),
    ("ulem", "changes exsheets"),
    ("multicol", "ProfCollege imakeidx etoc"),
    ("multirow", "ProfCollege bigdelim"),
    ("booktabs", "ProfCollege memoir ctable"),
    ("setspace", "memoir"),
    ("longtable", "ltablex xltabular glossaries"),
    ("tabularx", "ltablex xltabular memoir ctable"),
    ("colortbl", "table"),
    (
        "array",
        "ProfCollege memoir nicematrix colortbl siunitx tabularx tabulary makecell diagbox numprint dcolumn tabu rccol \
         pgfplotstable tkz-base tkz-fct",
    ),
    (
        "ifthen",
        "ProfCollege minted algorithm algorithmic algorithmicx algpseudocode algorithm2e exam ntheorem xifthen tkz-tab \
         tkz-graph todonotes changes glossaries fmtcount datetime isodate pdfpages rotating",
    ),
    ("xcolor", "tikz tcolorbox nicematrix pstricks pst-all beamer pgf exsheets eso-pic"),
    ("color", "colortbl mdframed contour"),
    (
        "graphicx",
        "tikz tcolorbox nicematrix pstricks pst-all beamer pgf pdfpages rotating adjustbox epsfig elsarticle xfrac overpic mwe \
         graphbox moderncv",
    ),
];
