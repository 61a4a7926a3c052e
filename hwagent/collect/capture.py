"""Captures: a tarball of what collectors read of a host, with what names people taken out."""

import hashlib
import io
import ipaddress
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from .recording import RecordingRoot

#: Files whose whole content tells one machine from all others.
_SECRET_FILES = ("serial", "wwid", "address", "perm_hwaddr", "hostname", "port_name", "node_name",
                 "node_guid", "sys_image_guid", "uuid", "unique_id", "serial_number")  # fmt: skip
#: Words in the output of commands that are followed by such a value.
_SECRET_WORDS = re.compile(
    rb'(?i)"?(?:serial[ _]?number|logical[ _]unit[ _]id|eui64|nguid|uuid)"?\s*[:=]\s*"?'
    rb"([A-Za-z0-9_.:-]{4,})"
)
_MAC = re.compile(rb"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b")
#: Values that all machines share.
_COMMON = (b"00:00:00:00:00:00", b"ff:ff:ff:ff:ff:ff", b"(none)", b"none", b"unknown")


def secrets(files: Mapping[str, bytes]) -> set[bytes]:
    """Everything in the files that names one machine: serial numbers, addresses, host names."""
    found: set[bytes] = set()
    for path, data in files.items():
        if path.rsplit("/", 1)[-1] in _SECRET_FILES:
            found.add(data.strip(b"\0 \n"))
        if path.startswith("commands/"):
            found.update(_SECRET_WORDS.findall(data))
        if path.endswith("vpd_pg80"):
            found.add(data[4:].strip(b"\0 "))
        found.update(_MAC.findall(data))
    return {s for s in found if len(s) >= 4 and s.lower() not in _COMMON and not _is_number(s)}


def disguise(secret: bytes, key: bytes) -> bytes:
    """Another text of the same length and make: digits for digits, letters for letters.

    The same secret always becomes the same text, so that what belongs together stays together.
    """
    stream = hashlib.blake2b(secret.lower(), key=key).digest() * (len(secret) // 64 + 1)
    out = bytearray()
    for byte, random in zip(secret, stream):
        if chr(byte).isdigit():
            out.append(ord("0") + random % 10)
        elif byte in b"abcdef":
            out.append(ord("a") + random % 6)
        elif byte in b"ABCDEF":
            out.append(ord("A") + random % 6)
        elif 65 <= byte <= 90:
            out.append(ord("G") + random % 20)
        elif 97 <= byte <= 122:
            out.append(ord("g") + random % 20)
        else:
            out.append(byte)
    return bytes(out)


class Redaction:
    """Replaces every secret wherever it occurs, in contents, paths and links."""

    def __init__(self, found: Iterable[bytes], key: bytes) -> None:
        ordered = sorted(found, key=len, reverse=True)
        self._new = {s: disguise(s, key) for s in ordered}
        self._pattern = re.compile(b"|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, data: bytes) -> bytes:
        """The data without secrets."""
        if self._pattern is not None:
            data = self._pattern.sub(lambda m: self._new[m[0]], data)
        return data

    def text(self, text: str) -> str:
        """A path without secrets."""
        return self(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def write_capture(root: RecordingRoot, file: Path, key: bytes | None) -> int:
    """Writes the tarball of what was read; returns how many files. ``key`` None: not redacted.

    Raises OSError.
    """
    redact = Redaction(secrets(root.files) if key else (), key or b"")
    with tarfile.open(file, "w:gz") as tar:
        for path in sorted(root.directories):
            tar.addfile(_entry(redact.text(path), tarfile.DIRTYPE, 0o755))
        for path, target in sorted(root.links.items()):
            entry = _entry(redact.text(path), tarfile.SYMTYPE, 0o777)
            entry.linkname = redact.text(_inside(path, target))
            tar.addfile(entry)
        for path, data in sorted(root.files.items()):
            clean = redact(data)
            entry = _entry(redact.text(path), tarfile.REGTYPE, 0o644)
            entry.size = len(clean)
            tar.addfile(entry, io.BytesIO(clean))
    return len(root.files)


def unpack(file: Path, directory: Path) -> None:
    """Unpacks a capture; nothing lands outside the directory. Raises tarfile.TarError, OSError.

    Python has a filter for this from 3.11.4 on; Debian 12 has 3.11.2.
    """
    top = os.path.realpath(directory)
    with tarfile.open(file) as tar:
        for member in tar:
            _check(member, top)
            tar.extract(member, directory, set_attrs=False)


def _check(member: tarfile.TarInfo, top: str) -> None:
    """Refuses devices, and what is or leads outside, also by way of links unpacked before it."""
    if not (member.isdir() or member.isreg() or member.issym()):
        raise tarfile.ExtractError(f"{member.name} is neither a file, a directory nor a link")
    place = os.path.realpath(os.path.join(top, os.path.dirname(member.name)))
    ends = [os.path.join(place, os.path.basename(member.name))]
    if member.issym():
        ends.append(os.path.realpath(os.path.join(place, member.linkname)))
    elif os.path.islink(ends[0]):
        ends.append(os.path.realpath(ends[0]))
    for end in ends:
        if os.path.commonpath([top, os.path.normpath(end)]) != top:
            raise tarfile.ExtractError(f"{member.name} leads outside")


def _entry(path: str, type: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode = type, mode
    return entry


def _inside(path: str, target: str) -> str:
    """A link that starts at ``/`` becomes relative, so that it stays inside the capture."""
    if not target.startswith("/"):
        return target
    return "../" * path.count("/") + target.lstrip("/")


def _is_number(secret: bytes) -> bool:
    try:
        ipaddress.ip_address(secret.decode("ascii", "replace"))
    except ValueError:
        return secret.isdigit() and len(secret) < 6
    return False
