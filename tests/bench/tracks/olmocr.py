"""The answers in the layout of olmOCR-Bench, and its own scorer's verdict where it is installed.

`pip install olmocr[bench]` (Apache-2.0) brings the scorer; nothing of it is here. The benchmark's own PDFs are on a model
hub: with a copy in the folder `OLMOCR_BENCH`, `python -m olmocr.bench.convert` has others for it."""
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


class Layout:
    """`pdfs/`, one folder of Markdown for each track, and the tests in JSON lines."""

    def __init__(self, folder: Path):
        self.folder, self.tests = folder, {}
        (folder / "pdfs").mkdir(parents=True, exist_ok=True)

    def add(self, track: str, number: int, truth: str, pdf: bytes, markdown: str) -> None:
        name = f"{number:03}"
        (self.folder / "pdfs" / f"{name}.pdf").write_bytes(pdf)
        answers = self.folder / track
        answers.mkdir(exist_ok=True)
        (answers / f"{name}_pg1_repeat1.md").write_text(markdown)
        common = {"pdf": f"{name}.pdf", "page": 1, "max_diffs": 2}
        lines = [line.strip() for line in score.body(truth).splitlines() if re.fullmatch(r"\s*[^\W\d_][^\\${}&|<>\[\]~`%#_^]{20,}", line)]
        self.tests[name] = [{**common, "id": f"{name}-{at}", "type": "present", "text": line[:LINE_LETTERS_MAX]} for at, line in enumerate(lines)]

    def scored(self) -> str:
        """What the scorer prints, or why it does not."""
        tests = [json.dumps(test, ensure_ascii=False) for of_document in self.tests.values() for test in of_document]
        (self.folder / "tests.jsonl").write_text("\n".join(tests) + "\n")
        if importlib.util.find_spec("olmocr") is None:
            return ""
        command = [sys.executable, "-m", "olmocr.bench.benchmark", "--dir", str(self.folder), "--skip_baseline"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else done.stderr
