//! Where a document begins and ends in an answer.

use latex::finish;

use crate::corpus::documents;

/// What models write before and after a document.
const BEFORE: [&str; 6] = [
    "Voici la transcription complète :\n\n",
    "Voici le code, de \\documentclass à \\end{document} :\n\n",
    "Here is the document (`\\documentclass{article}` … `\\end{document}`):\n",
    "```latex\n",
    "Voici :\n```tex\n",
    "\\documentclass et \\begin{document} sont inclus.\n\n",
];
const AFTER: [&str; 5] = [
    "\nJ'espère que cela vous aidera !\n",
    "\nLe fichier se termine bien par \\end{document}.\n",
    "```\n",
    "```\n\nRemarque : le préambule, de \\documentclass{…} à \\begin{document}, peut être modifié.\n",
    "\\end{document} est la dernière ligne.\n",
];

#[test]
fn whatever_stands_around_a_document_it_comes_out_as_it_is() {
    for (name, latex) in documents() {
        for before in BEFORE {
            assert_eq!(finish(&format!("{before}{latex}"), true).latex, latex, "{name} after {before}");
        }
        for after in AFTER {
            assert_eq!(finish(&format!("{latex}{after}"), true).latex, latex, "{name} before {after}");
        }
    }
}
