"""What net-snmp's snmpwalk and snmpbulkwalk print, in any of the forms that ``-O`` gives. Pure.

Source: snmpcmd(1), "OUTPUT OPTIONS": ``-On`` numbers, the default names of modules, ``-OX`` indexes
in brackets, ``-OQ`` and ``-Oq`` without types, ``-Oe`` enums as numbers, ``-Ot`` plain timeticks.
"""

import re
from ipaddress import IPv4Address

from .names import OBJECTS, ROOTS
from .oid import Oid, parse_oid
from .recorded import VALUES_MAX
from .walk import Value, Walk

_PROBLEMS_MAX = 20
#: Name, then `` = `` or (``-Oq``) a space, then the value.
_NAME = re.compile(
    r"(?P<name>\.?(?:[A-Za-z][\w-]*::)?[A-Za-z0-9][\w.-]*(?:\.?(?:\[[^\]]*\]|\"[^\"]*\"|'[^']*'|\.?\d+))*)"
    r"(?: = ?| +(?=\S)|$)(?P<value>.*)",
    re.DOTALL,
)
_ENDING = re.compile(r"no such (object|instance)|no more variables left|end of mib", re.IGNORECASE)
_TYPE = re.compile(
    r"(INTEGER|Integer32|UInteger32|Unsigned32|Gauge32|Counter32|Counter64|Timeticks|STRING"
    r"|Hex-STRING|BITS|OID|IpAddress|Network Address|Opaque|NULL): ?(.*)",
    re.DOTALL,
)
_WRONG = re.compile(r"Wrong Type \([^)]*\): ")
_ENUM = re.compile(r"[\w ./-]*\((-?\d{1,20})\)")
_NUMBER = re.compile(r"(-?\d{1,20})\b(?![.:]\d).*", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]{2}(\s+[0-9A-Fa-f]{2})*\s*")
#: Octets that are no text, as ``-OQ`` prints them: with a space behind the last.
_QUOTED_HEX = re.compile(r"\"([0-9A-Fa-f]{2}\s)+\"")
_DOTTED = re.compile(r"\.?\d+(\.\d+){3,}")
_MAC = re.compile(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}")
_UPTIME = re.compile(r"(?:(\d+):)?(\d+):(\d+):(\d+)\.(\d+)")
_INDEX = re.compile(r"\.?(?:\[([^\]]*)\]|\"([^\"]*)\"|'([^']*)'|(\d+))")


def parse_printed(data: bytes) -> Walk:
    """The walk that such output holds; lines that are damaged become problems of it."""
    values: dict[Oid, Value] = {}
    problems: list[str] = []
    for number, entry in _entries(data.decode("utf-8", "surrogateescape")):
        try:
            found = _entry(entry)
        except ValueError as e:
            if len(problems) < _PROBLEMS_MAX:
                problems.append(f"line {number}: {e}")
            continue
        if found:
            values[found[0]] = found[1]
        if len(values) > VALUES_MAX:
            problems.append(f"more than {VALUES_MAX} values")
            break
    return Walk(values, problems)


def _entries(text: str) -> list[tuple[int, str]]:
    """Lines with those that go on with the text or the hexadecimal octets of one before."""
    entries: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if entries and _goes_on(entries[-1][1], line):
            entries[-1] = (entries[-1][0], f"{entries[-1][1]}\n{line}")
        elif line.strip():
            entries.append((number, line))
    return entries


def _goes_on(entry: str, line: str) -> bool:
    if " = " in line[:256] and _NAME.match(line) and (line[0] == "." or "::" in line[:128]):
        return False
    value = entry.partition(" = ")[2]
    if value.startswith("Hex-STRING:"):
        return bool(_HEX.fullmatch(line.strip()))
    if value.startswith(('STRING: "', '"')):
        return not value.rstrip().endswith('"') or value in ('STRING: "', '"')
    return value.startswith("STRING: ") and not _looks_named(line)


def _looks_named(line: str) -> bool:
    return " = " in line or not line.strip()


def _entry(entry: str) -> tuple[Oid, Value] | None:
    """OID and value of an entry; None for one that says that there is nothing (more)."""
    match = _NAME.fullmatch(entry)
    if match is None:
        raise ValueError(f"not a line of snmpwalk: {entry[:60]!r}")
    if _ENDING.match(match["value"].strip()):
        return None
    oid = _oid(match["name"])
    return None if oid is None else (oid, _value(match["value"]))


def _oid(name: str) -> Oid | None:
    """OID of a printed name; None for an object that we do not know and do not need."""
    bare = name.rpartition("::")[2]
    if bare.startswith(".") or bare[0].isdigit():
        return parse_oid(bare)
    word = re.match(r"[A-Za-z][\w-]*", bare)
    if word is None:
        raise ValueError(f"not a name of an object: {name[:60]!r}")
    root = OBJECTS.get(word[0]) or ROOTS.get(word[0])
    if root is None:
        if "::" not in name:
            raise ValueError(f"not a name of an object: {name[:60]!r}")
        return None
    return root + _index(bare[word.end() :])


def _index(text: str) -> Oid:
    """Numbers of an index: plain, in brackets, or as a text that stands for its octets."""
    numbers: list[int] = []
    at = 0
    while at < len(text):
        match = _INDEX.match(text, at)
        if match is None:
            raise ValueError(f"not an index: {text[:60]!r}")
        numbers += _part(next(g for g in match.groups() if g is not None), match[4] is not None)
        at = match.end()
    return tuple(numbers)


def _part(text: str, plain: bool) -> list[int]:
    if plain or text.isdecimal():
        return list(parse_oid(text))
    if _MAC.fullmatch(text):
        return [int(part, 16) for part in text.split(":")]
    if _DOTTED.fullmatch(text):
        return list(parse_oid(text))
    return list(text.strip("\"'").encode("utf-8", "surrogateescape"))


def _value(text: str) -> Value:
    text = _WRONG.sub("", text, count=1)
    typed = _TYPE.match(text)
    if typed is None:
        return _untyped(text)
    kind, rest = typed[1], typed[2].strip()
    match kind:
        case "STRING":
            return _string(rest)
        case "Hex-STRING" | "BITS":
            return _octets(rest)
        case "OID":
            return _object(rest)
        case "IpAddress" | "Network Address":
            return _address(rest)
        case "Timeticks":
            return _ticks(rest)
        case "Opaque" | "NULL":
            return rest.encode("utf-8", "surrogateescape")
    return _number(rest)


def _untyped(text: str) -> Value:
    """A value that says nothing of its type (``-OQ``, ``-Oq``)."""
    rest = text.strip()
    if _QUOTED_HEX.fullmatch(rest):
        return bytes.fromhex(rest.strip('"'))
    if rest.startswith('"'):
        return _string(rest)
    if re.fullmatch(r"-?\d{1,20}", rest):
        return int(rest)
    if uptime := _UPTIME.fullmatch(rest):
        return _hundredths(uptime)
    if rest.startswith(".") and _DOTTED.fullmatch(rest):
        return parse_oid(rest)
    if _WORDS.get(rest) is not None:
        return _WORDS[rest]
    return rest.encode("utf-8", "surrogateescape")


#: Enums that ``-OQ`` prints as words alone, of the objects that we read.
_WORDS = {
    word: number
    for words in (
        {"up": 1, "down": 2, "testing": 3, "dormant": 5, "notPresent": 6, "lowerLayerDown": 7},
        {"ethernetCsmacd": 6, "softwareLoopback": 24, "propVirtual": 53, "tunnel": 131},
        {"l2vlan": 135, "l3ipvlan": 136, "ieee8023adLag": 161},
    )
    for word, number in words.items()
}


def _string(text: str) -> bytes:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"')
    if _MAC.fullmatch(text):
        return bytes(int(part, 16) for part in text.split(":"))
    return text.encode("utf-8", "surrogateescape")


def _octets(text: str) -> bytes:
    hexadecimal = re.match(r"((?:[0-9A-Fa-f]{2}\s*)*)", text)
    return bytes.fromhex(hexadecimal[1]) if hexadecimal else b""


def _object(text: str) -> Value:
    try:
        return _oid(text) or text.encode()
    except ValueError:
        return text.encode("utf-8", "surrogateescape")


def _address(text: str) -> bytes:
    try:
        if ":" in text:  # an old form of hexadecimal octets
            return bytes.fromhex(text.replace(":", ""))
        return IPv4Address(text).packed
    except ValueError:
        raise ValueError(f"not an IP address: {text[:40]!r}") from None


def _ticks(text: str) -> int:
    if enum := re.match(r"\((\d{1,20})\)", text):
        return int(enum[1])
    uptime = _UPTIME.fullmatch(text)
    return _hundredths(uptime) if uptime else _number(text)


def _hundredths(uptime: re.Match[str]) -> int:
    days, hours, minutes, seconds, hundredths = (int(part or 0) for part in uptime.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 100 + hundredths


def _number(text: str) -> int:
    """``up(1)``, ``1``, ``31 Units``."""
    if enum := _ENUM.match(text):
        return int(enum[1])
    if number := _NUMBER.fullmatch(text):
        return int(number[1])
    raise ValueError(f"not a number: {text[:40]!r}")
