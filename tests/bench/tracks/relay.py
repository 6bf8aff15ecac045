"""Between the converter and Gemini: passes everything on, and counts questions, tokens and how answers end."""
from __future__ import annotations

import http.client
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Longer than the converter waits.
SECONDS_MAX = 200
HOP = {"connection", "transfer-encoding", "host", "accept-encoding", "content-length"}
# Where the mock begins a page.
PAGE = re.compile(r"\\section\*\{Page (\d+)\}")
# How much of a page arrives before its answer is cut.
LINES_BEFORE_CUT = 3


class Relay:
    def __init__(self, upstream: str) -> None:
        self.become(upstream)
        self.counts: Counter = Counter()
        # Of all answers.
        self.models: Counter = Counter()
        self.lock = threading.Lock()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def forward(self) -> None:
                relay.forward(self)

            do_POST = do_GET = do_DELETE = forward  # noqa: N815 (the names are the library's)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def become(self, upstream: str, refused: int = 0, cut: int = 0) -> None:
        """From now on. `refused`: answers with this page are refused as recitations. `cut`: answers that begin this page end
        soon after."""
        self.upstream, self.refused, self.cut = urlsplit(upstream), refused, cut

    def take(self) -> Counter:
        """What was counted since the last time."""
        with self.lock:
            taken, self.counts = self.counts, Counter()
        return taken

    def forward(self, to: BaseHTTPRequestHandler) -> None:
        body = to.rfile.read(int(to.headers.get("content-length", 0)))
        kind = http.client.HTTPSConnection if self.upstream.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.upstream.netloc, timeout=SECONDS_MAX)
        try:
            headers = {name: value for name, value in to.headers.items() if name.lower() not in HOP}
            connection.request(to.command, to.path, body, headers)
            self.answer(to, connection.getresponse())
        except OSError as error:
            with self.lock:
                self.counts["out of reach"] += 1
            to.send_error(502, f"{type(error).__name__}: the upstream is out of reach")
        finally:
            connection.close()

    def answer(self, to: BaseHTTPRequestHandler, reply: http.client.HTTPResponse) -> None:
        to.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in HOP:
                # The converter uploads to nobody but the origin that it knows.
                to.send_header(name, value.replace(f"{self.upstream.scheme}://{self.upstream.netloc}", self.origin))
        to.send_header("connection", "close")
        to.end_headers()
        if "streamGenerateContent" not in to.path:
            to.wfile.write(reply.read())
            return
        if self.refused or self.cut:
            lines = self.spoilt(reply.read().splitlines(keepends=True))
        else:
            lines = iter(reply.readline, b"")
        # The last line goes when everything is counted: an event ends with an empty one.
        usage, held = {}, b""
        model, finish = "", f"with {reply.status}" if reply.status >= 400 else "without an end"
        for line in lines:
            event = parsed(line)
            usage |= event.get("usageMetadata", {})
            for candidate in event.get("candidates", []):
                finish = candidate.get("finishReason", finish)
            finish = event.get("promptFeedback", {}).get("blockReason", finish)
            model = event.get("modelVersion", model)
            to.wfile.write(held)
            held = line
        with self.lock:
            self.models.update(filter(None, [model]))
            self.counts.update(["questions", f"ended {finish}"])
            self.counts["tokens in"] += usage.get("promptTokenCount", 0)
            self.counts["tokens out"] += usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
        to.wfile.write(held)

    def spoilt(self, lines: list[bytes]) -> list[bytes]:
        """The mock's answer, refused or cut where this relay has to."""
        events = [event for event in map(parsed, lines) if event]
        parts = [part for event in events for candidate in event.get("candidates", [])
                 for part in candidate.get("content", {}).get("parts", [])]
        text = "".join(part.get("text", "") for part in parts)
        begun = {int(found[1]): found.start() for found in PAGE.finditer(text)}
        if self.refused in begun:
            text, finish = "", "RECITATION"
        elif self.cut in begun:
            start = begun[self.cut]
            text, finish = text[:start] + "".join(text[start:].splitlines(keepends=True)[:LINES_BEFORE_CUT]), "MAX_TOKENS"
        else:
            return lines
        usage: dict = {}
        for event in events:
            usage |= event.get("usageMetadata", {})
        candidate = {"content": {"role": "model", "parts": [{"text": text}] if text else []}, "finishReason": finish}
        event = {"candidates": [candidate], "modelVersion": events[-1].get("modelVersion", ""), "usageMetadata": usage}
        return [f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode()]


def parsed(line: bytes) -> dict:
    """The event of a line; an empty one where there is none."""
    if not line.startswith(b"data:"):
        return {}
    try:
        event = json.loads(line[5:])
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
