"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


def wait_for(
    condition: Callable[[], T], timeout: float = 30.0, what: str | Callable[[], str] = "condition"
) -> T:
    """Polls until the condition is truthy and returns it; fails the test after ``timeout`` s."""
    end = time.monotonic() + timeout
    pause = Event()
    while not (value := condition()):
        if time.monotonic() > end:
            text = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {timeout:g} s: {text}")
        pause.wait(0.01)
    return value
