"""A host's part as keys of its gossiped status: one key a component, so that changes are small.

``dep:0:ID`` is the begin of what is told of a component, in JSON, ``dep:1:ID`` what did not fit
into it. Names of the host's own components have a dot instead of it. ``dep`` counts what is left
out. The form has a number of its own: who does not know it sees a host that tells nothing.
"""

from collections.abc import Mapping

import msgspec

from .graph import Need, Node, need
from .part import Part

#: The form of what follows; another one is not read.
FORM = 1
#: Bytes of one value: with its key and all around it, a change fits into a packet.
PIECE = 700
#: Keys that one host tells; a status has room for a thousand, its alerts go first.
KEYS_MAX = 600
#: Characters of a key that is told; a component with a longer one is left out.
KEY_MAX = 150

Value = bool | int | float | str | None
#: Needs, state and facts of a node.
_Told = tuple[tuple[tuple[int, tuple[str, ...]], ...], str, tuple[tuple[str, str], ...]]
_decoder = msgspec.json.Decoder(_Told)


def write(host: str, part: Part) -> dict[str, Value]:
    """Keys and values of a part."""
    found: dict[str, Value] = {}
    left = part.left
    for node in part.nodes:
        id = _short(host, node.id)
        needs = [(n.least, [_short(host, c) for c in n.of]) for n in node.needs]
        text = msgspec.json.encode((needs, node.state, node.facts)).decode()
        pieces = {f"dep:{number}:{id}": piece for number, piece in enumerate(_pieces(text))}
        if len(id.encode()) > KEY_MAX or len(found) + len(pieces) > KEYS_MAX:
            left += 1
            continue
        found |= pieces
    return found | {"dep": f"{FORM} {left}"}


def read(host: str, values: Mapping[str, Value]) -> Part:
    """The part that a host told; what cannot be understood is left out and counted."""
    form, _, rest = str(values.get("dep", "")).partition(" ")
    if form != str(FORM):
        return Part()
    left = int(rest) if rest.isdecimal() else 0
    nodes = []
    for key in values:
        if key.startswith("dep:0:"):
            node = _node(host, key[6:], values)
            nodes += [node] if node else []
            left += node is None
    return Part(tuple(nodes), left)


def _node(host: str, id: str, values: Mapping[str, Value]) -> Node | None:
    text, number = "", 0
    while isinstance(piece := values.get(f"dep:{number}:{id}"), str):
        text, number = text + piece, number + 1
    try:
        needs, state, facts = _decoder.decode(text)
    except msgspec.DecodeError:
        return None
    full = tuple(_need(host, least, of) for least, of in needs if of)
    return Node(id=_long(host, id), needs=full, state=state, facts=facts)


def _need(host: str, least: int, of: tuple[str, ...]) -> Need:
    return need(max(0, least), (_long(host, id) for id in of))


def _short(host: str, id: str) -> str:
    """``disk:./sda`` for the host's own ``disk:db1/sda``; other names with a dot get ``.:``."""
    kind, _, name = id.partition(":")
    if name == host or name.startswith(f"{host}/"):
        return f"{kind}:.{name[len(host) :]}"
    return f"{kind}:.:{name}" if name.startswith(".") else id


def _long(host: str, id: str) -> str:
    kind, _, name = id.partition(":")
    if name.startswith(".:"):
        return f"{kind}:{name[2:]}"
    return f"{kind}:{host}{name[1:]}" if name == "." or name.startswith("./") else id


def _pieces(text: str) -> list[str]:
    """A text cut so that no piece is longer than PIECE bytes in UTF-8."""
    size = PIECE if text.isascii() else PIECE // 4
    return [text[at : at + size] for at in range(0, len(text), size)]
