"""Secrets: the first line of a file, which is read when it is needed and never shown."""

from pathlib import Path

_MAX = 1024


def first_line(file: str) -> bytes:
    """The first line of a file, without its end. Raises ValueError, which names the file and not
    what is in it."""
    try:
        with Path(file).open("rb") as stream:
            data = stream.read(_MAX)
    except OSError as e:
        raise ValueError(f"{file} cannot be read: {e.strerror}") from None
    line = data.partition(b"\n")[0].strip(b"\r")
    if not line:
        raise ValueError(f"{file} is empty")
    return line
