//! Commands that reach outside of a document when it is compiled: files, programs, what characters mean.
//!
//! A list of what is known, not a proof that nothing else is dangerous: TeX can build any command from pieces.

use crate::finding::Finding;
use crate::groups::argument_after_options;
use crate::modes::listed;
use crate::tokens::{Kind, Token, tokens};
use crate::verbatim::Verbatim;

/// More findings are not listed, of commands that read or write: each one is looked at.
const FINDINGS_MAX: usize = 100;

/// Commands, without their backslash.
const COMMANDS: &str = "write immediate openout openin closeout read readline catcode csname directlua latelua luaexec \
    luadirect ShellEscape special pdfobj pdffiledump pdffilesize pdffilemoddate pdfmdfivesum filedump \
    input @input @@input include InputIfFileExists IfFileExists IncludeFile verbatiminput VerbatimInput \
    BVerbatimInput lstinputlisting inputminted inputpygments includepdf includestandalone subfile import \
    subimport loadfile write18 scantokens lowercase ExplSyntaxOn XeTeXpicfile";

/// Environments that write a file or run a program.
const ENVIRONMENTS: &str = "filecontents filecontents* VerbatimOut luacode luacode* pycode sagesilent asy";

/// In the text of `comment` and `minted`: what TeX reads when the package is missing or the environment is another one.
const HIDDEN: &str =
    "\\write \\input \\openout \\openin \\directlua \\catcode \\InputIfFileExists \\immediate";

/// What was found: commands in the order of the lines, then what is hidden.
pub(crate) fn dangers(latex: &str) -> Vec<Finding> {
    let all = tokens(latex);
    let verbatim = Verbatim::of(latex);
    let mut found: Vec<(u32, String)> =
        all.iter().filter_map(|token| Some((token.line, danger(latex, &verbatim, token)?))).collect();
    hidden(latex, &verbatim, &all, &mut found);
    found.dedup();
    let findings = found.into_iter().map(|(line, command)| Finding::Dangerous { command, line });
    findings.take(FINDINGS_MAX).collect()
}

fn danger(latex: &str, verbatim: &Verbatim<'_>, token: &Token<'_>) -> Option<String> {
    let rest = latex.get(token.end..).unwrap_or_default();
    match token.kind {
        Kind::Command("includegraphics" | "usepackage" | "RequirePackage") => {
            let name = argument_after_options(rest)?.trim_start_matches([' ', '"']);
            let near = rest.get(..rest.floor_char_boundary(200)).unwrap_or(rest);
            let pipe =
                name.starts_with('|') || near.split('}').next().is_some_and(|name| name.contains("{|"));
            (pipe || name.starts_with(['/', '~']) || name.contains("../")).then(|| format!("{name:.40}"))
        }
        // Names of the programming layer: `\file_input:n`, `\sys_shell_now:n`.
        Kind::Command(name) if rest.starts_with('_') => {
            let tail: String =
                rest.chars().take_while(|char| char.is_ascii_alphabetic() || "_:".contains(*char)).collect();
            let reaches = matches!(name, "file" | "ior" | "iow" | "sys" | "lua");
            (reaches && tail.contains(':')).then(|| format!("\\{name}{tail:.40}"))
        }
        Kind::Command(name) => listed(COMMANDS, name).then(|| format!("\\{name}")),
        // An environment of this name runs nothing where the document makes it a listing.
        Kind::Begin("pycode") if verbatim.is_own("pycode") => None,
        Kind::Begin(name) => listed(ENVIRONMENTS, name).then(|| format!("\\begin{{{name}}}")),
        _ => None,
    }
}

/// Looks at what stands between the tokens: `^^5c` is a backslash, wherever it is read as LaTeX, and some environments
/// only hide what is in them.
fn hidden(latex: &str, verbatim: &Verbatim<'_>, all: &[Token<'_>], found: &mut Vec<(u32, String)>) {
    let start = Token { kind: Kind::Close, at: 0, end: 0, line: 1 };
    let ends = all.iter().map(|token| token.at).chain([latex.len()]);
    for (token, end) in [start].iter().chain(all).zip(ends) {
        let marks = match token.kind {
            Kind::Begin("comment" | "minted") => HIDDEN,
            Kind::Begin(name) if verbatim.contains(name) => continue,
            _ => "^^",
        };
        // Of `\^^5c` the command is a part.
        let from = if token.kind == Kind::Command("^") { token.at } else { token.end };
        let text = latex.get(from..end).unwrap_or_default();
        for (number, line) in (token.line..).zip(text.lines()) {
            let code = line.split('%').next().unwrap_or_default();
            let marks = marks.split(' ').filter(|mark| code.contains(*mark));
            found.extend(marks.map(|mark| (number, mark.to_owned())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_outside_is_found_in_every_form() {
        for latex in [
            r"\immediate\write18{id}",
            r"\input{/etc/passwd}",
            r"\input /etc/passwd",
            r"\include{a}",
            r"\InputIfFileExists{/etc/passwd}{}{}",
            r"^^5cinput{/etc/passwd}",
            r"\^^69nput{/etc/passwd}",
            r"\includegraphics{|id}",
            "\\includegraphics{|\"id\"}",
            r"\includegraphics[width=1cm]{/etc/passwd}",
            r"\includegraphics{../secret.png}",
            "\\begin{filecontents}{a.sty}\nx\n\\end{filecontents}",
            "\\begin{filecontents*}[overwrite]{main.tex}\nx\n\\end{filecontents*}",
            r"\ExplSyntaxOn\file_input:n{/etc/passwd}",
            r"\sys_shell_now:n{id}",
            "\\begin{comment}\n\\input{/etc/passwd}\n\\end{comment}",
            "\\begin{minted}{c}\n\\write18{id}\n\\end{minted}",
            r"\csname inp\endcsname ut{a}",
            r"\catcode`\@=0 @input{a}",
            r"\directlua{os.execute('id')}",
            r"\lstinputlisting{/etc/passwd}",
            r"\VerbatimInput{/etc/passwd}",
            r"\openin5=/etc/passwd",
            r"\read5 to\a",
            r"\scantokens{x}",
            r"\verbatiminput{a}",
            r"\pdffiledump offset 0 length 9 {a}",
            "\\begin{VerbatimOut}{a}\nx\n\\end{VerbatimOut}",
            r"\usepackage{../a}",
            r"\import{/etc}{passwd}",
        ] {
            assert!(!dangers(latex).is_empty(), "{latex}");
        }
    }

    #[test]
    fn what_is_only_shown_is_not_dangerous() {
        for latex in [
            "% \\input{x}\n\\verb|\\input|",
            "\\begin{verbatim}\n\\input{x}\n\\end{verbatim}",
            r"\includegraphics{courbe.png} $x^2$ \iow",
            r"\begin{minted}{c}int x;\end{minted}",
            "\\begin{lstlisting}\na ^^ b\n\\end{lstlisting}\n\\verb|^^| % ^^5c",
        ] {
            assert_eq!(dangers(latex), [], "{latex}");
        }
    }

    #[test]
    fn no_other_finding_hides_a_danger() {
        let latex = "}".repeat(500) + &"\\includegraphics{a}".repeat(50) + "\n\\write18{id}";
        let found = crate::finish(&latex, true).findings;
        assert!(found.contains(&Finding::Dangerous { command: "\\write".into(), line: 12 }), "{found:?}");
    }
}
