"""The answers in the layout of olmOCR-Bench, and its own scorer's verdict where it is installed.

`pip install olmocr[bench]` (Apache-2.0) brings the scorer; nothing of it is here. The benchmark's own PDFs are on a model
hub, and are not sent."""
from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import score

# Of a longer line only so much is looked for.
LINE_LETTERS_MAX = 60
# A line of text without commands and formulas.
SENTENCE = re.compile(r"\s*[^\W\d_][^\\${}&|<>\[\]~`%#_^]{20,}")


class Layout:
    """`pdfs/`, a folder of Markdown, and the tests in JSON lines, of one track."""

    def __init__(self, folder: Path):
        self.folder, self.tests = folder, []
        for name in ("pdfs", "answers"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def add(self, number: int, truth: str, pdf: bytes, markdown: str) -> None:
        name = f"{number:03}"
        (self.folder / "pdfs" / f"{name}.pdf").write_bytes(pdf)
        (self.folder / "answers" / f"{name}_pg1_repeat1.md").write_text(markdown)
        lines = [line.strip() for line in score.body(truth).splitlines() if SENTENCE.fullmatch(line)]
        common = {"pdf": f"{name}.pdf", "page": 1, "max_diffs": 2, "type": "present"}
        self.tests += [{**common, "id": f"{name}-{at}", "text": line[:LINE_LETTERS_MAX]} for at, line in enumerate(lines)]

    def scored(self) -> str:
        """The scorer's verdict, or an empty text where it is not installed."""
        tests = (json.dumps(test, ensure_ascii=False) for test in self.tests)
        (self.folder / "tests.jsonl").write_text("".join(f"{test}\n" for test in tests))
        if importlib.util.find_spec("olmocr") is None:
            return ""
        command = [sys.executable, "-m", "olmocr.bench.benchmark", "--dir", str(self.folder), "--skip_baseline"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder)
        found = re.search(r"^answers +: (Average Score: .*?) \(", done.stdout, re.M)
        return f"{found[1].strip()} of {len(self.tests)} tests" if found else f"the scorer failed: {done.stderr.strip()[-200:]}"
