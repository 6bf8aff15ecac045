"""A document in one question beside a question for each page: what is lost, how long it takes, what it costs."""
from __future__ import annotations

import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from app import App
from gemini import Gemini
from relay import Relay
from score import Score
from sources import Source

MODES = ("whole", "pages")
# What goes wrong with one page, with the mock: a model cannot be asked to.
DISTURBED = {"page 2 is refused": {"refused": 2}, "page 2 is cut": {"cut": 2}}

# Warnings that something of a page is missing or uncertain.
SAID = {"page_refused", "page_failed", "page_cut", "page_missing", "page_misplaced", "cut", "uncertain_seam"}


def separate(pdf: bytes, pages: int) -> list[tuple[str, str, bytes]]:
    """A PDF of each page, as the page's script sends them."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.pdf").write_bytes(pdf)
        for page in range(1, pages + 1):
            subprocess.run(["pdfseparate", "-f", str(page), "-l", str(page), "a.pdf", f"page-{page}.pdf"], cwd=folder, check=True)
        return [(page.name, "application/pdf", page.read_bytes()) for page in sorted(Path(folder).glob("page-*.pdf"))]


def compared(xtask: str, gemini: Gemini, documents: list[tuple[Source, list]]) -> dict[str, dict[str, dict]]:
    """`documents`: each with its photographs. For each way to send them, the figures of both modes."""
    rows: dict[str, dict[str, dict]] = {}
    for mode in MODES:
        relay = Relay(gemini.origin)
        with App(xtask, {**gemini.variables(relay.origin), "OCR_PAGE_MODE": mode}) as app:
            def add(name: str, shots: bool) -> None:
                rows.setdefault(name, {})[mode] = measured(app, relay, documents, mode, shots)

            add("PDF", False)
            add("photographs", True)
            for name, fault in DISTURBED.items():
                relay.become(gemini.mock, **fault)
                add(f"PDF, {name} (mock)", False)
    return rows


def measured(app: App, relay: Relay, documents: list[tuple[Source, list]], mode: str, shots: bool) -> dict:
    score, counts, started = Score(), Counter(), time.monotonic()
    relay.take()
    for source, photographs in documents:
        if shots:
            status, answer = app.convert(photographs)
        elif mode == "pages":
            status, answer = app.convert(separate(source.pdf, len(source.pages)), "page")
        else:
            status, answer = app.convert([("a.pdf", "application/pdf", source.pdf)])
        score.add(source.truth, answer.get("latex", ""))
        codes = {warning["code"] for warning in answer.get("warnings", [])}
        counts.update({
            "documents": 1, "pages": len(source.pages), "failed": status >= 400,
            "incomplete": answer.get("complete") is False, "said": bool(codes & SAID), "compile": bool(answer.get("compiles")),
        })
    seconds = time.monotonic() - started
    return {**counts, **{f"words {name}": count for name, count in score.words.items()}, **relay.take(), "seconds": round(seconds, 1)}

