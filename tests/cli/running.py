"""Running the command line: in this process for speed, on a terminal of its own for colours."""

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from typing import Any, NamedTuple

from hwagent.cli import main
from tests.waiting import wait_for

ESCAPE = "\x1b["


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The output as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def cli(*arguments: str, socket: str = "/nonexistent/hwagent.sock") -> Done:
    """Runs ``hwagent ARGUMENTS``; an exception that gets out would be a traceback to a user."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["hwagent", *arguments]
    os.environ["HWAGENT_SOCKET"] = socket
    code: Any = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as e:
        code = e.code
    finally:
        sys.argv = before
        del os.environ["HWAGENT_SOCKET"]
    return Done(code, out.getvalue(), err.getvalue())


def argv(*arguments: str) -> list[str]:
    """The same as a command of its own."""
    return [sys.executable, "-m", "hwagent.cli", *arguments]


class Terminal:
    """A command on a terminal of so many columns and lines."""

    def __init__(self, columns: int, lines: int, *arguments: str, **env: str) -> None:
        self._end, child = pty.openpty()
        self.resize(columns, lines)
        self.process = subprocess.Popen(
            argv(*arguments), stdin=child, stdout=child, stderr=child, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", **env},
        )  # fmt: skip
        os.close(child)
        os.set_blocking(self._end, False)
        self.shown = ""

    def resize(self, columns: int, lines: int) -> None:
        """Makes the window another size."""
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys: str) -> None:
        """Presses keys."""
        os.write(self._end, keys.encode())

    def wait(self, text: str) -> str:
        """Until a text is on the terminal; all that was shown since the last time."""
        wait_for(lambda: text in self._read(), 30, lambda: f"{text!r} in {self.shown!r}")
        shown, self.shown = self.shown, ""
        return shown

    def ended(self) -> int:
        """Exit status, once it has ended."""
        wait_for(lambda: (self._read(), self.process.poll() is not None)[1], 30)
        self._read()
        return self.process.returncode

    def _read(self) -> str:
        with contextlib.suppress(OSError):
            while data := os.read(self._end, 65536):
                self.shown += data.decode(errors="replace")
        return self.shown


@contextlib.contextmanager
def terminal(columns: int, lines: int, *arguments: str, **env: str) -> Iterator[Terminal]:
    """A terminal whose command has ended when the test has."""
    it = Terminal(columns, lines, *arguments, **env)
    try:
        yield it
    finally:
        if it.process.poll() is None:
            it.process.kill()
        it.process.wait()
        os.close(it._end)


def plain(text: str) -> str:
    """Text without what only moves the cursor or colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
