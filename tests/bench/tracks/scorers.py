"""The answers in the layouts of olmOCR-Bench and of PureDocBench, and their own scorers' verdicts where they are installed.

`cargo xtask bench tracks --scorers` installs them; nothing of them is here. Their own pages are on a model hub, and are not
sent: the scorers look at the documents of this bench."""
from __future__ import annotations

import csv
import html as entities
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import score

# Of a longer line only so much is looked for.
LINE_LETTERS_MAX = 60
# A line of text without commands and formulas.
SENTENCE = re.compile(r"\s*[^\W\d_][^\\${}&|<>\[\]~`%#_^]{20,}")
# What PureDocBench's scorer names; only the name of a page matters here.
COLUMNS = ("page_id", "gt_rel", "clean_rel", "digital_rel", "real_rel")
METRICS = ("overall", "text", "formula", "table", "reading_order")


class Layouts:
    """Of one track."""

    def __init__(self, folder: Path):
        # The files of another run would be scored too.
        shutil.rmtree(folder, ignore_errors=True)
        self.olmocr, self.puredoc = OlmOcr(folder / "olmocr"), PureDoc(folder / "puredoc")

    def add(self, number: int, truth: str, pdf: bytes, markdown: str) -> None:
        self.olmocr.add(f"{number:03}", truth, pdf, markdown)
        self.puredoc.add(f"{number:03}", truth, markdown)

    def scored(self) -> dict[str, str]:
        """The verdicts; an empty text where a scorer is not installed."""
        return {"olmOCR-Bench": self.olmocr.scored(), "PureDocBench": self.puredoc.scored()}


class OlmOcr:
    """`pdfs/`, a folder of Markdown, and the tests in JSON lines."""

    def __init__(self, folder: Path):
        self.folder, self.tests = folder, []
        for name in ("pdfs", "answers"):
            (folder / name).mkdir(parents=True)

    def add(self, name: str, truth: str, pdf: bytes, markdown: str) -> None:
        (self.folder / "pdfs" / f"{name}.pdf").write_bytes(pdf)
        (self.folder / "answers" / f"{name}_pg1_repeat1.md").write_text(markdown)
        lines = [line.strip() for line in score.body(truth).splitlines() if SENTENCE.fullmatch(line)]
        common = {"pdf": f"{name}.pdf", "page": 1, "max_diffs": 2, "type": "present"}
        self.tests += [{**common, "id": f"{name}-{at}", "text": line[:LINE_LETTERS_MAX]} for at, line in enumerate(lines)]

    def scored(self) -> str:
        tests = (json.dumps(test, ensure_ascii=False) for test in self.tests)
        (self.folder / "tests.jsonl").write_text("".join(f"{test}\n" for test in tests))
        if importlib.util.find_spec("olmocr") is None:
            return ""
        done = run(["olmocr.bench.benchmark", "--dir", str(self.folder), "--skip_baseline"], self.folder)
        found = re.search(r"^answers +: (Average Score: .*?) \(", done.stdout, re.M)
        return f"{found[1].strip()} of {len(self.tests)} tests" if found else failed(done)


class PureDoc:
    """`gt/` with the blocks of each document, which pandoc reads from its source; `predictions/`; the manifest."""

    def __init__(self, folder: Path):
        self.folder, self.rows = folder, []
        for name in ("gt", "predictions"):
            (folder / name).mkdir(parents=True)

    def add(self, name: str, truth: str, markdown: str) -> None:
        found = blocks(truth)
        if not found:
            return
        items = [{"category_type": kind, key: content, "order": at, "anno_id": at} for at, (kind, key, content) in enumerate(found, 1)]
        (self.folder / "gt" / f"{name}.json").write_text(json.dumps({"layout_dets": items, "page_info": {}, "extra": {"relation": []}}))
        (self.folder / "predictions" / f"{name}.md").write_text(markdown)
        self.rows.append(dict(zip(COLUMNS, (name, f"{name}.json", *[f"{name}.png"] * 3))))

    def scored(self) -> str:
        manifest = self.folder / "manifest.csv"
        with manifest.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)
        if importlib.util.find_spec("puredocbench") is None or not self.rows:
            return ""
        given = {"release-root": self.folder, "manifest": manifest, "pred-dir": self.folder / "predictions", "out-dir": self.folder / "scores"}
        done = run(["puredocbench.cli", "score", *(f"--{name}={path}" for name, path in given.items())], self.folder)
        try:
            metrics = json.loads((self.folder / "scores/summary.json").read_text())["metrics"]
        except (OSError, ValueError, KeyError):
            return failed(done)
        named = ((name.replace("_", " "), metrics.get(f"{name}_score")) for name in METRICS)
        return ", ".join(f"{name} {value:.1f}" for name, value in named if value is not None) + f" of 100, {len(self.rows)} documents"


def run(module: list[str], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *module], capture_output=True, text=True, cwd=folder)


def failed(done: subprocess.CompletedProcess) -> str:
    return f"the scorer failed: {done.stderr.strip()[-200:]}"


def blocks(latex: str) -> list[tuple[str, str, str]]:
    """Kind, key and content of each block, as pandoc reads the source; none where it cannot, or is not installed."""
    if shutil.which("pandoc") is None:
        return []
    done = subprocess.run(["pandoc", "--from=latex", "--to=html", "--mathjax", "--wrap=none"], input=latex, capture_output=True, text=True)
    return [] if done.returncode else of_html(done.stdout)


# Tables first: they contain paragraphs.
BLOCK = re.compile(r"<table.*?</table>|<(p|h[1-6]|li|pre|dt|dd)\b[^>]*>(.*?)</\1>", re.S)
DISPLAYED = re.compile(r'<span class="math display">\\\[(.*?)\\\]</span>', re.S)


def of_html(page: str) -> list[tuple[str, str, str]]:
    def plain(markup: str) -> str:
        text = re.sub(r'<span class="math inline">\\\((.*?)\\\)</span>', r"$\1$", markup, flags=re.S)
        return " ".join(entities.unescape(re.sub(r"<[^>]+>", " ", text)).split())

    found = []
    for match in BLOCK.finditer(page):
        if match[1] is None:
            found.append(("table", "html", match[0]))
            continue
        # What is between the formulas, and each formula.
        for at, piece in enumerate(DISPLAYED.split(match[2])):
            if at % 2:
                found.append(("equation_isolated", "latex", entities.unescape(piece).strip()))
            elif text := plain(piece):
                found.append(("title" if match[1].startswith("h") else "text_block", "text", text))
    return found
