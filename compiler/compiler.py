#!/usr/bin/env python3
"""Compiles a LaTeX document with pdflatex and says whether it compiles, and where it does not.

POST /compile with the document as the body answers {"compiles": bool, "errors": [{"line", "message"}]}; GET /healthz
answers 200. Nothing that is compiled is kept or returned. Each run has a folder of its own, no shell escape, no file
outside of its folder to write, no environment, and limits on time, memory, file size and processes' files. That there is no
network is the container's part: compose.yaml.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_BYTES_MAX = 2 * 1024 * 1024
# Of TeX, in seconds: on the wall, and on the processor.
WALL_SECONDS = 30
CPU_SECONDS = 25
MEMORY_BYTES = 1024 * 1024 * 1024
FILE_BYTES = 32 * 1024 * 1024
FILES_OPEN = 128
# Compiled at the same time; a further request is refused at once.
RUNS_MAX = 2
# Connections that are served at the same time: each has a thread.
CONNECTIONS_MAX = 16
READ_SECONDS = 15
ERRORS_MAX = 5
MESSAGE_CHARACTERS_MAX = 200

ARGUMENTS = ["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "main.tex"]
# `p`: nothing above the folder of the run, and no hidden file, is written or, but for TeX's own files, read.
ENVIRONMENT = {"openout_any": "p", "openin_any": "p", "TEXMFOUTPUT": ".", "shell_escape": "f", "LC_ALL": "C.UTF-8"}
ERROR = re.compile(r"^(?:\./)?main\.tex:(\d+): (.*)$")

runs = threading.BoundedSemaphore(RUNS_MAX)
connections = threading.BoundedSemaphore(CONNECTIONS_MAX)


def limits():
    for what, most in [
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, FILES_OPEN),
        (resource.RLIMIT_CORE, 0),
    ]:
        resource.setrlimit(what, (most, most))


def errors(log):
    """The first errors of a log: those with a line of the document, else those that TeX marks with `!`."""
    found = []
    for line in log.splitlines():
        match = ERROR.match(line)
        if match:
            found.append({"line": int(match[1]), "message": match[2][:MESSAGE_CHARACTERS_MAX]})
        elif line.startswith("! ") and "Fatal error occurred" not in line and "Emergency stop" not in line:
            found.append({"line": None, "message": line[2:][:MESSAGE_CHARACTERS_MAX]})
    return found[:ERRORS_MAX]


def compile_document(document, pdflatex):
    folder = tempfile.mkdtemp(prefix="atelier-compile-")
    try:
        with open(os.path.join(folder, "main.tex"), "wb") as file:
            file.write(document)
        # A group of its own: whatever TeX starts ends with it.
        process = subprocess.Popen(
            [pdflatex, *ARGUMENTS],
            cwd=folder,
            env={**ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath), "HOME": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=limits,
            start_new_session=True,
        )
        try:
            status = process.wait(WALL_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        if status == 0:
            return {"compiles": True, "errors": []}
        try:
            with open(os.path.join(folder, "main.log"), errors="replace") as file:
                log = file.read(FILE_BYTES)
        except OSError:
            log = ""
        stopped = {"line": None, "message": "TeX was stopped: the document needs too much time or memory."}
        return {"compiles": False, "errors": errors(log) or [stopped]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Handler(BaseHTTPRequestHandler):
    timeout = READ_SECONDS
    server_version = "atelier-compiler"
    sys_version = ""

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, {"ok": True})
        return self.answer(404, {"error": "not found"})

    def do_POST(self):
        if self.path != "/compile":
            return self.answer(404, {"error": "not found"})
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return self.answer(411, {"error": "Content-Length is needed"})
        if not 0 < length <= BODY_BYTES_MAX:
            # A client that is still sending reads the answer only if what it sends is taken (RFC 9112 section 9.6).
            self.rfile.read(max(0, min(length, 4 * BODY_BYTES_MAX)))
            return self.answer(413, {"error": f"at most {BODY_BYTES_MAX} bytes"})
        document = self.rfile.read(length)
        if len(document) < length:
            return self.answer(400, {"error": "the body was cut"})
        if not runs.acquire(blocking=False):
            return self.answer(503, {"error": "busy"})
        try:
            outcome = compile_document(document, self.server.pdflatex)
        finally:
            runs.release()
        return self.answer(200, outcome)

    def log_request(self, code="-", size="-"):
        # The document is the user's: only the outcome is logged.
        print(json.dumps({"service": "compiler", "method": self.command, "status": int(code)}), flush=True)

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = CONNECTIONS_MAX

    def process_request(self, request, address):
        if not connections.acquire(blocking=False):
            return self.shutdown_request(request)
        return super().process_request(request, address)

    def process_request_thread(self, request, address):
        try:
            super().process_request_thread(request, address)
        finally:
            connections.release()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", default="127.0.0.1:8080", help="address and port; port 0 takes a free one")
    parser.add_argument("--pdflatex", default="pdflatex", help="the program")
    arguments = parser.parse_args()
    host, _, port = arguments.listen.rpartition(":")
    server = Server((host, int(port)), Handler)
    server.pdflatex = arguments.pdflatex
    print(json.dumps({"service": "compiler", "listens": server.server_address[1]}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
