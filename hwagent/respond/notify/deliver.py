"""Delivers one message in a worker process, which may block and be given up."""

import subprocess
from importlib import import_module
from typing import Any

import msgspec

from .message import message

#: The ways of telling: one file each, with ``deliver(options, message) -> str``.
KINDS = frozenset({"journald", "syslog", "exec", "webhook", "alertmanager", "smtp"})


def deliver(kind: str, options: dict[str, Any], payload: dict[str, Any]) -> str:
    """Hands a message to a receiver; returns what went wrong, or an empty text."""
    if kind not in KINDS:
        return f"there is no way of telling named {kind!r}"
    way = import_module(f"{__package__}.{kind}")
    try:
        return str(way.deliver(msgspec.convert(options, way.OPTIONS), message(payload)))
    except (OSError, ValueError, subprocess.SubprocessError) as e:
        return f"{type(e).__name__}: {e}"
