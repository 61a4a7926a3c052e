"""A stream of server-sent events, taken apart as it comes. Pure.

Source: WHATWG HTML, section 9.2, "Parsing an event stream" and "Interpreting an event stream".
"""

import re
from typing import NamedTuple

#: Lines and events that are longer, in bytes, are skipped; the event counts as cut.
LINE_MAX, EVENT_MAX = 64 << 10, 256 << 10
_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


class Message(NamedTuple):
    """One event: its type and its data; ``cut`` if it was too large, then the data are empty."""

    type: str
    data: str
    cut: bool = False


class EventStream:
    """One stream, from its beginning. It keeps at most LINE_MAX and EVENT_MAX bytes."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._first = True
        self._after_return = False
        self._type = ""
        self._data: list[str] = []
        self._size = 0
        self._cut = False
        #: Seconds after which the server wants to be asked again; None if it has not said.
        self.retry: float | None = None

    def feed(self, chunk: bytes) -> list[Message]:
        """Takes the next bytes; returns the events that they complete."""
        if not chunk:
            return []
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # a line's end that came in two parts
            self._after_return = False
        if chunk:
            self._after_return = chunk.endswith(b"\r")
        *ended, rest = _END.split(chunk)
        found = []
        for piece in ended:
            self._append(piece)
            message = self._end_of_line()
            if message is not None:
                found.append(message)
        self._append(rest)
        return found

    def _append(self, piece: bytes) -> None:
        room = LINE_MAX + 1 - len(self._line)
        self._line += piece[:room]

    def _end_of_line(self) -> Message | None:
        line = bytes(self._line)
        self._line.clear()
        if self._first:
            self._first, line = False, line.removeprefix(_BOM)
        if not line:
            return self._end_of_event()
        if line.startswith(b":"):
            return None
        if len(line) > LINE_MAX:
            self._cut = True
            return None
        name, _, value = line.decode("utf-8", "replace").partition(":")
        self._field(name, value.removeprefix(" "), len(line))
        return None

    def _field(self, name: str, value: str, size: int) -> None:
        if name == "data":
            self._size += size
            if self._size > EVENT_MAX:
                self._cut = True
                self._data.clear()
            else:
                self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            self.retry = int(value[:9]) / 1000

    def _end_of_event(self) -> Message | None:
        message = None
        if self._cut:
            message = Message(self._type or "message", "", cut=True)
        elif self._data:
            message = Message(self._type or "message", "\n".join(self._data))
        self._type, self._data, self._size, self._cut = "", [], 0, False
        return message
