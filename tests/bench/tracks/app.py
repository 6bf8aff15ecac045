"""The built application with the compile service beside it, and a user of it."""
from __future__ import annotations

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import BinaryIO

PROJECT = Path(__file__).resolve().parents[3]
PASSWORD = "un cheval bleu lit Spinoza"
# No answer at all.
NO_ANSWER = 599
# Where the requests are logged; on the terminal nobody would see the rest.
LOG = PROJECT / "target/tracks/up.log"
# A long document, a slow model and a correction.
SECONDS_MAX = 600


class App:
    """`with App(xtask, variables) as app`: everything runs and a user is signed in."""

    def __init__(self, xtask: str, variables: dict[str, str]):
        self.xtask, self.variables, self.processes = xtask, variables, []

    def __enter__(self) -> "App":
        try:
            compiler = self.start([sys.executable, str(PROJECT / "compiler/compiler.py"), "--listen", "127.0.0.1:0"], os.environ)
            service = f"http://127.0.0.1:{json.loads(compiler.stdout.readline())['listens']}"
            self.folder = tempfile.TemporaryDirectory()
            variables = {"OCR_DAILY_PAGES": "100000", "OCR_DAILY_CEILING": "1000000", "OCR_PAGE_MODE": "whole",
                         "COMPILE_URL": service, **self.variables}
            environment = os.environ | {f"SPIN_VARIABLE_{name}": value for name, value in variables.items()}
            LOG.parent.mkdir(parents=True, exist_ok=True)
            with LOG.open("ab") as log:
                up = self.start([self.xtask, "up", "--listen", "127.0.0.1:0", "--data-dir", self.folder.name], environment, log)
            self.origin = next(filter(None, (re.search(r"http://(?:localhost|127\.0\.0\.1):\d+", line) for line in up.stdout)), None)
            if self.origin is None:
                raise SystemExit(f"cargo xtask up did not start: see {LOG}")
            self.origin = self.origin[0]
            cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
            self.opener = urllib.request.build_opener(cookies)
            form = urllib.parse.urlencode({"username": f"bench-{uuid.uuid4().hex[:8]}", "password": PASSWORD}).encode()
            for path in ("/register", "/auth"):
                self.ask(path, form, "application/x-www-form-urlencoded")
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.stdout.read()
            process.wait()

    def start(self, command: list[str], environment: dict[str, str], log: BinaryIO | None = None) -> subprocess.Popen:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        self.processes.append(process)
        return process

    def ask(self, path: str, body: bytes, kind: str) -> tuple[int, dict]:
        headers = {"content-type": kind, "accept": "application/json", "origin": self.origin}
        request = urllib.request.Request(self.origin + path, body, headers)
        try:
            with self.opener.open(request, timeout=SECONDS_MAX) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as refusal:
            status, text = refusal.code, refusal.read()
        except OSError as error:
            # What was measured so far is paid for: the next question may be answered.
            return NO_ANSWER, {"detail": f"{type(error).__name__}: {error}"}
        return status, json.loads(text) if text.startswith(b"{") else {}

    def convert(self, files: list[tuple[str, str, bytes]], part: str = "file") -> tuple[int, dict]:
        """One PDF, or the photographs of one document: names, types, contents. The part `page`: the PDFs of its pages."""
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
                 + content + b"\r\n" for name, kind, content in files]
        return self.ask("/ocr", b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}")
