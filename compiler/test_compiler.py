"""The compile service as a process, with the real pdflatex. `python3 -m unittest discover compiler`."""

import http.client
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def document(body, preamble=""):
    return f"\\documentclass{{article}}\n{preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n".encode()


class Compiler(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program = [sys.executable, os.path.join(HERE, "compiler.py"), "--listen", "127.0.0.1:0"]
        cls.process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        cls.port = json.loads(cls.process.stdout.readline())["listens"]

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait()
        cls.process.stdout.close()

    def ask(self, body, path="/compile", method="POST", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        outcome = json.loads(response.read())
        connection.close()
        return response.status, outcome

    def first_error(self, body):
        status, outcome = self.ask(body)
        self.assertEqual((status, outcome["compiles"]), (200, False), outcome)
        return outcome["errors"][0]

    def test_a_document_that_compiles(self):
        self.assertEqual(self.ask(document("Un texte, $x^2$.")), (200, {"compiles": True, "errors": []}))

    def test_the_first_error_is_named_with_its_line(self):
        error = self.first_error(document("un\n\n\\undefined"))
        self.assertEqual(error["line"], 5)
        self.assertIn("Undefined control sequence", error["message"])

    def test_no_program_is_run(self):
        status, outcome = self.ask(document("\\immediate\\write18{touch /tmp/atelier-was-here}x"))
        self.assertEqual((status, outcome["compiles"]), (200, True))
        self.assertFalse(os.path.exists("/tmp/atelier-was-here"))

    def test_no_file_outside_of_the_folder_is_read_or_written(self):
        for name in ["/etc/passwd", "../x.tex", ".hidden"]:
            self.first_error(document(f"\\input{{{name}}}"))
        writes = "\\newwrite\\f\\immediate\\openout\\f=/tmp/atelier-was-here.tex \\immediate\\write\\f{x}"
        self.ask(document(writes))
        self.assertFalse(os.path.exists("/tmp/atelier-was-here.tex"))

    def test_a_document_that_never_ends_is_stopped(self):
        error = self.first_error(document("\\def\\x{\\x}\\x"))
        self.assertIn("stopped", error["message"])

    def test_a_document_that_fills_the_disk_is_stopped(self):
        endless = "\\newwrite\\f\\immediate\\openout\\f=a.txt \\def\\x{\\immediate\\write\\f{" + "x" * 4000 + "}\\x}\\x"
        self.first_error(document(endless))

    def test_what_is_no_document_is_refused(self):
        self.assertEqual(self.ask(b"")[0], 413)
        self.assertEqual(self.ask(b"x" * (2 * 1024 * 1024 + 1))[0], 413)
        self.assertEqual(self.ask(b"x", path="/other")[0], 404)
        self.assertEqual(self.ask(None, path="/healthz", method="GET")[0], 200)
        self.assertEqual(self.ask(None, path="/", method="GET")[0], 404)


if __name__ == "__main__":
    unittest.main()
