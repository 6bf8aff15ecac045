"""`python3 -m unittest discover tests/bench/tracks`."""

import csv
import json
import tempfile
import unittest
import urllib.request
from pathlib import Path

import report
from app import NO_ANSWER, App
from scorers import Layouts, of_html

HTML = """<h1 id="a">Exercice 1</h1><p>Soit <span class="math inline">\\(x &lt; 1\\)</span>.
<span class="math display">\\[x^2\\]</span> Fin.</p><ul><li><p>Un <em>mot</em></p></li></ul>
<table><tbody><tr><td><p>a</p></td></tr></tbody></table>"""
BLOCKS = [
    ("title", "text", "Exercice 1"), ("text_block", "text", "Soit $x < 1$."), ("equation_isolated", "latex", "x^2"), ("text_block", "text", "Fin."),
    ("text_block", "text", "Un mot"), ("table", "html", "<table><tbody><tr><td><p>a</p></td></tr></tbody></table>"),
]
ROW = {"documents": 2, "pages": 5, "failed": 1, "questions": 6, "tokens in": 700, "ended RECITATION": 1, "seconds": 1.5, "words missing": 3}
FIGURES = {
    "date": "2026-01-02", "models": {"m-1": 7}, "documents": {"made": 2},
    "tracks": {"digital": {"words": {"right": 4}, "formulas": {"right": 1}, "answers": {"documents": 2, "failed": 1, "tokens in": 9}}},
    "nothing_to_read": {"blank": {"pages": 1, "words": 8}}, "modes": {"PDF": {"whole": ROW, "pages": {**ROW, "failed": 0}}},
    "correction": {"perfect": {"answers": 1}},
    "scorers": {"digital": {"olmOCR-Bench": "Average Score: 50 %", "PureDocBench": ""}},
}


class Reports(unittest.TestCase):
    def test_the_page_names_the_model_and_compares_both_modes(self):
        page = report.page(FIGURES)
        for line in ("on 2026-01-02", "Asked: m-1 (7 answers).", "| PDF, whole | 2 | 5 | 1 |", "| PDF, pages | 2 | 5 | 0 |",
                     "- olmOCR-Bench, digital: Average Score: 50 %", "- PureDocBench: not installed"):
            self.assertIn(line, page)
        self.assertIn("No model was measured", report.page({**FIGURES, "models": None}))

    def test_the_blocks_of_a_document_are_read_in_order(self):
        self.assertEqual(of_html(HTML), BLOCKS)

    def test_the_scorers_find_the_answers_of_this_run_only(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            for truth in ("\\begin{document}\nUne ancienne phrase assez longue.\n", "\\begin{document}\nUne phrase assez longue ici.\n"):
                layouts = Layouts(folder)
                layouts.add(0, truth, b"%PDF", "réponse")
                layouts.scored()
            [test] = [json.loads(line) for line in (folder / "olmocr/tests.jsonl").read_text().splitlines()]
            self.assertEqual((test["text"], test["pdf"]), ("Une phrase assez longue ici.", "000.pdf"))
            self.assertEqual((folder / "olmocr/answers/000_pg1_repeat1.md").read_text(), "réponse")
            manifest = list(csv.DictReader((folder / "puredoc/manifest.csv").read_text().splitlines()))
            for row in manifest:
                self.assertEqual(json.loads((folder / "puredoc/gt" / row["gt_rel"]).read_text())["layout_dets"][0]["order"], 1)
                self.assertTrue((folder / "puredoc/predictions" / Path(row["clean_rel"]).with_suffix(".md")).exists())

    def test_no_answer_is_an_outcome_and_ends_nothing(self):
        app = App("", {})
        app.origin = "http://127.0.0.1:1"
        app.opener = urllib.request.build_opener()
        status, answer = app.ask("/ocr", b"", "text/plain")
        self.assertEqual(status, NO_ANSWER)
        self.assertIn("refused", answer["detail"])


if __name__ == "__main__":
    unittest.main()
