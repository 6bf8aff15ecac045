"""Words and formulas of a transcription that are right, missing or invented."""
from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

# What is in their braces is a name, an address or a length, and is not read.
HIDDEN = (r"begin|end|label|ref|eqref|hspace|vspace|includegraphics|usepackage|documentclass|url|href|textcolor|color|colorbox|cmidrule|setlength"
          r"|rule|multicolumn|chemfig|ce|SI|ang|pagestyle")
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)"
                     r"|\\begin\{(?:align|equation|gather|cases|multline)\*?\}(.+?)\\end\{(?:align|equation|gather|cases|multline)\*?\}", re.S)
# Of a drawing or of code a reader sees other words than its source has.
DRAWN = re.compile(r"\\begin\{(tikzpicture|circuitikz|axis|verbatim|Verbatim|lstlisting|code)\}.*?\\end\{\1\}", re.S)


@dataclass
class Score:
    """Sums of one track."""

    words: Counter = field(default_factory=Counter)
    formulas: Counter = field(default_factory=Counter)
    answers: Counter = field(default_factory=Counter)

    def add(self, truth: str, answer: str) -> None:
        for counted, of in ((self.words, words), (self.formulas, formulas)):
            counted.update(compared(of(truth), of(answer)))


def compared(truth: Counter, answer: Counter) -> dict[str, int]:
    return {"right": (truth & answer).total(), "missing": (truth - answer).total(), "invented": (answer - truth).total()}


def body(latex: str) -> str:
    text = latex.split("\\begin{document}", 1)[-1].split("\\end{document}", 1)[0]
    return DRAWN.sub(" ", re.sub(r"(?<!\\)%.*", "", text))


def words(latex: str) -> Counter:
    """Of two letters or more, in lower case; without formulas, commands and what is never read."""
    text = FORMULA.sub(" ", body(latex))
    text = re.sub(rf"\\(?:{HIDDEN})\*?(?:\[[^\]]*\])*(?:\{{[^}}]*\}})+(?:\[[^\]]*\])?", " ", text)
    text = re.sub(r"\\(?:[a-zA-Z]+\*?|.)", lambda command: "" if command[0] in ("\\'", "\\`", "\\^", '\\"', "\\c") else " ", text)
    return Counter(re.findall(r"[^\W\d_]{2,}", text.lower().replace("’", "'")))


def formulas(latex: str) -> Counter:
    """By what they set: blanks, sizes and the marks around them do not count."""
    found = (next(filter(None, match)) for match in FORMULA.findall(body(latex)))
    plain = (re.sub(r"\\(?:left|right|displaystyle|label\{[^}]*\}|[,;!: ])|\s|&|\\\\", "", formula).replace("dfrac", "frac") for formula in found)
    return Counter(formula.rstrip(".,;") for formula in plain if formula)
