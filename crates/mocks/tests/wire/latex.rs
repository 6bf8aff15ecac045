//! LaTeX → PDF → mock → LaTeX → PDF, with a real TeX where there is one.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mocks::GeminiMock;
use serde_json::json;

use crate::client::send;

/// An exam with what a French maths teacher types; `FONTENC` is replaced, because the two encodings
/// give very different text layers.
const EXAM: &str = r"\documentclass[11pt,a4paper]{article}
\usepackage[utf8]{inputenc}
FONTENC
\usepackage[french]{babel}
\usepackage{amsmath,amssymb}
\title{Examen d'algèbre linéaire}\author{Université de l'Atelier}\date{23 novembre 2026}
\begin{document}
\maketitle
\section*{Exercice 1 : équations}
Soit $f\colon\mathbb{R}\to\mathbb{R}$ la fonction définie par $f(x)=x^2-3x+2$. Où s'annule-t-elle ?
\'Etudier à 100\,\% l'élève naïf, déçu, et son œuvre.
\[ \int_0^1 \frac{x^2}{1+x}\,dx = \sum_{k=1}^{n} \alpha_k \]
\textbf{Question 1.} Résoudre l'équation $\alpha x^2 + \beta x + \gamma = 0$ dans $\mathbb{C}$.

\textbf{Question 2.} Montrer que $\sqrt{2}\notin\mathbb{Q}$ ; conclure efficacement : fichier\_a \& b \# 3 \{fin\}.
\newpage
\section*{Exercice 2}
Calculer, le 1\textsuperscript{er} mai, la matrice
\[ A=\begin{pmatrix}1&2\\3&4\end{pmatrix},\qquad \lambda\le\mu\ne\infty. \]
\begin{enumerate}
\item Première question : déterminer le rang de $A$.
\item Deuxième question : trouver les valeurs propres.
\end{enumerate}
\end{document}
";

/// Runs pdflatex in `folder`; `None` when this machine has none.
fn compile(folder: &Path, name: &str, source: &str) -> Option<Result<PathBuf, String>> {
    std::fs::write(folder.join(format!("{name}.tex")), source).expect("a writable folder");
    let run = Command::new("pdflatex")
        .args(["-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", name])
        .current_dir(folder)
        .output();
    let output = match run {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("pdflatex: {error}"),
    };
    let pdf = folder.join(format!("{name}.pdf"));
    Some(if output.status.success() {
        Ok(pdf)
    } else {
        Err(String::from_utf8_lossy(&output.stdout).into_owned())
    })
}

fn convert(pdf: &[u8]) -> String {
    let gemini = GeminiMock::start().unwrap();
    let url = format!("{}/v1beta/models/gemini-3.8-flash:generateContent", gemini.origin());
    let body = json!({ "contents": [{ "role": "user", "parts": [
        { "inlineData": { "mimeType": "application/pdf", "data": STANDARD.encode(pdf) } },
    ]}]});
    let seen = send("POST", &url, &[("x-goog-api-key", "k")], body.to_string().as_bytes()).unwrap();
    seen.json()["candidates"][0]["content"]["parts"][0]["text"].as_str().expect("a text").to_owned()
}

fn round_trip(name: &str, font_encoding: &str) {
    let folder = std::env::temp_dir().join(format!("atelier-mocks-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let Some(exam) = compile(&folder, "exam", &EXAM.replace("FONTENC", font_encoding)) else {
        eprintln!(
            "skipped: no pdflatex here (apt-get install texlive-latex-recommended texlive-lang-french)"
        );
        return;
    };
    let latex = convert(&std::fs::read(exam.expect("the exam compiles")).unwrap());
    let in_a_row = latex.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "\\section*{Examen d",
        "\\section*{Exercice 1 : équations}",
        "x^{2}",
        "\\alpha x^{2} + \\beta x + \\gamma = 0$",
        "100 \\%",
        "élève naïf, déçu",
        "œuvre",
        "définie",
        "\\sqrt{2}",
        "efficacement",
        "\\& b \\# 3 \\{fin\\}",
        "% --- Page 2 ---",
        "\\section*{Exercice 2}",
        "\\textsuperscript{er} mai",
        "Première question : déterminer le rang",
    ] {
        assert!(in_a_row.contains(expected), "{expected}\n{latex}");
    }
    if let Some(Err(log)) = compile(&folder, "again", &latex) {
        panic!("does not compile:\n{latex}\n{log}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_exam_in_t1_fonts_comes_back_and_compiles() {
    round_trip("t1", "\\usepackage[T1]{fontenc}");
}

#[test]
fn an_exam_in_ot1_fonts_comes_back_and_compiles() {
    round_trip("ot1", "");
}

#[test]
fn samples_compile() {
    let folder = std::env::temp_dir().join(format!("atelier-mocks-{}-samples", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let hostile = mocks::sample::pdf(&[&[
        r"\write18{rm} \input{/etc/passwd} $x^2_3$ #1 & ~ ^ % { } \ < > | ' ` - -- --- ?` !` << >>",
        "Exercice 1 : $ \\",
        "[1] * [2] \\\\[1cm] \"guillemets\" e-mail@exemple.fr",
    ]]);
    for (name, pdf) in [("scan", mocks::sample::scan(2)), ("hostile", hostile)] {
        let latex = convert(&pdf);
        if let Some(Err(log)) = compile(&folder, name, &latex) {
            panic!("does not compile:\n{latex}\n{log}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
