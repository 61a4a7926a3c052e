"""The systemd journal, in its native protocol: one datagram of fields for each alert.

Source: systemd.journal-fields(7), https://systemd.io/JOURNAL_NATIVE_PROTOCOL.
"""

import errno
import fcntl
import os
import re
import socket
import struct
from collections.abc import Iterable

from .message import Item, Message, fingerprint, follows, labels, one_line
from .receivers import SocketOptions

OPTIONS = SocketOptions
#: ``journalctl MESSAGE_ID=...`` finds all that began, or all that ended.
FIRING = "5d1f5b2b4c2f4f0c8a6f0b7f3f0c9a11"
RESOLVED = "c3a1d4a2f0a94f63b9b8a6c0a5a54f7e"
#: syslog(3): critical, warning, info; notice for what is over.
PRIORITY = {"critical": 2, "warning": 4, "info": 6}
_NOTICE = 5
_TOO_LARGE = (errno.EMSGSIZE, errno.ENOBUFS)
_NAME = re.compile(r"[^A-Z0-9_]")


def deliver(options: SocketOptions, message: Message) -> str:
    """Sends one entry for each alert; a host without systemd has no journal to miss one.

    Raises OSError.
    """
    if not os.path.isdir(os.path.dirname(options.socket)):
        return ""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(options.timeout)
        sender.connect(options.socket)
        for item in message.alerts:
            _send(sender, datagram(fields(item, message.host)))
    return ""


def priority(item: Item) -> int:
    """Level of syslog(3)."""
    return _NOTICE if item.status == "resolved" else PRIORITY[item.severity]


def fields(item: Item, host: str) -> list[tuple[str, str]]:
    """Fields of one entry; each value of the alert is a field of its own."""
    known = labels(item, host)
    found = {
        "MESSAGE": one_line(item),
        "PRIORITY": str(priority(item)),
        "MESSAGE_ID": RESOLVED if item.status == "resolved" else FIRING,
        "SYSLOG_IDENTIFIER": "hwagent",
        "HWAGENT_STATUS": item.status,
        "HWAGENT_RULE": item.rule,
        "HWAGENT_COMPONENT": item.component,
        "HWAGENT_KIND": item.kind,
        "HWAGENT_SEVERITY": str(item.severity),
        "HWAGENT_SUMMARY": item.summary,
        "HWAGENT_DESCRIPTION": item.description,
        "HWAGENT_FOLLOWS": follows(item),
        "HWAGENT_FINGERPRINT": fingerprint(known),
    }
    found |= {f"HWAGENT_LABEL_{k}": v for k, v in item.labels.items()}
    found |= {f"HWAGENT_VALUE_{k}": str(v) for k, v in item.values.items()}
    return [(_NAME.sub("_", k.upper())[:64], v) for k, v in found.items() if v]


def datagram(fields: Iterable[tuple[str, str]]) -> bytes:
    """Fields on the wire: ``NAME=value`` lines; a value with newlines has its length before it."""
    parts = []
    for name, value in fields:
        data = value.encode("utf-8", "replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


def _send(sender: socket.socket, data: bytes) -> None:
    """One datagram; what is too large for one goes in a sealed memory file."""
    try:
        sender.send(data)
        return
    except OSError as e:
        if e.errno not in _TOO_LARGE:
            raise
    file = os.memfd_create("hwagent", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    try:
        os.write(file, data)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        socket.send_fds(sender, [b""], [file])
    finally:
        os.close(file)
