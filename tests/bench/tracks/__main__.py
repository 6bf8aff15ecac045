"""`cargo xtask bench tracks` runs this: see README.md."""
from __future__ import annotations

import argparse
import io
import json
import signal
import sys
from collections import Counter
from pathlib import Path

from PIL import Image

import degrade
import modes
import report
import scorers
import sources
from app import App
from gemini import Gemini
from playback import Playback
from relay import Relay
from score import Score, words

# Of a scan and of a photograph, as scanners and telephones write them.
SCAN_QUALITY, PHOTO_QUALITY = 80, 70
TRACKS = ("digital", "scanned", "photographed")
NOTHING_TO_READ = 50


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def jpeg(page: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    page.save(out, "JPEG", quality=quality)
    return out.getvalue()


def scan(source: sources.Source, seed: int) -> bytes:
    pages = [Image.open(io.BytesIO(jpeg(degrade.scanned(page, seed * 10 + at), SCAN_QUALITY))) for at, page in enumerate(source.pages)]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=sources.DPI)
    return out.getvalue()


def photographs(source: sources.Source, seed: int) -> list[tuple[str, str, bytes]]:
    shots = [jpeg(degrade.photographed(page, seed * 10 + at), PHOTO_QUALITY) for at, page in enumerate(source.pages)]
    return [(f"page-{at + 1}.jpg", "image/jpeg", shot) for at, shot in enumerate(shots)]


def tracks(app: App, relay: Relay, documents: list[sources.Source], layouts: dict[str, scorers.Layouts]) -> dict[str, Score]:
    """Each document on each track. Stops when nothing of the first one is answered: the key, the model or the network is wrong."""
    scores = {track: Score() for track in TRACKS}
    for number, source in enumerate(documents):
        scanned = scan(source, number)
        sent = {"scanned": [("a.pdf", "application/pdf", scanned)], "photographed": photographs(source, number)}
        if source.pdf is not None:
            sent["digital"] = [("a.pdf", "application/pdf", source.pdf)]
        answered = False
        for track, files in sent.items():
            relay.take()
            status, answer = app.convert(files)
            answered |= status == 200
            if status != 200:
                say(f"  {source.name}, {track}: {status}, {answer.get('detail', 'no reason given')}")
            score = scores[track]
            score.add(source.truth, answer.get("latex", ""))
            score.answers.update({"documents": 1, f"status {status}": 1, "failed": status != 200, "compile": bool(answer.get("compiles")),
                                  "simulated": bool(answer.get("simulated")), "pages": len(source.pages), **relay.take()})
            score.answers.update(f"warning {warning['code']}" for warning in answer.get("warnings", []))
            # olmOCR-Bench wants tests of every page of a PDF, and these are of the whole document.
            first = modes.separate(source.pdf or scanned, 1)[0][2]
            layouts[track].add(number, source.truth, first, answer.get("markdown", ""))
        if number == 0 and not answered:
            raise SystemExit("No answer on any track: nothing is measured, and docs/benchmarks stays as it is.")
        say(f"  {source.name}")
    return scores


def invented(app: App, count: int) -> dict[str, Counter]:
    """What is delivered for pages with nothing to read: every word of it is invented, or the mock's notice."""
    kinds: dict[str, Counter] = {kind: Counter() for kind in degrade.KINDS}
    for number in range(count):
        kind = degrade.KINDS[number % len(degrade.KINDS)]
        page = degrade.nothing_to_read(kind, sources.FONT, number)
        status, answer = app.convert([("page.jpg", "image/jpeg", jpeg(page, PHOTO_QUALITY))])
        latex = answer.get("latex", "").replace("\\textit{[illisible]}", "")
        found = words(latex).total() if latex else 0
        said = any(warning["code"] in ("page_empty", "illegible") for warning in answer.get("warnings", []))
        kinds[kind].update({"pages": 1, "with words": int(found > 0), "words": found, "refused": int(status >= 400),
                            "said to be empty": int(said)})
    return kinds


def correction(folder: Path, xtask: str) -> dict[str, Counter]:
    """What the one correction changes, when the model that is asked for it is perfect, useless, or loses most."""
    playback = Playback()
    outcomes: dict[str, Counter] = {}
    with App(xtask, {"GEMINI_ORIGIN": playback.origin, "GEMINI_AI_API_KEY": "any"}) as app:
        for file in sorted((folder / "spoilt").glob("*.json")):
            spoilt = json.loads(file.read_text())
            truth, playback.answer = spoilt["truth"], spoilt["raw"]
            head, _, body = truth.partition("\\begin{document}")
            little = f"{head}\\begin{{document}}\n{body[:len(body) // 8].rsplit(chr(10), 1)[0]}\n\\end{{document}}\n"
            outcome = ""
            for name, playback.correction in {"perfect": truth, "useless": spoilt["raw"], "loses most": little}.items():
                # Where nothing was asked of the first corrector, nothing is asked of the others.
                if outcome in ("", "corrected", "do not compile"):
                    outcome = delivered(app)
                outcomes.setdefault(name, Counter()).update(["answers", outcome])
    return outcomes


def delivered(app: App) -> str:
    """What becomes of the answer that is played back."""
    _, answer = app.convert([("a.pdf", "application/pdf", EMPTY)])
    if any(warning["code"] == "corrected" for warning in answer.get("warnings", [])):
        return "corrected"
    return {True: "compile at once", False: "do not compile"}.get(answer.get("compiles"), "refused")


def one_page() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 280), "white").save(out, "PDF")
    return out.getvalue()


EMPTY = one_page()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("xtask", "mocks", "sources", "out", "date"):
        parser.add_argument(name)
    for name, default in (("documents", 12), ("pages", NOTHING_TO_READ)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    # What was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    folder = Path(options.sources)
    third = max(1, options.documents // 3)
    say("Compiling and drawing the documents.")
    documents = [source for kind in ("made", "public") for source in sources.documents(folder, kind, third)]
    documents += [sources.handwritten(number) for number in range(options.documents - len(documents))]
    layouts = {track: scorers.Layouts(folder / "scorers" / track) for track in TRACKS}
    with Gemini(options.mocks) as gemini:
        relay = Relay(gemini.origin)
        say(f"Converting each as a PDF, as a scan and as photographs. Asked: {gemini.origin}")
        with App(options.xtask, gemini.variables(relay.origin)) as app:
            scores = tracks(app, relay, documents, layouts)
            say(f"Converting {options.pages} pages with nothing to read.")
            empty = invented(app, options.pages)
        long = [source for kind in ("made", "public") for source in sources.documents(folder, kind, third, pages_min=2)]
        say(f"Converting {len(long)} documents of several pages whole, and page by page.")
        compared = modes.compared(options.xtask, gemini, [(source, photographs(source, number)) for number, source in enumerate(long)])
    say("Playing back spoilt answers, to see what the correction changes.")
    outcomes = correction(folder, options.xtask)
    figures = {
        "date": options.date, "models": None if any(score.answers["simulated"] for score in scores.values()) else relay.models,
        "documents": Counter(source.name.split()[0] for source in documents),
        "tracks": {name: {"words": score.words, "formulas": score.formulas, "answers": score.answers} for name, score in scores.items()},
        "nothing_to_read": empty, "modes": compared, "correction": outcomes,
        "scorers": {track: layout.scored() for track, layout in layouts.items()},
    }
    out = Path(options.out)
    (out / "tracks.json").write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
    (out / "tracks.md").write_text(report.page(figures))


if __name__ == "__main__":
    main()
