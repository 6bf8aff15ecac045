"""The figures as a page."""
from __future__ import annotations


def table(first: str, rows: dict[str, dict], columns: list[str]) -> str:
    lines = [f"| {first} | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {name} | {' | '.join(str(row.get(column, 0)) for column in columns)} |" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def page(figures: dict) -> str:
    model = ", ".join(f"{name} ({count} answers)" for name, count in (figures["models"] or {}).items())
    asked = f"Asked: {model}." if model else (
        "**No model was measured**: there was no key, and the local mock answered, which reads the text layer of a PDF, writes no formula, "
        "and says of a picture that it cannot read it. The figures show that the path from the page image to the score works.")
    tracks = {name: {**{f"words {key}": value for key, value in track["words"].items()},
                     **{f"formulas {key}": value for key, value in track["formulas"].items()}, **track["answers"]}
              for name, track in figures["tracks"].items()}
    counts = ", ".join(f"{count} {kind}" for kind, count in figures["documents"].items())
    columns = ["documents", "words right", "words missing", "words invented", "formulas right", "formulas missing", "formulas invented", "compile",
               "failed", "questions", "tokens in", "tokens out"]
    modes = {f"{sent}, {mode}": row for sent, both in figures["modes"].items() for mode, row in both.items()}
    lost = ["documents", "pages", "failed", "incomplete", "said", "words right", "words missing", "words invented", "compile"]
    cost = ["questions", "ended RECITATION", "ended MAX_TOKENS", "tokens in", "tokens out", "seconds"]
    return f"""# Tracks: PDFs, scans and photographs

Written by `cargo xtask bench tracks` on {figures['date']} ([tracks.json](tracks.json)). {asked}

Documents: {counts}. Made ones are of `tests/bench/src/generator.rs`; public ones are fetched with git under their licences (`xtask/src/bench/public.rs`), or are the manuals and examples that the machine's TeX brings with it, read where they are; handwritten ones are sentences in a handwriting font on ruled paper, which have no digital track. The pictures of two runs are the same.
A scan is askew, grey, dusty and grainy; a photograph is in perspective, shaded, out of focus, grainy, and JPEG at 70 % (`tests/bench/tracks/degrade.py`).

{table('track', tracks, columns)}
Words of two letters or more, without formulas; a formula is right when it is the same but for blanks, sizes and marks. `compile`: says the compile service. `failed`: no document came back. `questions` and tokens are counted between the converter and the model, from its `usageMetadata`{'' if model else ' (the mock counts a token for four characters)'}.

## Pages with nothing to read

Photographs of blank, ruled, faint, torn and stained pages, and of one that shows through. Whatever is delivered is invented{'' if model else ' (or, here, the notice of the mock)'}.

{table('page', figures['nothing_to_read'], ['pages', 'with words', 'words', 'refused', 'said to be empty'])}
## Whole documents beside page by page

The same documents of several pages with `ocr_page_mode` `whole` and `pages`: PDFs (with `pages` cut as the page's script cuts them) and photographs. Then, always with the mock, with something wrong on one page: refused is an answer that a filter for published text stops wherever it contains page 2, cut is an answer that reaches the output limit soon after page 2 begins. `incomplete`: the answer says that something is missing. `said`: a warning names what of the pages is missing or uncertain.

{table('sent', modes, lost)}
What that took: questions, how many of their answers ended so, and the seconds for all documents, one after the other.

{table('sent', modes, cost)}
## The one correction

Answers with a defect are played back to the built converter, with the compile service beside it. When a document does not compile, its errors go to the model once; here that model is played back too. A perfect one shows the most that the correction can gain, the other two that nothing worse is taken. What a real model gains needs a key.

{table('the corrector', figures['correction'], ['answers', 'compile at once', 'corrected', 'do not compile', 'refused'])}
## The scorers of olmOCR-Bench and PureDocBench

`cargo xtask bench tracks --scorers` installs and runs them. Both look at the Markdown of the answers: olmOCR-Bench's for sentences of the documents, as its `present` tests; PureDocBench's own light scorer compares text, displayed formulas, tables and their order with what pandoc reads from the sources.

{verdicts(figures["scorers"])}
"""


def verdicts(scorers: dict[str, dict[str, str]]) -> str:
    names = next(iter(scorers.values()))
    lines = [f"- {name}, {track}: {found[name]}" for name in names for track, found in scorers.items() if found[name]]
    missing = [name for name in names if not any(found[name] for found in scorers.values())]
    lines += [f"- {name}: not installed on the machine of this run." for name in missing]
    return "\n".join(lines)
