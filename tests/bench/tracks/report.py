"""The figures as a page."""
from __future__ import annotations


def table(first: str, rows: dict[str, dict], columns: list[str]) -> str:
    lines = [f"| {first} | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {name} | {' | '.join(str(row.get(column, 0)) for column in columns)} |" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def page(figures: dict) -> str:
    model = figures["model"]
    asked = f"Asked: Gemini ({model})." if model else (
        "**No model was measured**: there was no key, and the local mock answered, which reads the text layer of a PDF, writes no formula, "
        "and says of a picture that it cannot read it. The figures show that the path from the page image to the score works.")
    tracks = {name: {**{f"words {key}": value for key, value in track["words"].items()},
                     **{f"formulas {key}": value for key, value in track["formulas"].items()}, **track["answers"]}
              for name, track in figures["tracks"].items()}
    counts = ", ".join(f"{count} {kind}" for kind, count in figures["documents"].items())
    columns = ["documents", "words right", "words missing", "words invented", "formulas right", "formulas missing", "formulas invented", "compile"]
    found = [f"- {track}: {line}" for track, line in figures["olmocr"].items() if line]
    scorer = "\n".join(found) or "Not installed on the machine of this run."
    return f"""# Tracks: PDFs, scans and photographs

Written by `cargo xtask bench tracks` on {figures['date']} ([tracks.json](tracks.json)). {asked}

Documents: {counts}. Made ones are of `tests/bench/src/generator.rs`; public ones are the manuals and examples that the machine's TeX brings with it, read where they are, each under its package's licence; handwritten ones are sentences in a handwriting font on ruled paper, which have no digital track. The pictures of two runs are the same.
A scan is askew, grey, dusty and grainy; a photograph is in perspective, shaded, out of focus, grainy, and JPEG at 70 % (`tests/bench/tracks/degrade.py`).

{table('track', tracks, columns)}
Words of two letters or more, without formulas; a formula is right when it is the same but for blanks, sizes and marks. `compile`: says the compile service.

## Pages with nothing to read

Photographs of blank, ruled, faint, torn and stained pages, and of one that shows through. Whatever is delivered is invented{'' if model else ' (or, here, the notice of the mock)'}.

{table('page', figures['nothing_to_read'], ['pages', 'with words', 'words', 'refused', 'said to be empty'])}
## The one correction

Answers with a defect are played back to the built converter, with the compile service beside it. When a document does not compile, its errors go to the model once; here that model is played back too. A perfect one shows the most that the correction can gain, the other two that nothing worse is taken. What a real model gains needs a key.

{table('the corrector', figures['correction'], ['answers', 'compile at once', 'corrected', 'do not compile', 'refused'])}
## olmOCR-Bench's scorer

The Markdown of the answers, and sentences of the documents as its `present` tests. PureDocBench's scorer could not be had: no copy of its repository could be fetched.

{scorer}
"""
