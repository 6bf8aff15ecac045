"""`python3 -m unittest discover tests/bench/tracks`."""

import unittest

from score import Score, formulas, words

TRUTH = "\\documentclass{article}\n\\begin{document}\nUn \\textbf{mot} et $x_1 + 2$. % rien\n\\[ \\frac{1}{2} \\]\n\\end{document}\n"


class Scores(unittest.TestCase):
    def check(self, answer, expected_words, expected_formulas):
        score = Score()
        score.add(TRUTH, TRUTH.replace(*answer))
        names = ("right", "missing", "invented")
        self.assertEqual([score.words[name] for name in names], expected_words)
        self.assertEqual([score.formulas[name] for name in names], expected_formulas)

    def test_the_same_document_has_everything_and_nothing_else(self):
        self.check(("", ""), [3, 0, 0], [2, 0, 0])

    def test_what_is_missing_and_what_is_invented_are_counted(self):
        self.check(("mot", "nombre entier"), [2, 1, 2], [2, 0, 0])
        self.check(("x_1", "x_2"), [3, 0, 0], [1, 1, 1])

    def test_another_way_to_write_the_same_formula_is_right(self):
        self.check(("\\[ \\frac{1}{2} \\]", "$$\\dfrac{1}{2},$$"), [3, 0, 0], [2, 0, 0])

    def test_what_is_not_read_is_no_word(self):
        hidden = "\\begin{verbatim}\nfor\n\\end{verbatim}\\label{eq:mot}\\vspace{2cm}\\url{ab}\\section*{Titre}\\item[label]"
        self.assertEqual(sorted(words(hidden)), ["label", "titre"])
        self.assertEqual(formulas("50~\\% et \\$"), {})


if __name__ == "__main__":
    unittest.main()
