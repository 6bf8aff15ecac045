"""Who is asked: Google with a key, and without one the local mock."""
from __future__ import annotations

import json
import os
import re
import subprocess

from app import PROJECT

KEY, ORIGIN = "SPIN_VARIABLE_GEMINI_AI_API_KEY", "SPIN_VARIABLE_GEMINI_ORIGIN"


class Gemini:
    """`with Gemini(mocks) as gemini`: `origin` and `key` are what the converter needs; `mock` is the mock in any case."""

    def __init__(self, mocks: str) -> None:
        self.mocks = mocks

    def __enter__(self) -> "Gemini":
        self.process = subprocess.Popen([self.mocks], stdout=subprocess.PIPE, text=True)
        self.mock = json.loads(self.process.stdout.readline())["gemini_origin"]
        self.key = os.environ.get(KEY, "")
        self.origin = (os.environ.get(ORIGIN) or default_origin()) if self.key else self.mock
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def variables(self, origin: str) -> dict[str, str]:
        """Of a converter that asks at `origin`, which is in the way to one of the two."""
        return {"GEMINI_ORIGIN": origin, "GEMINI_AI_API_KEY": self.key or "simulated"}


def default_origin() -> str:
    return re.search(r'^gemini_origin = \{ default = "(.+?)"', (PROJECT / "spin.toml").read_text(), re.M)[1]
