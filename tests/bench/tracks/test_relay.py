"""`python3 -m unittest discover tests/bench/tracks`."""

import json
import threading
import unittest
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from relay import LINES_BEFORE_CUT, Relay

ASK = "/v1beta/models/m:streamGenerateContent?alt=sse"
PAGES = ["\\section*{Page 1}\nun\n", "\\section*{Page 2}\n", *[f"ligne {number}\n" for number in range(9)]]


class Upstream(BaseHTTPRequestHandler):
    """Answers as Gemini does: each event has the tokens so far."""

    status = 200

    def do_POST(self):  # noqa: N802 (the name is the library's)
        self.server.seen = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.status)
        if self.path.startswith("/upload"):
            self.send_header("x-goog-upload-url", f"http://127.0.0.1:{self.server.server_port}/upload?upload_id=1")
        self.end_headers()
        if self.status != 200:
            self.wfile.write(b'{"error": {"code": 400}}')
            return
        for at, text in enumerate(PAGES):
            candidate = {"content": {"role": "model", "parts": [{"text": text}]}}
            if at == len(PAGES) - 1:
                candidate["finishReason"] = "STOP"
            usage = {"promptTokenCount": 700, "candidatesTokenCount": 2 * at, "thoughtsTokenCount": 5}
            event = {"candidates": [candidate], "modelVersion": "m-1", "usageMetadata": usage}
            self.wfile.write(f"data: {json.dumps(event)}\r\n\r\n".encode())

    def log_message(self, *_):
        pass


class Relays(unittest.TestCase):
    def setUp(self):
        Upstream.status = 200
        self.upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=self.upstream.serve_forever, daemon=True).start()
        self.relay = Relay(f"http://127.0.0.1:{self.upstream.server_port}")

    def tearDown(self):
        for server in (self.upstream, self.relay.server):
            server.shutdown()
            server.server_close()

    def ask(self, path=ASK):
        reply = urllib.request.urlopen(urllib.request.Request(self.relay.origin + path, b"{}"), timeout=10)
        return reply.headers, reply.read().decode()

    def text(self):
        events = [json.loads(line[5:]) for line in self.ask()[1].splitlines() if line]
        candidates = [candidate for event in events for candidate in event["candidates"]]
        parts = [part["text"] for candidate in candidates for part in candidate["content"]["parts"]]
        return "".join(parts), candidates[-1].get("finishReason")

    def test_an_answer_passes_and_is_counted_once(self):
        self.assertEqual(self.text(), ("".join(PAGES), "STOP"))
        self.assertEqual(self.upstream.seen, b"{}")
        expected = {"questions": 1, "ended STOP": 1, "tokens in": 700, "tokens out": 2 * (len(PAGES) - 1) + 5}
        self.assertEqual(self.relay.take(), expected)
        self.assertEqual((self.relay.take(), self.relay.models), ({}, {"m-1": 1}))

    def test_what_is_wrong_with_a_page_is_wrong_where_the_page_is(self):
        self.relay.become(self.relay.upstream.geturl(), refused=2)
        self.assertEqual(self.text(), ("", "RECITATION"))
        self.relay.become(self.relay.upstream.geturl(), cut=2)
        self.assertEqual(self.text(), ("".join(PAGES[:1 + LINES_BEFORE_CUT]), "MAX_TOKENS"))
        self.relay.become(self.relay.upstream.geturl(), refused=3)
        self.assertEqual(self.text(), ("".join(PAGES), "STOP"))
        counts = self.relay.take()
        self.assertEqual([counts[f"ended {name}"] for name in ("RECITATION", "MAX_TOKENS", "STOP")], [1, 1, 1])

    def test_uploads_come_through_here_too(self):
        self.assertEqual(self.ask("/upload/v1beta/files")[0]["x-goog-upload-url"], f"{self.relay.origin}/upload?upload_id=1")

    def test_a_refusal_and_an_upstream_out_of_reach_are_passed_on_and_counted(self):
        Upstream.status = 400
        for status, name in ((400, "ended with 400"), (502, "out of reach")):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.ask()
            refused.exception.read()
            self.assertEqual((refused.exception.code, self.relay.take()[name]), (status, 1))
            refused.exception.close()
            self.relay.become("http://127.0.0.1:1")


if __name__ == "__main__":
    unittest.main()
