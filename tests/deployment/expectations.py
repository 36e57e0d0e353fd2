"""Assertions that report both values, and polling with a deadline."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

SETTLES_WITHIN_S = 60
ASKED_AGAIN_AFTER_S = 0.2


class Unmet(Exception):
    """The expected value, and the actual one."""


def expect(actual: Any, expected: Any) -> None:
    """Raises `Unmet` unless both are equal."""
    if actual != expected:
        raise Unmet(f"expected {expected!r}\n     got {actual!r}")


def eventually(what: str, probe: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """Polls `probe`, and returns its first answer that `holds`. Raises `Unmet` with the last answer at the deadline."""
    began = time.monotonic()
    said = began
    while True:
        answer = probe()
        now = time.monotonic()
        if holds(answer):
            return answer
        if now - began > SETTLES_WITHIN_S:
            raise Unmet(f"{what}: not within {SETTLES_WITHIN_S} s; last seen {answer!r}")
        if now - said > 5:
            print(f"      waiting for {what}, {now - began:.0f} s so far", file=sys.stderr)
            said = now
        time.sleep(ASKED_AGAIN_AFTER_S)


def at_once(times: int, act: Callable[[int], T]) -> list[T]:
    """Calls `act` with 0, 1, .. `times` - 1 at the same time, and returns the answers in that order."""
    with ThreadPoolExecutor(times) as clients:
        return list(clients.map(act, range(times)))
