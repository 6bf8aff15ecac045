"""Steady requests to the Service while something happens to its pods."""
from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from light import Browser

# In flight at the same time.
USERS = 4
PAUSE_SECONDS = 0.05


@dataclass
class Traffic:
    """Signed-in users who look at a page, each request with a connection of its own, so that kube-proxy chooses anew."""

    browsers: list[Browser]
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    last_answer: float = 0.0
    longest_gap: float = 0.0

    def __enter__(self) -> Traffic:
        self.ending, self.lock, self.last_answer = threading.Event(), threading.Lock(), time.monotonic()
        self.threads = [threading.Thread(target=self.user, args=(browser,)) for browser in self.browsers]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        for thread in self.threads:
            thread.join()
        self.longest_gap = max(self.longest_gap, time.monotonic() - self.last_answer)

    def user(self, browser: Browser) -> None:
        while not self.ending.wait(PAUSE_SECONDS):
            begun = time.monotonic()
            try:
                status, where, _ = browser.ask("GET", "/home")
                problem = None if status == 200 else f"{status} {where}"
            except OSError as error:
                problem = f"{type(error).__name__}: {error}"
            ended = time.monotonic()
            with self.lock:
                if problem:
                    self.failed.append(problem)
                    continue
                self.answered += 1
                self.slowest = max(self.slowest, ended - begun)
                self.longest_gap = max(self.longest_gap, ended - self.last_answer)
                self.last_answer = ended

    def __str__(self) -> str:
        kinds = "".join(f"; {self.failed.count(kind)} × {kind}" for kind in sorted(set(self.failed))[:5])
        return f"{self.answered} answered, {len(self.failed)} failed, slowest {self.slowest:.2f} s, longest time without an answer {self.longest_gap:.1f} s{kinds}"
