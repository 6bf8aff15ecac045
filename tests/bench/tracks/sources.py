"""What is sent: documents as PDFs and as page images, with what they say."""
from __future__ import annotations

import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import degrade
import score

# More pages of one document are not sent, and not paid for.
PAGES_MAX = 3
# Among the documents of others are empty pages, which have their own part of the bench.
WORDS_MIN = 30
DPI = 150
FONT = "/usr/share/fonts/truetype/sjfonts/SteveHand.ttf"
LINES = [
    "Exercice 1", "On considère une fonction définie sur un intervalle.", "Elle est dérivable, donc elle est continue.",
    "L’élève a répondu que la suite converge.", "Où se trouve le maximum ? À l’abscisse trois.", "Le vecteur est normal au plan.",
    "J’en déduis que le triangle est rectangle.", "La probabilité cherchée vaut un quart.", "Le candidat conclut par récurrence.",
    "D’après le théorème, il existe un réel.", "Exercice 2", "La réaction est totale et rapide.", "On dose l’acide par la soude.",
    "La masse du réactif en excès reste constante.", "Ainsi le rendement est inférieur à un.", "La courbe admet une asymptote.",
]


@dataclass
class Source:
    name: str
    # LaTeX, of which only words and formulas are compared.
    truth: str
    # The PDF itself, where there is one.
    pdf: bytes | None
    pages: list[Image.Image]


def compiled(name: str, latex: str, pages_min: int) -> Source | None:
    """`None`: it does not compile alone, or has too few or too many pages."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.tex").write_text(latex)
        command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
        if subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL).returncode:
            return None
        count = re.search(rb"\nPages: +(\d+)", subprocess.run(["pdfinfo", "a.pdf"], cwd=folder, capture_output=True, check=True).stdout)
        if not count or not pages_min <= int(count[1]) <= PAGES_MAX:
            return None
        subprocess.run(["pdftoppm", "-r", str(DPI), "-png", "a.pdf", "page"], cwd=folder, check=True)
        pages = [Image.open(page).convert("RGB") for page in sorted(Path(folder).glob("page*.png"))]
        return Source(name, latex, (Path(folder) / "a.pdf").read_bytes(), pages)


def handwritten(number: int) -> Source:
    lines = random.Random(f"lines {number}").sample(LINES, 12)
    return Source(f"handwritten {number}", "\\begin{document}" + "\n\n".join(lines), None, [degrade.handwritten(lines, FONT, number)])


def documents(folder: Path, kind: str, count: int, pages_min: int = 1) -> list[Source]:
    """The first ones of `kind`, made or public, that compile."""
    found = []
    for file in sorted((folder / kind).glob("*.tex")):
        if len(found) == count or score.words(file.read_text()).total() < WORDS_MIN:
            continue
        if (source := compiled(f"{kind} {file.stem}", file.read_text(), pages_min)):
            found.append(source)
    return found
