"""Single keys of a terminal, for the live view."""

import select
import sys
import termios
import tty
from typing import Any


class Keys:
    """``with Keys() as keys: keys.pressed(1.0)``; where the input is no terminal it only waits."""

    def __init__(self) -> None:
        self._file = sys.stdin
        self._before: list[Any] | None = None

    def __enter__(self) -> "Keys":
        if self._file.isatty():
            self._before = termios.tcgetattr(self._file)
            tty.setcbreak(self._file)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def pressed(self, seconds: float) -> str:
        """The next key within so many seconds; empty if none was pressed."""
        watched = [self._file] if self._before is not None else []
        ready, _, _ = select.select(watched, [], [], seconds)
        return self._file.read(1) if ready else ""
