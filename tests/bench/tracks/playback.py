"""A server in Gemini's place that plays answers back, to see what the compile service's one correction changes."""
from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# How the question begins that asks for a correction (components/ocr/src/gemini/prompt.rs).
CORRECTION = "Ce document LaTeX est ta transcription."


class Playback:
    """Answers every document with `answer`, and every question for a correction with `correction`."""

    def __init__(self) -> None:
        self.answer = self.correction = ""
        self.corrections = 0
        playback = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 (the name is the library's)
                body = self.rfile.read(int(self.headers["content-length"]))
                text = json.dumps(playback.reply(CORRECTION in json.dumps(json.loads(body), ensure_ascii=False)))
                reply = f"data: {text}\r\n\r\n".encode()
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, corrects: bool) -> dict:
        self.corrections += corrects
        content = {"role": "model", "parts": [{"text": self.correction if corrects else self.answer}]}
        return {"candidates": [{"content": content, "finishReason": "STOP"}], "modelVersion": "playback"}
